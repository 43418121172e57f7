"""
Work on rate cards that is done wherever there is room for it, and what became of it as it is told to others.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from ratecards.artifact import ArtifactError
from service.manage.ratecard_change import activate, restore, roll_back
from service.manage.ratecard_diff import diff_view
from service.manage.ratecards import BadValueError, ForceError, MissingError, Shelf
from service.render.table import Page, Table
from service.store.catalogue import CatalogueError

DONE = 75
"""How a process that does jobs ends of its own will, between two jobs."""
Work = Callable[..., dict[str, Any]]


def diff(shelf: Shelf, page: dict[str, int], **asked: Any) -> dict[str, Any]:
    return asdict(diff_view(shelf, **asked, page=Page(**page)))


LIGHT: Mapping[str, Work] = {"activate": activate, "rollback": roll_back, "restore": restore, "diff": diff}
"""What a serving process does itself where few rules have to do with it."""


def do(shelf: Shelf, kind: str, asked: dict[str, Any], known: Mapping[str, Work] = LIGHT) -> dict[str, Any]:
    """
    Do a work.

    Returns:
        ``answer``, or the ``problem`` it has, as :func:`answer_of` reads it.
    """
    try:
        return {"answer": known[kind](shelf, **asked)}
    except ForceError as error:
        return {"problem": "force", "reasons": error.reasons}
    except BadValueError as error:
        return {"problem": "value", "name": error.name, "what": str(error)}
    except MissingError as error:
        return {"problem": "missing", "what": str(error)}
    except CatalogueError as error:
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
