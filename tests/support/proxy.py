"""
A TCP proxy that delays, stalls, resets, drops or lies.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Proxy:
    """
    Passes bytes on to a port of this machine, both ways.

    Attributes:
        port: it listens on.
        delay_s: by which everything is late.
        stalled: take bytes and pass none on.
        lie: what is answered instead of anything the server says; None: the truth.
        passed: bytes passed on so far.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.delay_s = 0.0
        self.stalled = False
        self.lie: bytes | None = None
        self.passed = 0

    def reset(self) -> None:
        """
        Reset every connection there is; new ones are taken.
        """
        for writer in list(self._open):
            writer.transport.abort()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self.reset()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        self._open |= {writer, back}
        ways = (self._pass(reader, back, answers=False), self._pass(there, writer, answers=True))
        try:
            with suppress(
                asyncio.CancelledError
            ):  # at the end of a test, which the server's callback takes for an error
                await asyncio.gather(*ways)
        finally:
            for end in (writer, back):
                self._open.discard(end)
                end.transport.abort()
            self._tasks.discard(task)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                await asyncio.sleep(self.delay_s)
                while self.stalled:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                sink.write(data if self.lie is None or not answers else self.lie)
                self.passed += len(data)
                await sink.drain()
        for end in list(self._open):
            if end is sink:
                end.transport.abort()


@asynccontextmanager
async def proxy_to(port: int) -> AsyncIterator[Proxy]:
    """
    A proxy before a port of this machine, until the end of the block.
    """
    proxy = Proxy(port)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()
