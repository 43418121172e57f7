"""
Somebody who is asked about numbers: a little HTTP server in the process of the test.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

LRN = {"lrn": "12125550199", "ocn": "1234", "lata": 132, "lec": "Bell"}


@dataclass
class Asked:
    """
    Attributes:
        port: it listens on.
        said: the body of an answer.
        delay_s: before it; None: there is none.
        targets: what was asked for.
        connections: made so far.
    """

    port: int = 0
    status: str = "200 OK"
    said: bytes = field(default_factory=lambda: json.dumps(LRN).encode())
    headers: str = ""
    delay_s: float | None = 0.0
    targets: list[str] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1?key=secret&tn={{number}}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.targets.append(head.split(b" ")[1].decode())
                if self.delay_s is None:
                    await asyncio.sleep(3600)
                await asyncio.sleep(self.delay_s or 0)
                writer.write(
                    f"HTTP/1.1 {self.status}\r\ncontent-length: {len(self.said)}\r\n{self.headers}\r\n".encode()
                )
                writer.write(self.said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def asked_server(**said: Any) -> AsyncIterator[Asked]:
    """
    Answer until the block ends.
    """
    asked = Asked(**said)
    server = await asyncio.start_server(asked.answer, "127.0.0.1", 0)
    asked.port = server.sockets[0].getsockname()[1]
    try:
        yield asked
    finally:
        server.close()
