"""
``ratedip set``: files of numbers in, and which of them answers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.card_words import PageNumber, PerPage, moment, page, print_table, shelf
from service.cli.console import err, fail, out, print_json, progress_bar

if TYPE_CHECKING:
    from service.manage.ratecards import Shelf
    from service.manage.set_order import SetOrder
    from service.manage.sets import SetLoaded

app = typer.Typer(help="Sets of numbers and tables about numbers, loaded from files.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the set: lower-case letters, digits, dots, dashes.")]
Json = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]
Sandbox = Annotated[bool, typer.Option("--test", help="Of the sandbox.")]
_PROBLEMS = 20
_REFUSED = 2


@app.command()
def load(
    name: Name,
    file: Annotated[Path, typer.Argument(help="The list, plain or in gzip or xz.", exists=True, dir_okay=False)],
    kind: Annotated[str, typer.Option(help="What it holds: numbers, or a table of a kind of its own.")] = "numbers",
    country: Annotated[
        str | None, typer.Option("--country", "--profile", help="How its numbers are written: uk, us, a JSON profile.")
    ] = None,
    column: Annotated[str | None, typer.Option(help="Header of the column of numbers.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report, and load nothing.")] = False,
    test: Sandbox = False,
    json: Json = False,
) -> None:
    """
    Load a file into a set; it answers everywhere within two seconds, and the one before is kept.

    Exits 1 where some lines are refused, 2 where the file is; then nothing changes.
    """
    from service.cli.numbers import find_profile
    from service.manage.set_order import SetOrder
    from service.manage.sets import load_set

    profile = None if country is None else find_profile(country).as_json()
    order = SetOrder(name, str(file), kind, profile, column, dry_run)
    with _sets(test=test) as sets, progress_bar() as progress:
        done = load_set(sets, order, progress)
    _told(order, done, json=json)


@app.command(name="list")
def list_sets(number: PageNumber = 1, per_page: PerPage = 100, test: Sandbox = False, json: Json = False) -> None:
    """
    Every set, and what of it answers.
    """
    from service.manage.set_views import sets_view

    with _sets(test=test) as sets:
        print_table(sets_view(sets, page(number, per_page)), json=json, leave_out=("actor",))


@app.command()
def show(name: Name, test: Sandbox = False, json: Json = False) -> None:
    """
    All about a set, with the revisions one may go back to.
    """
    from rich.table import Table

    from service.manage.set_views import REVISION_COLUMNS, set_view

    with _sets(test=test) as sets:
        told = set_view(sets, name)
    if json:
        print_json(told)
        return
    _fields({field: value for field, value in told.items() if field != "revisions"})
    columns = [column for column in REVISION_COLUMNS if column != "digest"]
    grid = Table(*columns)
    for row in told["revisions"]:
        grid.add_row(*(_cell(column, row[column]).replace("[", r"\[") for column in columns))
    out.print(grid)


@app.command()
def rollback(
    name: Name,
    revision: Annotated[
        int | None, typer.Option(min=1, help="Number of the revision; default: the one before.")
    ] = None,
    test: Sandbox = False,
    json: Json = False,
) -> None:
    """
    Let the revision answer that did before, or another one that is kept.
    """
    from service.manage.set_views import roll_back

    with _sets(test=test) as sets:
        told = roll_back(sets, name, revision)
    if json:
        print_json(told)
        return
    out.print(f"{name} revision {told['revision']}: {told['rows']:,} rows; it answers now", markup=False)


@app.command()
def delete(name: Name, test: Sandbox = False, json: Json = False) -> None:
    """
    Forget a set; the audit keeps that there was one.
    """
    from service.manage.set_views import delete as forget

    with _sets(test=test) as sets:
        told = forget(sets, name)
    if json:
        print_json(told)
        return
    out.print(f"{name} is deleted", markup=False)


@app.command()
def has(
    name: Name,
    number: Annotated[str, typer.Argument(help="As dialled: +44 113…, 0044113…, 44113….")],
    test: Sandbox = False,
    json: Json = False,
) -> None:
    """
    Is a number in a set of numbers? Exits 1 where it is not.
    """
    from ratecards.numbers import NumberError, normalise
    from service.manage.set_views import has_number

    try:
        digits = normalise(number)
    except NumberError as error:
        fail(f"the number {error}", _REFUSED)
    with _sets(test=test) as sets:
        listed = has_number(sets, name, digits)
    if json:
        print_json({"number": digits, "name": name, "listed": listed})
    else:
        out.print(f"{digits} is {'' if listed else 'not '}in {name}", markup=False)
    raise typer.Exit(0 if listed else 1)


@contextmanager
def _sets(*, test: bool) -> Iterator["Shelf"]:
    """
    The sets of an environment; problems end the command with what to do about them.
    """
    from dataclasses import replace

    from service.manage.ratecards import BadValueError, MissingError
    from service.store.catalogue import CatalogueError

    with shelf() as every:
        mine = replace(every, environment="test" if test else "live")
        try:
            yield mine
        except BadValueError as error:
            fail(f"{error.name} {error}", _REFUSED)
        except MissingError as error:
            fail(f"{error}; ratedip set list names those there are")
        except (CatalogueError, OSError) as error:
            fail(mine.say(str(error)), _REFUSED)


def _told(order: "SetOrder", done: "SetLoaded", *, json: bool) -> None:
    """
    What became of a file.
    """
    from service.manage.sets import loaded_json

    refusals = done.report.refusals
    if json:
        print_json(loaded_json(order, done))
    else:
        for one in refusals.listed[:_PROBLEMS]:
            err.print(f"  line {one.line}: {one.reason}", markup=False, soft_wrap=True)
        words = f"{done.report.rows:,} rows, {refusals.count:,} lines refused"
        state = "; ".join(done.reasons) or ("nothing is loaded" if done.revision is None else "it answers now")
        number = "" if done.revision is None else f" revision {done.revision.number}"
        out.print(f"{order.name}{number}: {words}; {state}", markup=False, soft_wrap=True)
    if done.reasons or refusals.count:
        raise typer.Exit(_REFUSED if done.reasons else 1)


def _fields(fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        out.print(f"{name:>12}  {_cell(name, value)}", markup=False)


def _cell(name: str, value: Any) -> str:
    if name == "loaded":
        return moment(value)
    if isinstance(value, bool):
        return "yes" if value else ""
    return f"{value:,}" if isinstance(value, int) and name != "revision" else str(value)
