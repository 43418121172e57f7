"""
``ratedip``: serve, and ask a price without a server.
"""

import gc
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli import (
    accounts,
    asrplus,
    builds,
    cards,
    cdr,
    exchange,
    keys,
    lcr,
    mappings,
    numbers,
    partner,
    quality,
    rate_file,
    sets,
    simulate,
    top,
)
from service.cli.console import err, fail, out, print_json, progress_bar
from service.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

app = typer.Typer(
    name="ratedip",
    help="What does this number cost on this rate card? Asked by softswitches, answered from memory.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cards.app.add_typer(builds.app)
app.add_typer(cards.app, name="card")
app.add_typer(exchange.app, name="exchange")
app.add_typer(lcr.app, name="lcr")
app.add_typer(cdr.app, name="cdr")
app.add_typer(asrplus.app, name="asrplus")
app.command(name="quality")(quality.show_quality)
app.command(name="rate-file")(rate_file.rate_file)
app.add_typer(accounts.app, name="account")
app.add_typer(keys.app, name="key")
app.command(name="audit")(keys.audit)
app.add_typer(partner.app, name="partner")
app.add_typer(sets.app, name="set")
app.add_typer(mappings.app, name="mapping")
app.add_typer(numbers.places, name="places")
app.command(name="number")(numbers.number)
app.command(name="simulate")(simulate.simulate_number)
app.command(name="top")(top.top)

Number = Annotated[str, typer.Argument(help="As dialled: +44 113…, 0044113…, 44113….")]
Json = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    workers: Annotated[int | None, typer.Option(help="Serving processes.")] = None,
    admin_host: Annotated[str | None, typer.Option(help="Address to tell metrics on.")] = None,
    admin_port: Annotated[int | None, typer.Option(help="Port to tell metrics on; 0: nowhere.")] = None,
    data: Annotated[Path | None, typer.Option(help="Directory of the store and the compiled cards.")] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Load the sample cards and let anybody ask, 100 times a second.")
    ] = False,
    require_https: Annotated[
        bool, typer.Option("--require-https", help="Refuse plain HTTP that no trusted proxy marks as TLS.")
    ] = False,
    ssl_certfile: Annotated[Path | None, typer.Option(help="Certificate chain to serve TLS with, PEM.")] = None,
    ssl_keyfile: Annotated[Path | None, typer.Option(help="Its key, PEM without a password.")] = None,
) -> None:
    """
    Answer look-ups over HTTP until told to stop.

    Every option may also come from the environment: RATEDIP_HOST, RATEDIP_PORT, RATEDIP_WORKERS, RATEDIP_DATA.
    """
    chosen = {"HOST": host, "PORT": port, "WORKERS": workers, "DATA": data, "DEMO": "1" if demo else None}
    chosen |= {"REQUIRE_HTTPS": "1" if require_https else None}
    chosen |= {"ADMIN_HOST": admin_host, "ADMIN_PORT": admin_port}
    chosen |= {"SSL_CERTFILE": ssl_certfile, "SSL_KEYFILE": ssl_keyfile}
    os.environ |= {f"RATEDIP_{name}": str(value) for name, value in chosen.items() if value is not None}
    settings = Settings()
    _prepare(settings)
    gc.disable()  # what imports make stays: to look for what does not, again and again, is a tenth of a start
    from service.server import serve as run
    from service.serving.tls import CertificateError

    gc.enable()
    try:
        run(settings)
    except CertificateError as error:
        fail(str(error))


def _prepare(settings: Settings) -> None:
    """
    Bring the store up to date, and for the demo put the samples into it; one that is away holds nobody up.
    """
    from sqlalchemy.exc import SQLAlchemyError

    try:
        engine = _store(settings)
    except SQLAlchemyError as error:
        why = str(error).partition("\n")[0]
        err.print(f"the store does not answer; serving what was known of it last: {why}", markup=False)
        return
    if settings.demo:
        _prepare_demo(engine, settings)
    engine.dispose()


def _prepare_demo(engine: "Engine", settings: Settings) -> None:
    from service.manage.demo import load_samples

    with progress_bar() as progress:
        load_samples(engine, settings, progress)
    place = f"{'https' if settings.ssl_certfile else 'http'}://{settings.host}:{settings.port}"
    err.print(f"\nratedip answers on {place}/ . Ask it:\n")
    url = f"{place}/api/rate.json?number=%2B44%20113%20245%206789&duration=37"
    out.print(f"  curl '{url}'\n", soft_wrap=True)


@app.command(name="rate")
def rate_number(
    number: Number,
    card: Annotated[str, typer.Option(help="Name of the card.")],
    duration: Annotated[str | None, typer.Option(help="Seconds of the call; adds billed seconds and cost.")] = None,
    at: Annotated[str | None, typer.Option(help="Unix time or ISO 8601; default: now.")] = None,
    cli: Annotated[str, typer.Option(help="Calling number, for cards whose price depends on it.")] = "",
    lrn: Annotated[str, typer.Option(help="Location routing number, for cards that rate by it.")] = "",
    json: Json = False,
) -> None:
    """
    What does a number cost on a card? Answered from the data directory, no server needed.

    Exits 1 where there is no price.
    """
    from ratecards.model import Caller
    from ratecards.numbers import NumberError, normalise
    from service.errors import ApiError
    from service.http.ask import instant, seconds
    from service.lookups.rate import RateQuery, rate
    from service.ops.reload import load_snapshot
    from service.snapshot import Snapshot

    settings = Settings()
    snapshot = load_snapshot(_store(settings), settings.cards, Snapshot())
    if card not in snapshot.cards:
        known = ", ".join(sorted(snapshot.cards)) or "none is loaded: ratedip card load NAME FILE --activate"
        fail(f"no card '{card}' answers here; cards: {known}")
    try:
        digits = normalise(number)
        moment = int(time.time()) if at is None else instant(at)
        length = None if duration is None else seconds(duration)
        caller = Caller(cli and normalise(cli), lrn and normalise(lrn))
        answer = rate(RateQuery(digits, snapshot.cards[card], moment, caller, length, snapshot.places))
    except NumberError as error:
        fail(f"the number {error}", 2)
    except ApiError as error:
        if json:
            print_json(error.body())
            raise typer.Exit(1) from None
        fail(error.reason)
    if json:
        print_json(answer)
        return
    for name, value in answer.items():
        out.print(f"{name:>14}  {'–' if value is None else value}", markup=False)


def _store(settings: Settings) -> "Engine":
    from service.store.migrate import create

    return create(settings.store_url)
