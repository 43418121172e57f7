"""
``ratedip partner``: companies, their locations and devices, and which accounts may see them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.console import fail, open_store, out, print_json

if TYPE_CHECKING:
    from service.manage.partner_load import Loaded

app = typer.Typer(help="Partner reports: companies, locations, devices, and who may see them.", no_args_is_help=True)

Account = Annotated[str, typer.Argument(help="Name of the account.")]
Company = Annotated[int, typer.Argument(min=1, max=2**31 - 1, help="CompanyID.")]
Place = Annotated[
    int | None,
    typer.Option("--location", min=1, max=2**63 - 1, help="LocationEntityID: it and all below it; default: all."),
]
Sandbox = Annotated[bool, typer.Option("--test", help="Of the sandbox.")]
Json = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]
_PROBLEMS = 20


@app.command()
def load(
    kind: Annotated[str, typer.Argument(help="What the file has: companies, locations or imei.")],
    file: Annotated[Path, typer.Argument(help="CSV or XLSX.", exists=True, dir_okay=False, readable=True)],
    replace: Annotated[bool, typer.Option("--replace", help="What the file does not have is forgotten.")] = False,
    test: Sandbox = False,
    json: Json = False,
) -> None:
    """
    Take in companies, locations or devices; what has the same key is put in its place. Answered at once everywhere.

    Exits 1 where some lines cannot be taken, 2 where none can.
    """
    from ratecards.numberset import ListError
    from service.manage.partner_fields import KINDS
    from service.manage.partner_load import load_file
    from service.store.audit import person

    if kind not in KINDS:
        fail(f"'{kind}' is none of {', '.join(KINDS)}", 2)
    data = file.read_bytes()
    try:
        loaded = load_file(
            open_store(), _environment(test=test), KINDS[kind], data, file.name, person(), replace=replace
        )
    except ListError as error:
        fail(f"{file.name}: {error}", 2)
    if json:
        print_json(loaded.as_json())
    else:
        _print(file.name, loaded)
    if loaded.refusals.count or not loaded.taken:
        raise typer.Exit(1 if loaded.taken else 2)


def _print(name: str, loaded: "Loaded") -> None:
    out.print(f"{name}: {loaded.taken:,} taken, {loaded.refusals.count:,} refused", markup=False, soft_wrap=True)
    for one in loaded.refusals.listed[:_PROBLEMS]:
        out.print(f"  line {one.line}: {one.reason}", markup=False, soft_wrap=True)


@app.command()
def grant(account: Account, company: Company, location: Place = None, test: Sandbox = False) -> None:
    """
    Let an account see a company, or a location of it and all below.
    """
    from service.store.audit import person
    from service.store.partner import WHOLE, Grant, grant_access

    with _refusing():
        is_new = grant_access(
            open_store(), _environment(test=test), Grant(account, company, location or WHOLE), person()
        )
    out.print(f"{account} {'sees' if is_new else 'already sees'} {_what(company, location)}", markup=False)


@app.command()
def revoke(account: Account, company: Company, location: Place = None, test: Sandbox = False) -> None:
    """
    Take back what was granted.
    """
    from service.store.audit import person
    from service.store.partner import WHOLE, Grant, revoke_access

    with _refusing():
        gone = revoke_access(
            open_store(), _environment(test=test), Grant(account, company, location or WHOLE), person()
        )
    if not gone:
        fail(f"{account} was not granted {_what(company, location)}")
    out.print(f"{account} no longer sees {_what(company, location)} by that grant", markup=False)


@app.command(name="list")
def list_all(test: Sandbox = False, json: Json = False) -> None:
    """
    Every company: how many locations and devices it has, and who may see what of it.
    """
    from service.manage.partner_list import companies_view

    rows = companies_view(open_store(), _environment(test=test))
    if json:
        print_json(rows)
        return
    from rich.markup import escape
    from rich.table import Table

    table = Table("company", "name", "doing business as", "locations", "devices", "seen by")
    for row in rows:
        seen = ", ".join(
            one["account"] + ("" if one["location"] is None else f" ({one['location']})") for one in row["grants"]
        )
        texts = (str(row["company"]), row["name"], row["doing_business_as"])
        table.add_row(*map(escape, texts), f"{row['locations']:,}", f"{row['devices']:,}", seen)
    out.print(table)


def _what(company: int, location: int | None) -> str:
    return f"company {company}" if location is None else f"location {location} of company {company}"


@contextmanager
def _refusing() -> Iterator[None]:
    """
    End the command where what is asked cannot be done.
    """
    from service.store.accounts import AccountError

    try:
        yield
    except AccountError as error:
        fail(str(error), 2)


def _environment(*, test: bool) -> str:
    return "test" if test else "live"
