"""
A service starts in every situation it may find, says what it lacks, and never guesses.
"""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from support.cards import RETAIL, install
from support.corpus import get
from support.patience import seconds_until
from support.redis import redis_running
from support.server import Server, free_port, serve

from service.ops.reload import artifact_path
from service.store.migrate import create

pytestmark = pytest.mark.fault
ASK = "/api/rate.json?number=441132456789"
OPEN = {"DEMO": "1", "DEMO_RPS": "1000000", "DEMO_CARD": "retail"}


def ready(server: Server) -> tuple[int, dict[str, object]]:
    answer = server.ask(get("/readyz"))
    return int(answer[9:12]), json.loads(answer.partition(b"\r\n\r\n")[2])


def answers(server: Server) -> bytes:
    return server.ask(get(ASK))


def end_well(server: Server) -> None:
    """
    It is the process that was started, without a word of an error of ours.
    """
    assert server.process.poll() is None
    assert "Traceback" not in server.log.read_text()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("starts")
    install(folder, "retail", RETAIL)
    return folder


@pytest.fixture
def useless(request: pytest.FixtureRequest) -> Iterator[str]:
    """
    URL of a Redis that is down, takes no writes, or is not yet able to answer.
    """
    if request.param == "down":
        yield f"redis://127.0.0.1:{free_port()}"
    elif request.param == "read-only":
        with redis_running() as redis:
            redis.say("REPLICAOF", "127.0.0.1", "1")
            yield redis.url
    else:
        with loading() as port:
            yield f"redis://127.0.0.1:{port}"


@contextmanager
def loading() -> Iterator[int]:
    """
    Port of what says to everything what a Redis does that is reading a large file.
    """

    class Loading(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                while self.request.recv(65536):
                    self.request.sendall(b"-LOADING Redis is loading the dataset in memory\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Loading) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


LONG = [pytest.param(how, marks=pytest.mark.long) for how in ("read-only", "loading")]


@pytest.mark.parametrize("useless", ["down", *LONG], indirect=True)
def test_with_a_redis_that_is_of_no_use_it_answers_and_says_so(data: Path, useless: str) -> None:
    with serve(data, **OPEN, REDIS_URL=useless) as server:
        seconds_until(lambda: ready(server)[1]["status"] == "degraded")
        assert ready(server)[0] == 200
        assert answers(server).startswith(b"HTTP/1.1 200")
        end_well(server)


def test_without_a_card_it_lives_is_unready_and_answers_nobody(tmp_path: Path) -> None:
    create(f"sqlite:///{tmp_path / 'ratedip.db'}").dispose()
    with serve(tmp_path, ready=False, DEMO="0") as server:
        assert server.ask(get("/livez")).startswith(b"HTTP/1.1 200")
        assert ready(server)[0] == 503
        assert b'"reason":"Starting"' in server.ask(get("/readyz"))
        install(tmp_path, "retail", RETAIL)
        seconds_until(lambda: ready(server)[0] == 200)
        end_well(server)


@pytest.mark.parametrize("harm", ["corrupt", "old"])
def test_with_a_card_it_cannot_read_it_is_unready_and_stays_until_there_is_another(tmp_path: Path, harm: str) -> None:
    """
    An old card is one whose first bytes are of a layout that this version does not know.
    """
    revision = install(tmp_path, "retail", RETAIL)
    path = artifact_path(tmp_path / "cards", revision.digest)
    content = bytearray(path.read_bytes())
    content[8 if harm == "old" else len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with serve(tmp_path, ready=False, DEMO="0") as server:
        assert server.ask(get("/livez")).startswith(b"HTTP/1.1 200")
        assert ready(server)[0] == 503
        install(tmp_path, "retail", RETAIL[:2])
        seconds_until(lambda: ready(server)[0] == 200)
        assert server.process.poll() is None
