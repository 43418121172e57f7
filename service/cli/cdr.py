"""
``ratedip cdr``: call records of a file into the store, and found again.
"""

from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.console import fail, open_store, out, print_json, progress_bar

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from service.manage.cdr_fields import Sender
    from service.render.run import Run

app = typer.Typer(help="Call records: taken in, and searched.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]
Sandbox = Annotated[bool, typer.Option("--test", help="Of the sandbox.")]
Account = Annotated[str | None, typer.Option(help="Name of the account.")]
_PROBLEMS = 20


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help="CSV, NDJSON or JSON.", exists=True, dir_okay=False, readable=True)],
    account: Annotated[str, typer.Option(help="Whose records they are, where they do not say so.")],
    shape: Annotated[
        str | None, typer.Option(help="ratedip, kamailio, freeswitch or asterisk; default: as the first one looks.")
    ] = None,
    timezone: Annotated[str, typer.Option(help="Of times that name none, such as Europe/London.")] = "UTC",
    test: Sandbox = False,
    json: Json = False,
) -> None:
    """
    Take in the call records of a file; to load a file again takes what was not taken before, and nothing twice.

    Exits 1 where some records cannot be taken, 2 where none can.
    """
    from service.manage.cdr_intake import Intake, IntakeError
    from service.manage.cdr_load import load_file
    from service.manage.cdr_shapes import SHAPES

    if shape is not None and shape not in SHAPES:
        fail(f"--shape is none of {', '.join(SHAPES)}", 2)
    engine = open_store()
    intake = Intake(_sender(engine, account, _zone(timezone), test=test), shape=shape)
    try:
        with progress_bar() as progress:
            tally = load_file(engine, intake, file, progress)
    except IntakeError as error:
        fail(f"{file.name}: {error}", 2)
    if json:
        print_json({"shape": intake.shape, **tally.as_json()})
    else:
        counts = ("taken", "repeated", "conflicts", "refused", "ignored")
        said = [f"{getattr(tally, name):,} {name}" for name in counts if getattr(tally, name) or name == "taken"]
        out.print(f"{file.name}, read as {intake.shape}: {', '.join(said)}", markup=False, soft_wrap=True)
        for problem in tally.problems[:_PROBLEMS]:
            told = problem.as_json()
            out.print(f"  line {told['line']}: {told['reason']}", markup=False, soft_wrap=True)
    if tally.refused or tally.conflicts or not tally.seen:
        raise typer.Exit(1 if tally.taken or tally.repeated else 2)


@app.command()
def search(
    since: Annotated[str | None, typer.Option("--from", help="Calls that started then or later.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Calls that started before.")] = None,
    number: Annotated[str | None, typer.Option(help="A number, or its first digits and a star: '4411*'.")] = None,
    account: Account = None,
    card: Annotated[str | None, typer.Option(help="Name of the card.")] = None,
    carrier: Annotated[str | None, typer.Option(help="Name of the carrier.")] = None,
    sip_code: Annotated[int | None, typer.Option(min=200, max=699, help="SIP answer.")] = None,
    call_id: Annotated[str | None, typer.Option(help="Of one call.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Records to show.")] = 100,
    cursor: Annotated[str | None, typer.Option(help="Where the search before ended.")] = None,
    test: Sandbox = False,
    json: Json = False,
) -> None:
    """
    Call records, the latest call first.
    """
    from service.manage.cdr_search import CursorError, records_view
    from service.store.records_search import Wanted

    digits, prefix = _number(number)
    wanted = Wanted(
        "test" if test else "live",
        account,
        _instant("--from", since),
        _instant("--to", until),
        digits,
        prefix,
        card,
        carrier,
        sip_code,
        call_id,
    )
    try:
        run = records_view(open_store(), wanted, cursor, limit)
    except CursorError as error:
        fail(f"--cursor {error}", 2)
    if json:
        print_json(run.fields())
    else:
        _print(run)


def _print(run: "Run") -> None:
    from rich.table import Table

    columns = [name for name in run.columns if any(row[name] not in (None, "") for row in run.rows)]
    table = Table(*(name.replace("_", " ") for name in columns))
    for row in run.rows:
        table.add_row(*(_cell(name, row[name]) for name in columns))
    out.print(table)
    if run.cursor is not None:
        out.print(f"there are more: --cursor {run.cursor}", markup=False, soft_wrap=True)


def _cell(name: str, value: Any) -> str:
    from service.cli.card_words import moment

    if value is None:
        return ""
    if name == "start":
        return moment(int(value))
    return format(value, "f") if not isinstance(value, int | str) else str(value).replace("[", r"\[")


def _sender(engine: "Engine", account: str, zone: tzinfo, *, test: bool) -> "Sender":
    """
    Somebody who may send records of every account.
    """
    from service.manage.cdr_fields import Sender
    from service.ops.people import to_account
    from service.store.accounts import list_accounts

    accounts = {record.name: to_account(record).profile for record in list_accounts(engine)}
    if account not in accounts:
        fail(f"no account '{account}'; ratedip account list names those there are", 2)
    return Sender("test" if test else "live", account, accounts, zone)


def _zone(name: str) -> tzinfo:
    from service.manage.cdr_fields import zone_of

    try:
        return zone_of(name)
    except ValueError as error:
        fail(f"--timezone {error}", 2)


def _instant(option: str, text: str | None) -> int | None:
    from service.manage.cdr_fields import RefusedError, read_start

    try:
        return None if text is None else read_start(text, UTC)
    except RefusedError as error:
        fail(f"{option} {error.why}", 2)


def _number(text: str | None) -> tuple[str | None, str | None]:
    from ratecards.numbers import NumberError, normalise

    if text is None:
        return None, None
    try:
        digits = normalise(text.removesuffix("*"))
    except NumberError as error:
        fail(f"--number {error}", 2)
    return (None, digits) if text.endswith("*") else (digits, None)
