"""
The service as its operators run it: TLS, systemd, maintenance.
"""

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from support.cards import RETAIL, install
from support.certificates import make_certificate
from support.corpus import get
from support.patience import FAIL_SAFE_S, seconds_until
from support.people import account, bearer, key
from support.server import Server, free_port, read_responses, serve

ASK = get("/api/rate.json?number=441132456789")
OPEN = {"DEMO": "1", "DEMO_RPS": "1000000", "DEMO_CARD": "retail"}
UNIT = Path(__file__).parents[2] / "deploy" / "systemd" / "ratedip.service"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    install(tmp_path, "retail", RETAIL)
    return tmp_path


def test_tls_is_served_and_a_renewed_certificate_is_shown_while_connections_go_on(data: Path) -> None:
    """
    Seen to fail with ``renew`` never called.
    """
    files = make_certificate(data, "first")
    settings = {"SSL_CERTFILE": str(files[0]), "SSL_KEYFILE": str(files[1]), "REQUIRE_HTTPS": "1"}
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    with tls_server(data, client, **settings) as server, secure(server, client) as old:
        old.sendall(ASK)
        assert b'"prefix":"44113"' in read_responses(old)
        make_certificate(data, "second")
        seconds_until(lambda: b"second" in shown(server, client), pause_s=0.2)
        old.sendall(ASK)
        assert b'"prefix":"44113"' in read_responses(old)
        with server.connect() as plain:
            plain.sendall(ASK)
            assert not read_responses(plain, expect_close=True).startswith(b"HTTP/1.1 200")
        assert "Traceback" not in server.log.read_text()


@contextmanager
def tls_server(data: Path, client: ssl.SSLContext, **settings: str) -> Iterator[Server]:
    """
    A server whose clients speak TLS; there once it answers one.
    """
    port, log = free_port(), data / "tls.log"
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RATEDIP_")}
    given = {"DATA": str(data), "PORT": str(port), **OPEN, **settings}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("ratedip"), "serve"],
            env=plain | {f"RATEDIP_{name}": value for name, value in given.items()},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    server = Server("127.0.0.1", port, process, log)
    try:
        seconds_until(lambda: is_ready(server, client), 3 * FAIL_SAFE_S)
        yield server
    finally:
        process.terminate()
        process.wait(FAIL_SAFE_S)


def is_ready(server: Server, client: ssl.SSLContext) -> bool:
    with suppress(OSError), secure(server, client) as asking:
        asking.sendall(get("/readyz"))
        return read_responses(asking).startswith(b"HTTP/1.1 200")
    return False


def secure(server: Server, client: ssl.SSLContext) -> ssl.SSLSocket:
    return client.wrap_socket(server.connect(), server_hostname="127.0.0.1")


def shown(server: Server, client: ssl.SSLContext) -> bytes:
    """
    The certificate that a new connection sees.
    """
    with secure(server, client) as asking:
        return asking.getpeercert(binary_form=True) or b""


def test_in_maintenance_slow_services_rest_and_look_ups_go_on(data: Path) -> None:
    """
    Seen to fail without ``check_open``.
    """
    account(data, "acme", card="retail")
    manager = bearer(key(data, "acme", "cards", "lookup"))
    listed = get("/api/ratecard/list.json", manager)
    with serve(data) as server:
        assert server.ask(listed).startswith(b"HTTP/1.1 200")
        (data / "maintenance").touch()
        answer = server.ask(listed)
        assert answer.startswith(b"HTTP/1.1 503")
        assert b"\r\nretry-after: 60\r\n" in answer
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["reason"] == "Maintenance"
        assert server.ask(get("/api/rate.json?number=44113", manager)).startswith(b"HTTP/1.1 200")
        assert server.ask(get("/readyz")).startswith(b"HTTP/1.1 200")
        (data / "maintenance").unlink()
        assert server.ask(listed).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.long)])
def test_systemd_hands_a_socket_over_and_hears_that_it_is_ready_alive_and_stopping(data: Path, workers: str) -> None:
    """
    A client that comes before the process is answered by it. Seen to fail with ``say_alive`` never called.
    """
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard,
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.create_connection(listening.getsockname(), FAIL_SAFE_S) as early,
    ):
        heard.bind(str(data / "notify"))
        heard.settimeout(FAIL_SAFE_S)
        early.sendall(ASK)
        plain = {name: value for name, value in os.environ.items() if not name.startswith("RATEDIP_")}
        told = {"NOTIFY_SOCKET": str(data / "notify"), "WATCHDOG_USEC": "400000", "LISTEN_FDS": "1"}
        settings = {"RATEDIP_DATA": str(data), "RATEDIP_WORKERS": workers} | {
            f"RATEDIP_{k}": v for k, v in OPEN.items()
        }
        start = f"import os; os.dup2({listening.fileno()}, 3); os.environ['LISTEN_PID'] = str(os.getpid()); "
        start += "os.execv(os.sys.argv[1], os.sys.argv[1:])"
        process = subprocess.Popen(
            [sys.executable, "-c", start, Path(sys.executable).with_name("ratedip"), "serve"],
            env=plain | told | settings,
            pass_fds=(listening.fileno(), 3) if listening.fileno() != 3 else (3,),
            stdout=subprocess.DEVNULL,
        )
        try:
            assert heard.recv(100) == b"READY=1"
            assert b'"prefix":"44113"' in read_responses(early)
            assert heard.recv(100) == b"WATCHDOG=1"
            process.terminate()
            while (word := heard.recv(100)) == b"WATCHDOG=1":
                continue
            assert word == b"STOPPING=1"
            assert process.wait(FAIL_SAFE_S) == 0
        finally:
            process.kill()
            process.wait()


@pytest.mark.fault
@pytest.mark.long
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    assert program, "systemd-analyze is not installed; get it with: apt-get install systemd"
    for unit in UNIT.parent.iterdir():
        text = unit.read_text()
        (tmp_path / unit.name).write_text(text.replace("/opt/ratedip/.venv/bin/ratedip", "/bin/true"))
    files = sorted(tmp_path.iterdir())
    done = subprocess.run([program, "verify", *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
