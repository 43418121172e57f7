"""
Parameters of the services of rate cards, checked; and their problems as answers.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import OperationalError

from service.errors import ApiError, invalid, missing, not_found, standard, unavailable
from service.http.ask import instant
from service.http.query import Parameters
from service.http.slow import SHEETS, Call
from service.manage.ratecard_process import HEAVY, JobDiedError, JobSlowError, aside, run_job
from service.manage.ratecard_work import answer_of, do
from service.manage.ratecards import BadValueError, ForceError, MissingError, Shelf, shelf_of
from service.render.table import MAX_IN_FILE, MAX_PAGE, MAX_PER_PAGE, PER_PAGE, Page
from service.store.catalogue import MAX_REVISION, CatalogueError

PAGING = frozenset({"page", "per_page"})
_WHOLE = re.compile(r"[0-9]{1,10}", re.ASCII)
_FLAGS = {"1": True, "true": True, "0": False, "false": False}
_AGAIN_S = 30


def shelf(call: Call) -> Shelf:
    """
    The cards the credential may manage: all of its environment.
    """
    return shelf_of(call.identity.environment, f"key:{call.identity.key}")


def card(parameters: Parameters) -> str:
    if not parameters.get("card"):
        raise missing("card")
    return parameters["card"]


def whole(parameters: Parameters, name: str, least: int, most: int) -> int | None:
    """
    A whole number; None: it is left out.
    """
    text = parameters.get(name)
    if text is None:
        return None
    if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
        raise invalid(name, f"is not a whole number from {least} to {most}")
    return int(text)


def revision(parameters: Parameters, name: str = "revision") -> int | None:
    return whole(parameters, name, 1, MAX_REVISION)


def need_revision(parameters: Parameters) -> int:
    number = revision(parameters)
    if number is None:
        raise missing("revision")
    return number


def flag(parameters: Parameters, name: str) -> bool | None:
    """
    ``1`` or ``0``; None: it is left out.
    """
    text = parameters.get(name)
    if text is not None and text not in _FLAGS:
        raise invalid(name, "is neither 1 nor 0")
    return None if text is None else _FLAGS[text]


def one_of(parameters: Parameters, name: str, known: tuple[str, ...]) -> str | None:
    text = parameters.get(name)
    if text is not None and text not in known:
        raise invalid(name, f"is none of {', '.join(filter(None, known))}")
    return text


def page(call: Call) -> Page:
    """
    Which page, and how long; a file for a spreadsheet is longer.
    """
    usual, most = (MAX_IN_FILE, MAX_IN_FILE) if call.form in SHEETS else (PER_PAGE, MAX_PER_PAGE)
    number = whole(call.parameters, "page", 1, MAX_PAGE)
    return Page(number or 1, whole(call.parameters, "per_page", 1, most) or usual)


def moment(parameters: Parameters) -> int | None:
    return instant(parameters["at"]) if "at" in parameters else None


def to_come(parameters: Parameters) -> int | None:
    """
    An instant that is not over yet.
    """
    at = moment(parameters)
    if at is not None and at <= time.time():
        raise invalid("at", "is over; leave it out for now")
    return at


@contextmanager
def told(cards: Shelf) -> Iterator[None]:
    """
    Let the problems of whatever is done with cards become answers.
    """
    try:
        yield
    except ForceError as error:
        raise ApiError(400, "Needs force", reasons=error.reasons) from None
    except BadValueError as error:
        raise invalid(error.name, str(error)) from None
    except MissingError as error:
        raise not_found(str(error)) from None
    except CatalogueError as error:
        raise ApiError(400, "Not possible", detail=cards.say(str(error))) from None
    except JobDiedError as error:
        raise standard(500, f"{error}; nothing was changed") from None
    except JobSlowError as error:
        raise unavailable("Overloaded", _AGAIN_S, f"{error}; nothing was changed") from None
    except OperationalError:
        raise unavailable("Overloaded", _AGAIN_S, "the store does not answer") from None


async def work(cards: Shelf, kind: str, rules: int, asked: dict[str, Any]) -> dict[str, Any]:
    """
    Do a job: here where it is light, in a process of its own where it is heavy.

    Args:
        kind: one of :data:`service.manage.ratecard_work.LIGHT`.
        rules: it has to do with.
    """
    with told(cards):
        light = rules < HEAVY
        return answer_of(await aside(do, cards, kind, asked) if light else await run_job(cards, kind, asked))
