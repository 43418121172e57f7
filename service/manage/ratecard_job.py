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
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from ratecards.artifact import ArtifactError
from ratecards.deck import DeckError
from service.manage.ratecard_change import activate, restore, roll_back, write_file
from service.manage.ratecard_diff import diff_view
from service.manage.ratecard_load import Order, load_view
from service.manage.ratecards import BadValueError, ForceError, MissingError, Shelf, shelf_of
from service.manage.replay import replay_view
from service.manage.sets import SetOrder, load_set_view
from service.render.table import Page, Table
from service.store.catalogue import CatalogueError

NICE = 5
OOM_SCORE = b"800"
IDLE_S = 60.0
"""A process that waits for its next job so long saves that one a second, and then gives its memory back."""
MAX_KIB = 400 * 1024
DONE = 75
"""How a process ends of its own will, between two jobs."""


def upload(shelf: Shelf, **fields: Any) -> dict[str, Any]:
    return load_view(shelf, Order(**fields))


def diff(shelf: Shelf, page: dict[str, int], **asked: Any) -> dict[str, Any]:
    return asdict(diff_view(shelf, **asked, page=Page(**page)))


def download(shelf: Shelf, to: str, **asked: Any) -> dict[str, Any]:
    """
    Write a revision into a file of this machine.
    """
    revision, content = write_file(shelf, **asked)
    Path(to).write_bytes(content)
    return {"revision": revision.number}


def load_set(shelf: Shelf, **fields: Any) -> dict[str, Any]:
    return load_set_view(shelf, SetOrder(**fields))


JOBS: dict[str, Callable[..., dict[str, Any]]] = {
    "upload": upload,
    "activate": activate,
    "rollback": roll_back,
    "restore": restore,
    "diff": diff,
    "download": download,
    "replay": replay_view,
    "set": load_set,
}


def do(shelf: Shelf, kind: str, asked: dict[str, Any]) -> dict[str, Any]:
    """
    Do a job.

    Returns:
        ``answer``, or the ``problem`` it has, as :func:`problem_of` reads it.
    """
    try:
        return {"answer": JOBS[kind](shelf, **asked)}
    except ForceError as error:
        return {"problem": "force", "reasons": error.reasons}
    except BadValueError as error:
        return {"problem": "value", "name": error.name, "what": str(error)}
    except MissingError as error:
        return {"problem": "missing", "what": str(error)}
    except (CatalogueError, DeckError) as error:
        return {"problem": "state", "what": str(error)}
    except (ArtifactError, OSError):
        return {"problem": "state", "what": "the file of a revision that is needed cannot be read any more"}


def answer_of(said: dict[str, Any]) -> dict[str, Any]:
    """
    The answer of a job.

    Raises:
        CatalogueError: or what is derived from it: its problem.
    """
    match said.get("problem"):
        case None:
            return dict(said["answer"])
        case "force":
            raise ForceError(said["reasons"])
        case "value":
            raise BadValueError(said["name"], said["what"])
        case "missing":
            raise MissingError(said["what"])
        case _:
            raise CatalogueError(said["what"])


def table_of(fields: dict[str, Any]) -> Table:
    """
    A table that came through JSON.
    """
    tuples = {name: tuple(fields[name]) for name in ("columns", "amounts")}
    return Table(**{**fields, **tuples, "page": Page(**fields["page"])})


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
