"""
Heavy work of rate cards, done by a process of its own: ``python -m service.manage.ratecard_job``.

A deck is somebody's file. Whatever reading it takes, or breaks, takes and breaks this process and not one that serves:
it gives way to them for the processor, and is the first to go where memory runs out. A job is a line of JSON on
standard input; what became of it is one on standard output. A change is made by one transaction at its end.
"""

import os
import resource
import select
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from ratecards.deck import DeckError
from service.manage import ratecard_work
from service.manage.ratecard_change import write_file
from service.manage.ratecard_load import load_view
from service.manage.ratecard_order import Order
from service.manage.ratecard_work import DONE, LIGHT, Work
from service.manage.ratecards import Shelf, shelf_of
from service.manage.replay import replay_view
from service.manage.set_order import SetOrder
from service.manage.sets import load_set_view

NICE = 5
OOM_SCORE = b"800"
IDLE_S = 60.0
"""A process that waits for its next job so long saves that one a second, and then gives its memory back."""
MAX_KIB = 400 * 1024


def upload(shelf: Shelf, **fields: Any) -> dict[str, Any]:
    return load_view(shelf, Order(**fields))


def download(shelf: Shelf, to: str, **asked: Any) -> dict[str, Any]:
    """
    Write a revision into a file of this machine.
    """
    revision, content = write_file(shelf, **asked)
    Path(to).write_bytes(content)
    return {"revision": revision.number}


def load_set(shelf: Shelf, **fields: Any) -> dict[str, Any]:
    return load_set_view(shelf, SetOrder(**fields))


JOBS: Mapping[str, Work] = {
    **LIGHT,
    "upload": upload,
    "download": download,
    "replay": replay_view,
    "set": load_set,
}


def do(shelf: Shelf, kind: str, asked: dict[str, Any]) -> dict[str, Any]:
    """
    Do a job.

    Returns:
        As :func:`service.manage.ratecard_work.do`.
    """
    try:
        return ratecard_work.do(shelf, kind, asked, JOBS)
    except DeckError as error:
        return {"problem": "state", "what": str(error)}


def main() -> int:
    """
    Do jobs until there are none for a while, there is nobody to do them for, or one has taken much memory.
    """
    os.nice(NICE)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_bytes(OOM_SCORE)
    while select.select([sys.stdin], [], [], IDLE_S)[0]:
        line = sys.stdin.buffer.readline()
        if not line:
            return 0
        job = orjson.loads(line)
        shelf = shelf_of(job["environment"], job["actor"])
        said = do(shelf, job["kind"], job["asked"])
        shelf.engine.dispose()
        sys.stdout.buffer.write(orjson.dumps(said) + b"\n")
        sys.stdout.buffer.flush()
        if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > MAX_KIB:
            return DONE
    return DONE


if __name__ == "__main__":
    sys.exit(main())
