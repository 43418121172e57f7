"""
Work on rate cards away from the loop: light work in a thread, heavy work in a process of its own.
"""

import asyncio
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

import orjson

from service.manage.ratecard_work import DONE
from service.manage.ratecards import Shelf

HEAVY = 200_000
"""Rules from which on work is heavy: a second or more of a processor."""
AT_ONCE = 2
WAITING = 16
"""Jobs of one serving process that run at a time, and that may wait besides."""
TIME_S = 300.0
"""What reading and compiling the largest deck takes, ten times over."""
_COMMAND = (sys.executable, "-P", "-m", "service.manage.ratecard_job")
_THREADS = ThreadPoolExecutor(4, "ratecard")
_JOBS = ThreadPoolExecutor(AT_ONCE, "ratecard-job")
_log = logging.getLogger("ratedip.ratecard")
_open: set[object] = set()
Worker = subprocess.Popen[bytes]
_free: list[Worker] = []
Result = TypeVar("Result")


class JobError(Exception):
    """
    A job that did not come to an end of its own; nothing was changed.
    """


class JobDiedError(JobError):
    """
    Its process ended in the middle.
    """


class JobSlowError(JobError):
    """
    It took too long and was ended, or there are too many.
    """


async def aside(work: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
    """
    Do light work, such as asking the store, in a thread.
    """
    return await asyncio.get_running_loop().run_in_executor(_THREADS, lambda: work(*arguments, **named))


async def run_job(shelf: Shelf, kind: str, asked: dict[str, Any], time_s: float = TIME_S) -> dict[str, Any]:
    """
    Do a job in a process of its own, which ends with whoever waits for it.

    Returns:
        What :func:`service.manage.ratecard_job.do` says.

    Raises:
        JobError: it did not end by itself.
    """
    if len(_open) >= AT_ONCE + WAITING:
        raise JobSlowError("too many decks are being worked on")
    job = orjson.dumps({"environment": shelf.environment, "actor": shelf.actor, "kind": kind, "asked": asked})
    running: list[Worker] = []
    left, token = threading.Event(), object()
    _open.add(token)
    try:
        return await asyncio.get_running_loop().run_in_executor(_JOBS, _run, job, time_s, running, left)
    finally:
        _open.discard(token)
        left.set()
        for worker in running:
            worker.kill()


def _run(job: bytes, time_s: float, running: list[Worker], left: threading.Event) -> dict[str, Any]:
    """
    Find a process, send it a job and wait, in a thread: starting a process copies this one's memory map where the loop
    does it, and would hold up look-ups for tens of milliseconds.
    """
    until = time.monotonic() + time_s
    while True:
        worker = _worker()
        running.append(worker)
        if left.is_set():  # whoever waited went while it was being started
            worker.kill()
        said = _ask(worker, job, until - time.monotonic())
        running.clear()
        if said.endswith(b"\n"):
            _free.append(worker)
            return dict(orjson.loads(said))
        _forget(worker)
        if worker.returncode == DONE:
            continue  # it ended before it saw the job
        if time.monotonic() >= until:
            raise JobSlowError(f"it was not done within {time_s:g} seconds")
        _log.error("a job's process ended with %d", worker.returncode)
        raise JobDiedError("the process that read it ended")


def _worker() -> Worker:
    """
    A process that waits for a job, or a new one.
    """
    while _free:
        with suppress(IndexError):  # another thread may have been quicker
            worker = _free.pop()
            if worker.poll() is None:
                return worker
            _forget(worker)
    return subprocess.Popen(_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - words of our own


def _forget(worker: Worker) -> None:
    """
    Wait for a process that has ended, and close what led to it.
    """
    worker.wait()
    for pipe in filter(None, (worker.stdin, worker.stdout)):
        with suppress(OSError):  # what was not sent any more
            pipe.close()


def _ask(worker: Worker, job: bytes, time_s: float) -> bytes:
    """
    Returns:
        The line it answers; what does not end as a line is none.
    """
    assert worker.stdin is not None  # noqa: S101 - it was opened with both
    assert worker.stdout is not None  # noqa: S101
    end = threading.Timer(time_s, worker.kill)
    end.start()
    try:
        worker.stdin.write(job + b"\n")
        worker.stdin.flush()
        return worker.stdout.readline()
    except BrokenPipeError:
        return b""
    finally:
        end.cancel()
