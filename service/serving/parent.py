"""
Several serving processes behind one socket: started, watched, replaced one by one.
"""

import logging
import os
import signal
import sys
import time
from socket import socket

from uvicorn.config import STARTUP_FAILURE, Config
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from service.http.limits import DRAIN_S
from service.serving.notify import READY, STOPPING, Notifier
from service.serving.worker import RETIRE, Worker

TICK_S = 0.1
ASK_S = 1.0
"""So often a process is asked whether its interpreter runs."""
HANG_S = 30.0
"""One that does not say so for so long is replaced; a busy machine may hold one up for ten seconds and more."""
START_S = 120.0
"""One that is not ready by then never will be."""
STEADY_S = 10.0
"""One that ends sooner fails; the first time it is replaced at once, then less and less often."""
MAX_PAUSE_S = 30.0
_log = logging.getLogger("ratedip.serving")


class Child(Process):
    """
    One of them, as its parent sees it.

    Attributes:
        ready: it has said that it serves.
        began: when it was started, as all times here by the monotonic clock.
        left: when it was told to go.
    """

    def __init__(self, config: Config, sockets: list[socket]) -> None:
        super().__init__(config, sockets)
        self.ready = False
        self.began = time.monotonic()
        self.left = 0.0
        self._asked = 0.0
        self._waits = False

    def target(self, sockets: list[socket] | None = None) -> None:
        """
        What the process does: serve. It lets go of its parent's end, or would never see that one gone.
        """
        self.parent_conn.close()
        self._server = Worker(self.config)
        super().target(sockets)

    def always_pong(self) -> None:
        """
        Answer the parent; drain when there is none any more.
        """
        try:
            super().always_pong()
        except (EOFError, OSError):
            os.kill(os.getpid(), signal.SIGTERM)

    def ask(self) -> None:
        """
        Ask whether it serves, and hear what it said to the last question, without waiting.
        """
        now = time.monotonic()
        try:
            if self._waits and self.parent_conn.poll():
                self.ready = bool(self.parent_conn.recv()) or self.ready
                self._waits = False
            if not self._waits and (now - self._asked >= ASK_S or not self.ready):
                self.parent_conn.send(b"ping")
                self._asked, self._waits = now, True
        except (OSError, EOFError):
            return  # it has ended, which shows otherwise

    def hangs(self) -> bool:
        now = time.monotonic()
        if not self.ready:
            return now - self.began > START_S
        return self._waits and now - self._asked > HANG_S

    def is_running(self) -> bool:
        return self.process.exitcode is None

    def leave(self, how: signal.Signals) -> None:
        """
        Tell it to go.
        """
        self.left = time.monotonic()
        if self.is_running() and self.pid is not None:
            os.kill(self.pid, how)


class Parent(Multiprocess):
    """
    uvicorn's supervisor, which here never waits for a process: who starts, leaves or hangs holds up nobody.
    """

    def __init__(self, config: Config, sockets: list[socket], notifier: Notifier) -> None:
        super().__init__(config, sockets)
        self._notifier = notifier
        self._serving: list[Child | None] = [None] * self.processes_num
        self._leaving: list[Child] = []
        self._old: list[Child] = []
        self._coming: Child | None = None
        self._failures = 0
        self._start_at = 0.0
        self._was_ready = False
        self._failed = False

    def run(self) -> None:
        """
        Serve until told to stop.
        """
        while not self.should_exit.is_set():
            self.handle_signals()
            self._tend()
            self.should_exit.wait(TICK_S)
        self._notifier.say(STOPPING)
        self._stop()
        if self._failed:
            sys.exit(STARTUP_FAILURE)

    def handle_hup(self) -> None:
        """
        Replace every process; told so again meanwhile, begin anew.
        """
        self._old = [child for child in self._serving if child is not None]

    def handle_ttin(self) -> None:
        """
        Shares of plans are for a number of processes that stays.
        """

    handle_ttou = handle_ttin

    def _tend(self) -> None:
        for child in self._everybody():
            child.ask()
            if child.hangs():
                _log.error("process %s does not answer and is ended", child.pid)
                child.process.kill()
        self._reap()
        for place, taken in enumerate(self._serving):
            if taken is None and time.monotonic() >= self._start_at:
                self._serving[place] = self._begin()
        self._roll()
        serving = [child for child in self._serving if child is not None and child.ready]
        if not self._was_ready and len(serving) == len(self._serving):
            self._was_ready = True
            self._notifier.say(READY)
        if serving and self._was_ready:
            self._notifier.say_alive()

    def _everybody(self) -> list[Child]:
        coming = [] if self._coming is None else [self._coming]
        return [*(child for child in self._serving if child is not None), *coming, *self._leaving]

    def _begin(self) -> Child:
        child = Child(self.config, self.sockets)
        child.start()
        return child

    def _reap(self) -> None:
        """
        See who has ended.
        """
        now = time.monotonic()
        for leaving in list(self._leaving):
            if not leaving.is_running():
                self._leaving.remove(leaving)
            elif now - leaving.left > DRAIN_S + 1:
                leaving.process.kill()
        for place, serving in enumerate(self._serving):
            if serving is not None and not serving.is_running():
                self._serving[place] = None
                self._note_end(serving, now)

    def _note_end(self, child: Child, now: float) -> None:
        """
        Decide when the place of a process that ended is taken.
        """
        code = child.process.exitcode
        _log.error("process %s ended with %s", child.pid, code)
        if not self._was_ready and code is not None and code > 0:
            self._failed = True  # as it is set up it cannot start, now or later
            self.should_exit.set()
        self._failures = self._failures + 1 if now - child.began < STEADY_S else 0
        pause_s = 0.0 if self._failures < 2 else min(MAX_PAUSE_S, 2.0 ** (self._failures - 2))
        self._start_at = now + pause_s

    def _roll(self) -> None:
        """
        Replace the next process that is to be: one that serves comes first, then the old one goes.
        """
        self._old = [child for child in self._old if child in self._serving]
        if self._coming is None:
            self._coming = self._begin() if self._old else None
        elif not self._coming.is_running():
            _log.error("a new process ended with %s; the old ones stay", self._coming.process.exitcode)
            self._old, self._coming = [], None
        elif self._coming.ready:
            coming, self._coming = self._coming, None
            place = next((i for i, child in enumerate(self._serving) if child in self._old or child is None), None)
            if place is None:
                coming.leave(RETIRE)
                self._leaving.append(coming)
                return
            old, self._serving[place] = self._serving[place], coming
            if old is not None:
                old.leave(RETIRE)
                self._leaving.append(old)

    def _stop(self) -> None:
        """
        Tell all to drain, and wait for their end.
        """
        for each in self.sockets:
            each.close()
        end = time.monotonic() + DRAIN_S + 1
        for child in self._everybody():
            child.leave(signal.SIGTERM)
        for child in self._everybody():
            child.process.join(max(0.0, end - time.monotonic()))
            if child.is_running():
                child.process.kill()
                child.process.join()
