"""
``ratedip exchange``: rates of exchange, for cards of several currencies.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.console import fail, open_store, out, print_json

if TYPE_CHECKING:
    from service.store.exchange import Rate

app = typer.Typer(help="Rates of exchange, for cards of several currencies.", no_args_is_help=True)

Actor = Annotated[str | None, typer.Option(hidden=True, help="Who asks; default: whoever gives the command.")]
Json = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]


@app.command(name="set")
def set_exchange(
    currency: Annotated[str, typer.Argument(help="ISO 4217 code.")],
    per_base: Annotated[str, typer.Argument(help="Units of it that one unit of the base currency buys.")],
    base: Annotated[str | None, typer.Option(help="The base currency; default: that of the others, or USD.")] = None,
    actor: Actor = None,
    json: Json = False,
) -> None:
    """
    Give a currency its rate of exchange: set EUR 0.92 --base USD says that 1 USD buys 0.92 EUR.
    """
    from service.store.exchange import set_rate

    with refusing():
        rate = set_rate(open_store(), currency, per_base, base, actor_of(actor))
    if json:
        print_json(_rate_json(rate))
    else:
        other = f"1 {rate.currency} = {1 / Decimal(rate.per_base):.6f} {rate.base}"
        out.print(f"1 {rate.base} = {rate.per_base} {rate.currency}, so {other}", markup=False)


@app.command(name="drop")
def drop_exchange(currency: Annotated[str, typer.Argument(help="ISO 4217 code.")], actor: Actor = None) -> None:
    """
    Forget the rate of exchange of a currency.
    """
    from service.store.exchange import drop_rate

    if not drop_rate(open_store(), currency, actor_of(actor)):
        fail(f"no rate of exchange for '{currency}'")
    out.print(f"{currency} has no rate of exchange any more", markup=False)


@app.command(name="list")
def list_exchange(json: Json = False) -> None:
    """
    Every rate of exchange; those before them are in the audit.
    """
    from rich.table import Table

    from service.store.exchange import list_rates

    rates = [_rate_json(rate) for rate in list_rates(open_store())]
    if json:
        print_json(rates)
        return
    table = Table("currency", "one unit of", "buys", "given")
    for rate in rates:
        table.add_row(rate["currency"], rate["base"], rate["per_base"], _when(rate["at"]))
    out.print(table)


def actor_of(name: str | None) -> str:
    from service.store.audit import person

    return name or person()


@contextmanager
def refusing() -> Iterator[None]:
    """
    End the command where what is asked cannot be done.
    """
    from ratecards.exchange import ExchangeError
    from service.store.catalogue import CatalogueError

    try:
        yield
    except (CatalogueError, ExchangeError) as error:
        fail(str(error), 2)


def _rate_json(rate: "Rate") -> dict[str, Any]:
    return {name: getattr(rate, name) for name in rate.__slots__}


def _when(at: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))
