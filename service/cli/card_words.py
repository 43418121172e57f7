"""
What the commands of ``ratedip card`` have in common: their words, their problems, how they show a table.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.console import err, fail, out, print_json

if TYPE_CHECKING:
    from service.manage.ratecards import Shelf
    from service.render.table import Page, Table

Name = Annotated[str, typer.Argument(help="Name of the card; of the sandbox: test/NAME.")]
Number = Annotated[int, typer.Argument(min=1, help="Number of the revision.")]
Json = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]
PageNumber = Annotated[int, typer.Option("--page", min=1, help="Which page of the table.")]
PerPage = Annotated[int, typer.Option("--per-page", min=1, max=10_000, help="Rows of a page.")]
At = Annotated[str | None, typer.Option(help="Unix time or ISO 8601 (UTC where it names no zone).")]
Force = Annotated[bool, typer.Option("--force", help="Although it looks like a mistake.")]
_INSTANTS = frozenset(
    {"created", "archived", "planned", "at", "next_at", "made", "cancelled", "effective", "expires", "loaded"}
)

_COUNTS = frozenset({"rules", "refused", "rows", "bytes"})


@contextmanager
def shelf() -> Iterator["Shelf"]:
    """
    All cards there are; problems end the command with what to do about them.
    """
    from ratecards.artifact import ArtifactError
    from service.cli.console import open_store
    from service.errors import ApiError
    from service.manage.ratecards import BadValueError, ForceError, MissingError, Shelf
    from service.settings import Settings
    from service.store.audit import person
    from service.store.catalogue import CatalogueError

    try:
        yield Shelf(open_store(), Settings().cards, None, person())
    except ForceError as error:
        for reason in error.reasons:
            err.print(f"ratedip: {reason}", style="red", markup=False)
        fail("nothing was changed; look at it with ratedip card diff, and say --force if it is meant so", 2)
    except BadValueError as error:
        fail(f"{error.name} {error}", 2)
    except MissingError as error:
        fail(f"{error}; ratedip card list names those there are")
    except ApiError as error:
        fail(error.reason.replace("Invalid Parameter 'at':", "--at"), 2)
    except (CatalogueError, ArtifactError, OSError) as error:
        fail(str(error))


def instant(text: str | None) -> int | None:
    from service.http.ask import instant as read

    return None if text is None else read(text)


def to_come(text: str | None) -> int | None:
    """
    An instant that is not over yet.
    """
    at = instant(text)
    if at is not None and at <= time.time():
        fail("--at is over; leave it out for now", 2)
    return at


def page(number: int, size: int) -> "Page":
    from service.render.table import Page

    return Page(number, size)


def print_table(table: "Table", *, json: bool, leave_out: tuple[str, ...] = ()) -> None:
    """
    A table on a terminal, without columns that are empty; or as over HTTP.
    """
    from rich.table import Table as Grid

    if json:
        print_json(table.fields())
        return
    for name, value in table.about.items():
        out.print(f"{name:>10}  {_cell(name, value)}", markup=False)
    columns = [c for c in table.columns if c not in leave_out and any(row[c] not in (None, "") for row in table.rows)]
    grid = Grid(*(name.replace("_", " ") for name in columns))
    for row in table.rows:
        grid.add_row(*(_cell(name, row[name]).replace("[", r"\[") for name in columns))
    out.print(grid)
    if table.last > 1:
        out.print(f"page {table.page.number} of {table.last}, {table.total:,} rows; --page N for another", markup=False)


def print_fields(fields: dict[str, Any], *, json: bool) -> None:
    """
    What is said of one thing, a line each; what is empty is left out.
    """
    if json:
        print_json(fields)
        return
    for name, value in fields.items():
        if value not in (None, "", [], {}):
            out.print(f"{name.replace('_', ' '):>12}  {_cell(name, value)}", markup=False)


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, int) and name in _INSTANTS:
        return moment(value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {_cell(key, item)}" for key, item in value.items() if item not in (None, ""))
    if isinstance(value, list):
        return "; ".join(_cell(name, item) for item in value)
    return f"{value:,}" if isinstance(value, int) and name in _COUNTS else _plain(str(value))


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def moment(seconds: int) -> str:
    """
    Unix seconds as people read them.
    """
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))
    except (OverflowError, ValueError):
        return str(seconds)
