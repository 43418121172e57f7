"""
The hot door inside the process of a test: real sockets and the real application, and every byte it takes counted.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from ratecards.compile import compile_card
from ratecards.model import Terms
from ratecards.rules import to_frame
from service.access.account import LIVE, LOOKUP, Account, Identity
from service.access.identify import Door
from service.access.networks import Networks, read_network
from service.http.app import make_app
from service.http.overload import Load
from service.http.protocol import HotProtocol
from service.http.sweep import sweep_once
from service.quota.meters import Meters
from service.quota.plan import Plan
from service.snapshot import Crowd, Desk, LiveCard, Snapshot
from support.cards import RETAIL
from support.patience import FAIL_SAFE_S


@dataclass
class Place:
    """
    Attributes:
        taken: bytes that the server was given so far.
        connections: open now.
    """

    desk: Desk
    port: int = 0
    taken: int = 0
    connections: set[HotProtocol] = field(default_factory=set)
    load: Load = field(default_factory=Load)
    clients: list[asyncio.StreamWriter] = field(default_factory=list)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**24)
        self.clients.append(writer)
        return reader, writer

    async def ask(self, raw: bytes) -> bytes:
        """
        All that comes for some bytes until the server closes, or nothing more comes.
        """
        reader, writer = await self.connect()
        writer.write(raw)
        answer = await everything(reader)
        writer.transport.abort()
        return answer

    def sweep(self, seconds: int = 1) -> Crowd:
        """
        Let so many seconds pass, as the sweep has it.
        """
        return [sweep_once(self.connections) for _ in range(seconds)][-1]


async def everything(reader: asyncio.StreamReader, pause_s: float = 0.2) -> bytes:
    """
    What comes until the end, or until nothing has come for a while; the end shows as ``<closed>``.
    """
    came = b""
    while True:
        try:
            part = await asyncio.wait_for(reader.read(2**20), pause_s if came else FAIL_SAFE_S)
        except TimeoutError:
            return came
        except ConnectionResetError:
            return came + b"<closed>"
        if not part:
            return came + b"<closed>"
        came += part


def guest_desk(proxies: str = "") -> Desk:
    """
    Anybody may ask the contract's card.
    """
    guest = Identity(Account(1, "guest", "retail"), LIVE, frozenset({LOOKUP}), Meters(1).of("guest", Plan()))
    card = LiveCard("retail", 1, compile_card(to_frame(RETAIL), Terms()))
    trusted = Networks({read_network(proxies): True} if proxies else {})
    return Desk(Snapshot(cards={"retail": card}), Door(guest, trusted))


@asynccontextmanager
async def door(desk: Desk | None = None, **context: Any) -> AsyncIterator[Place]:
    """
    Serve a desk on a free port.

    Args:
        context: as for ``create_server``.
    """
    place = Place(desk or guest_desk())
    config = Config(
        make_app(place.desk), http=HotProtocol, ws="none", interface="asgi3", access_log=False, proxy_headers=False
    )
    config.load()
    state = ServerState()
    state.default_headers = [(b"date", b"Thu, 01 Jan 1970 00:00:00 GMT")]

    class Counted(HotProtocol):
        open = place.connections
        load = place.load
        blocks, known, known_asrplus, refused_blocks = {}, {}, {}, {}
        over_tls = ({}, {}, {})

        def data_received(self, data: bytes) -> None:
            place.taken += len(data)
            super().data_received(data)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Counted(config, state, {}), "127.0.0.1", 0, **context)
    place.port = server.sockets[0].getsockname()[1]
    try:
        yield place
    finally:
        server.close()
        for connection in list(place.connections):
            connection.transport.abort()
        for writer in place.clients:
            writer.transport.abort()
        await asyncio.sleep(0)


def run(main: Coroutine[Any, Any, None]) -> None:
    """
    For as long as a test may take.
    """
    asyncio.run(asyncio.wait_for(main, FAIL_SAFE_S))
