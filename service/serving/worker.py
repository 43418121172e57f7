"""
One serving process, from its start to the end of its drain.
"""

import asyncio
import logging
import os
import signal
import ssl
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from socket import socket
from types import FrameType

import uvicorn
from uvicorn.config import STARTUP_FAILURE, Config

from service.http.limits import DRAIN_S, REQUEST_S
from service.serving.notify import READY, STOPPING, Notifier
from service.serving.tls import Certificate
from service.settings import Settings
from service.snapshot import Desk

RETIRE = signal.SIGUSR2
"""Another process has taken this one's place: it is to stop listening at once."""
QUIET_S = 0.2
"""Nobody connected for so long: nobody will miss the socket."""
LAST_S = 2.0
"""Of the drain, for writing down what was counted."""
STEP_S = 0.05
ACCEPTED_AT_ONCE = 4
"""
Connections in one turn of the loop, each by a listener of its own: libuv takes one a turn from each, and while there is
much to do a turn is long.
"""
_log = logging.getLogger("ratedip.serving")


class Worker(uvicorn.Server):
    """
    uvicorn's server with another end: whoever is connected is told before the connection goes, and balancers before
    the socket does.
    """

    def __init__(self, config: Config, notifier: Notifier | None = None) -> None:
        """
        Args:
            notifier: where this process is the whole service.
        """
        super().__init__(config)
        self._notifier = notifier
        self._retiring = False
        self._certificate: Certificate | None = None

    @property
    def desk(self) -> Desk:
        desk: Desk = self.config.loaded_app.state.desk
        return desk

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """
        Being told to stop is no failure, so that no signal is raised again at the end.
        """
        signal.signal(signal.SIGHUP, lambda *_: None)  # a terminal that closes ends nobody; files are looked at anyway
        signal.signal(RETIRE, self._retire)
        for stop in (signal.SIGTERM, signal.SIGINT):
            signal.signal(stop, self.handle_exit)
        yield

    def _retire(self, number: int, frame: FrameType | None) -> None:
        self._retiring = True
        self.handle_exit(number, frame)

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """
        Listen on sockets that are bound.
        """
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(STARTUP_FAILURE)
        loop, tls = asyncio.get_running_loop(), self.config.ssl
        patience = None if tls is None else REQUEST_S
        self.servers = [
            await loop.create_server(
                self._protocol, sock=each.dup(), ssl=tls, ssl_handshake_timeout=patience, backlog=self.config.backlog
            )
            for each in sockets or ()
            for _ in range(ACCEPTED_AT_ONCE)
        ]
        if isinstance(tls, ssl.SSLContext):
            self._certificate = Certificate(tls, Settings())
        self.started = True
        self._say(READY)

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0 and self._certificate is not None:
            self._certificate.renew()
        if self._notifier is not None:
            self._notifier.say_alive()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """
        Drain: unready first, then no more connections, then none at all.
        """
        end = time.monotonic() + DRAIN_S
        _end_at(end - STEP_S)
        self._say(STOPPING)
        self.desk.draining = True
        if self._retiring:
            self._stop_listening(sockets)
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if not self._retiring:
            await self._wait(self._is_unheard(), end - LAST_S)
            self._stop_listening(sockets)
        await self._wait(self._is_done, end - LAST_S)
        self._cut_off()
        if not self.force_exit:
            await self.lifespan.shutdown()

    def _stop_listening(self, sockets: list[socket] | None) -> None:
        for server in self.servers:
            server.close()
        for each in sockets or ():
            each.close()

    def _is_unheard(self) -> Callable[[], bool]:
        """
        Whether balancers have been told and nobody has been connected for a while.
        """
        notice_until, quiet_since = time.monotonic() + Settings().notice_s, time.monotonic()

        def is_unheard() -> bool:
            nonlocal quiet_since
            now = time.monotonic()
            if not self._is_done():
                quiet_since = now
            return now >= notice_until and now - quiet_since >= QUIET_S

        return is_unheard

    def _is_done(self) -> bool:
        return not self.server_state.connections and not self.server_state.tasks

    async def _wait(self, holds: Callable[[], bool], until: float) -> None:
        count = 0
        while not holds() and time.monotonic() < until and not self.force_exit:
            await asyncio.sleep(STEP_S)
            count += 1
            await self.on_tick(count // 2)  # the Date field, the watchdog

    def _cut_off(self) -> None:
        connections, tasks = self.server_state.connections, self.server_state.tasks
        if connections or tasks:
            _log.warning("the drain is over: %d connections, %d requests are cut off", len(connections), len(tasks))
        for connection in list(connections):
            connection.transport.abort()
        for task in list(tasks):
            task.cancel()

    def _say(self, state: str) -> None:
        if self._notifier is not None:
            self._notifier.say(state)


def _end_at(end: float) -> None:
    """
    End the process then, whatever hangs: a store that does not answer holds up threads, and they the exit.
    """

    def end_it() -> None:
        time.sleep(max(0.0, end - time.monotonic()))
        with suppress(OSError):
            _log.warning("something hangs; the process ends without it")
        os._exit(0)

    threading.Thread(target=end_it, daemon=True, name="end").start()
