"""
HAProxy as ``deploy/haproxy`` has it before two nodes, and clients that never retry.
"""

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from service.store.migrate import create
from support.cards import RETAIL
from support.corpus import get
from support.nodes import Node
from support.patience import FAIL_SAFE_S, seconds_until
from support.postgres import Postgres
from support.redis import RedisServer
from support.revisions import load
from support.server import Server, free_port, read_responses, serve

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "haproxy" / "haproxy.cfg"
CLIENTS = 8
ASK = "/api/rate.json?number=44113%07d"
ENDLESS = ("--rps", "1000000", "--burst", "1000000")


def haproxy_program() -> str:
    found = shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    assert found, "HAProxy is not installed; get it with: apt-get install haproxy"
    return found


@contextmanager
def balanced(folder: Path, one: int, two: int) -> Iterator[Server]:
    """
    HAProxy before what listens on two ports, once it answers.
    """
    port, watch = free_port(), free_port()
    settings = {
        "RATEDIP_HAPROXY_BIND": f"127.0.0.1:{port}",
        "RATEDIP_HAPROXY_WATCH": f"127.0.0.1:{watch}",
        "RATEDIP_HAPROXY_SOCKET": str(folder / "haproxy.sock"),
        "RATEDIP_NODE_1": f"127.0.0.1:{one}",
        "RATEDIP_NODE_2": f"127.0.0.1:{two}",
    }
    log = folder / "haproxy.log"
    with log.open("wb") as output:
        command = [haproxy_program(), "-db", "-f", CONFIGURATION]
        process = subprocess.Popen(command, env=os.environ | settings, stdout=output, stderr=output)
    proxy = Server("127.0.0.1", port, process, log)
    try:
        seconds_until(lambda: is_answered(proxy))
        yield proxy
    finally:
        process.terminate()
        process.wait(FAIL_SAFE_S)


def is_answered(server: Server) -> bool:
    assert server.process.poll() is None, server.log.read_text()
    with suppress(OSError):
        return server.ask(get("/readyz")).startswith(b"HTTP/1.1 200")
    return False


@dataclass(frozen=True)
class Fleet:
    """
    Attributes:
        key: of an account whose plan is too large to matter.
        settings: of each node.
    """

    folder: Path
    nodes: tuple[Server, Server]
    proxy: Server
    key: str
    settings: dict[str, str]

    @contextmanager
    def started_anew(self, name: str) -> Iterator[Server]:
        """
        A node that was stopped, on another port, which HAProxy is told of; back once it is sent requests.
        """
        with serve(self.folder / name, **self.settings) as server:
            self.say(f"set server nodes/{name} addr 127.0.0.1 port {server.port}")
            seconds_until(lambda: self.state(name) == "UP")
            yield server

    def state(self, name: str) -> str:
        """
        What HAProxy takes a node for: UP, DOWN, or on its way.
        """
        fields = next(line for line in self.say("show stat").splitlines() if line.startswith(f"nodes,{name},"))
        return fields.split(",")[17]

    def say(self, command: str) -> str:
        """
        Tell HAProxy something while it runs; its answer.
        """
        with socket.socket(socket.AF_UNIX) as way, way.makefile() as answer:
            way.settimeout(FAIL_SAFE_S)
            way.connect(str(self.folder / "haproxy.sock"))
            way.sendall(f"{command}\n".encode())
            return answer.read()


@contextmanager
def fleet(folder: Path, postgres: Postgres, redis: RedisServer) -> Iterator[Fleet]:
    """
    Two nodes with one PostgreSQL and one Redis behind HAProxy.
    """
    with ExitStack() as stack:
        url = stack.enter_context(postgres.database(made=True))
        key = _stocked(folder, url)
        settings = {"DATABASE_URL": url, "REDIS_URL": redis.url, "FLEET_WORKERS": "2", "NOTICE_S": "2"}
        settings |= {"TRUSTED_PROXIES": "127.0.0.1/32", "ADMIN_PORT": "0"}
        nodes = []
        for name in ("one", "two"):
            (folder / name).mkdir()
            nodes.append(stack.enter_context(serve(folder / name, **settings)))
        proxy = stack.enter_context(balanced(folder, nodes[0].port, nodes[1].port))
        yield Fleet(folder, (nodes[0], nodes[1]), proxy, key, settings)


def _stocked(folder: Path, url: str) -> str:
    """
    Put a card and an account into the store; its key.
    """
    engine = create(url)
    load(engine, folder / "elsewhere", "retail", RETAIL, activate=True)
    engine.dispose()
    desk = Node(folder, url, Server("", 0, None, folder))  # type: ignore[arg-type] - a node that commands are typed on
    desk.run("account", "add", "switch-1", "--card", "retail", *ENDLESS)
    return str(json.loads(desk.run("key", "new", "switch-1", "--json"))["key"])


@dataclass
class Seen:
    """
    What clients saw.

    Attributes:
        failed: when what failed was asked, and what came instead.
    """

    answered: int = 0
    failed: list[tuple[float, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, asked: float, number: int, answer: bytes) -> bool:
        """
        Whether to stay on the connection.
        """
        good = answer.startswith(b"HTTP/1.1 200") and b'"number":"44113%07d"' % number in answer
        with self.lock:
            self.answered += good
            if not good:
                self.failed.append((asked, repr(answer[:200])))
        return good and b"connection: close\r\n" not in answer


@contextmanager
def asking(server: Server, key: str) -> Iterator[Seen]:
    """
    Eight clients ask on kept connections until the block ends, each one question at a time and none of them twice.
    """
    seen, stop = Seen(), threading.Event()
    threads = [threading.Thread(target=_ask, args=(server, key, seen, stop, number)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        stop.set()
        for thread in threads:
            thread.join(FAIL_SAFE_S)


def _ask(server: Server, key: str, seen: Seen, stop: threading.Event, number: int) -> None:
    while not stop.is_set():
        with server.connect() as client:
            stays = True
            while stays and not stop.is_set():
                number += CLIENTS
                asked = time.monotonic()
                try:
                    client.sendall(get(ASK % number, f"Authorization: Bearer {key}"))
                    answer = read_responses(client)
                except OSError as error:
                    answer = repr(error).encode()
                stays = seen.note(asked, number, answer)
                time.sleep(0.002)
