"""
A malformed request is refused or has one meaning, here and behind a proxy that may read it differently.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from support.cards import RETAIL, install
from support.corpus import get
from support.inside import door, everything, run
from support.malformed import CASES
from support.patience import FAIL_SAFE_S, seconds_until
from support.server import Server, free_port, read_responses, serve

STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
HAPROXY = """
global
    maxconn 100
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend door
    bind 127.0.0.1:{port}
    default_backend nodes
backend nodes
    http-reuse always
    server one 127.0.0.1:{behind}
"""


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_and_the_connection_closed_or_it_is_answered_once(name: str) -> None:
    """
    Seen to fail with :func:`check_head` checking nothing: no version, two codings, no Host, two Hosts, HTTP/2.0 and
    chunks in HTTP/1.0 were answered with 200.
    """
    case = CASES[name]

    async def main() -> None:
        async with door() as place:
            reader, writer = await place.connect()
            writer.write(case.raw)
            answer = await everything(reader, 0.1)
            statuses = STATUS.findall(answer)
            assert b"500" not in statuses
            if case.refused:
                assert [status[:1] for status in statuses] == [b"4"]
                assert answer.endswith(b"<closed>")
            else:
                assert statuses == [b"200"]

    run(main())


@contextmanager
def haproxy(behind: Server, folder: Path) -> Iterator[Server]:
    """
    HAProxy before a server, its connections used again and again.
    """
    program = shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    assert program, "HAProxy is not installed; get it with: apt-get install haproxy"
    port = free_port()
    (folder / "haproxy.cfg").write_text(HAPROXY.format(port=port, behind=behind.port))
    log = folder / "haproxy.log"
    with log.open("wb") as output:
        process = subprocess.Popen([program, "-db", "-f", folder / "haproxy.cfg"], stdout=output, stderr=output)
    server = Server("127.0.0.1", port, process, log)
    try:
        seconds_until(lambda: is_there(server))
        yield server
    finally:
        process.terminate()
        process.wait(FAIL_SAFE_S)


def is_there(server: Server) -> bool:
    with suppress(OSError):
        return server.ask(get("/livez")).startswith(b"HTTP/1.1 200")
    return False


@pytest.mark.fault
@pytest.mark.outside
def test_behind_haproxy_nobody_gets_an_answer_to_another_s_request(tmp_path: Path) -> None:
    """
    After each case a good request is asked on a connection of its own, which HAProxy passes on by one it has open:
    an answer too many would be the answer to it. Meant to fail with a case whose body was said to be shorter by the
    server than by the proxy, that is with ``content-length`` of a request passed over in ``on_header``.
    """
    install(tmp_path, "retail", RETAIL)
    with (
        serve(tmp_path, DEMO="1", DEMO_RPS="1000000", DEMO_CARD="retail") as server,
        haproxy(server, tmp_path) as proxy,
    ):
        for name, case in CASES.items():
            with proxy.connect() as client:
                client.settimeout(0.3)
                with suppress(OSError):
                    client.sendall(case.raw)
                statuses = STATUS.findall(read_responses(client, expect_close=True))
            asked = case.raw.count(b"GET /") + case.raw.count(b"POST /")
            assert len(statuses) <= asked, name
            assert not {b"500", b"502"} & set(statuses), (name, statuses)
            for number in ("441132456789", "441139999999"):
                answer = proxy.ask(get(f"/api/rate.json?number={number}"))
                assert f'"number":"{number}"'.encode() in answer, (name, answer)
        assert "Traceback" not in server.log.read_text()
