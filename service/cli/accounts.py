"""
``ratedip account``: who may ask, which cards, and how much.
"""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.console import err, fail, open_store, out, print_json
from service.cli.keys import key_json, key_table
from service.cli.plans import WORDS, parse_limits, parse_services
from service.settings import Settings

if TYPE_CHECKING:
    from service.store.accounts import Record

app = typer.Typer(help="Accounts: who may ask, which cards, and how much.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the account.")]
Json = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]
Limit = Annotated[str | None, typer.Option(help="A whole number, or 'none'.", metavar="N|none")]
Card = Annotated[str | None, typer.Option(help="Card asked when a request names none.")]
Cards = Annotated[str | None, typer.Option(help="Other cards it may ask, with commas between; 'all': any.")]
Networks = Annotated[
    str | None, typer.Option("--network", help="Addresses that need no key, in CIDR, with commas between; or 'none'.")
]
Profile = Annotated[
    str | None, typer.Option(help="How its numbers are dialled: us, uk, another country, a JSON file; or 'none'.")
]
Services = Annotated[
    list[str] | None,
    typer.Option("--service", help="Limits of one service besides: rate:rps=10,burst=20,daily=1000; rate: lifts them."),
]
AsrplusMode = Annotated[
    str | None,
    typer.Option("--asrplus", help="How strictly dead numbers are kept from being dialled: off, low, on, strict."),
]
AsrplusIn = Annotated[str | None, typer.Option(help="Services that refuse calls to dead numbers: rate,lcr; or 'none'.")]
AsrplusCodes = Annotated[
    str | None, typer.Option(help="SIP answers that make a number dead, of those that are kept: 404,410; or 'all'.")
]
RefuseNumber = Annotated[
    str | None,
    typer.Option("--refuse-number-in", help="Sets of numbers that calls are not let through to: dnc,tps; or 'none'."),
]
RefuseCli = Annotated[
    str | None,
    typer.Option("--refuse-cli-in", help="Sets of numbers that calls are not let through from: dno; or 'none'."),
]
DryRun = Annotated[bool | None, typer.Option("--dry-run/--enforce", help="Count, and refuse nothing.")]


@app.command()
def add(
    name: Name,
    rps: Limit = None,
    burst: Limit = None,
    daily: Limit = None,
    monthly: Limit = None,
    concurrent: Limit = None,
    card: Card = None,
    cards: Cards = None,
    network: Networks = None,
    profile: Profile = None,
    service: Services = None,
    asrplus: AsrplusMode = None,
    asrplus_in: AsrplusIn = None,
    asrplus_codes: AsrplusCodes = None,
    refuse_number_in: RefuseNumber = None,
    refuse_cli_in: RefuseCli = None,
    dry_run: DryRun = None,
    json: Json = False,
) -> None:
    """
    Add an account. A limit left out is none; the burst left out is that of a second.
    """
    from service.store.accounts import AccountError, Record, add_account
    from service.store.audit import person

    limits = {"rps": rps, "burst": burst, "daily": daily, "monthly": monthly, "concurrent": concurrent}
    record = _put(Record(name, created=int(time.time())), limits, card, cards, network, profile, service, dry_run)
    record = _put_asrplus(record, asrplus, asrplus_in, asrplus_codes)
    record = _put_refusing(record, refuse_number_in, refuse_cli_in)
    try:
        made = add_account(open_store(), record, person())
    except AccountError as error:
        fail(str(error), 2)
    _show(made, json=json)
    if not json:
        err.print(f"give it a key with: ratedip key new {name}", markup=False)


@app.command(name="set")
def change(
    name: Name,
    rps: Limit = None,
    burst: Limit = None,
    daily: Limit = None,
    monthly: Limit = None,
    concurrent: Limit = None,
    card: Card = None,
    cards: Cards = None,
    network: Networks = None,
    profile: Profile = None,
    service: Services = None,
    asrplus: AsrplusMode = None,
    asrplus_in: AsrplusIn = None,
    asrplus_codes: AsrplusCodes = None,
    refuse_number_in: RefuseNumber = None,
    refuse_cli_in: RefuseCli = None,
    dry_run: DryRun = None,
    json: Json = False,
) -> None:
    """
    Change what is named, and nothing else; live within two seconds.
    """
    limits = {"rps": rps, "burst": burst, "daily": daily, "monthly": monthly, "concurrent": concurrent}

    def changed(old: "Record") -> "Record":
        put = _put(old, limits, card, cards, network, profile, service, dry_run)
        put = _put_asrplus(put, asrplus, asrplus_in, asrplus_codes)
        return _put_refusing(put, refuse_number_in, refuse_cli_in)

    _change(name, changed, json=json)


@app.command()
def disable(name: Name, json: Json = False) -> None:
    """
    Refuse an account whatever it asks, until it is enabled again.
    """
    _change(name, lambda old: replace(old, disabled=True), json=json)


@app.command()
def enable(name: Name, json: Json = False) -> None:
    """
    Let a disabled account ask again.
    """
    _change(name, lambda old: replace(old, disabled=False), json=json)


@app.command(name="list")
def list_all(json: Json = False) -> None:
    """
    Every account and its plan.
    """
    from rich.table import Table

    from service.store.accounts import as_json, list_accounts

    records = [as_json(record) for record in list_accounts(open_store())]
    if json:
        print_json(records)
        return
    columns = list(WORDS.values())
    table = Table("account", "card", "cards", *WORDS, "state")
    for record in records:
        cards = record["cards"] if record["cards"] == "all" else ", ".join(record["cards"])
        limits = (f"{record['plan'][name]:,}" if name in record["plan"] else "–" for name in columns)
        table.add_row(record["name"], record["card"], cards, *limits, _state(record))
    out.print(table)


@app.command()
def show(name: Name, json: Json = False) -> None:
    """
    An account, what it has used of its plan, and its keys.
    """
    from service.manage.used import used_by
    from service.store.accounts import AccountError, as_json, find_account
    from service.store.keys import list_keys

    engine = open_store()
    try:
        record = find_account(engine, name)
    except AccountError as error:
        fail(str(error))
    settings = Settings()
    usage = used_by(record, engine, settings.redis_url.get_secret_value())
    held = [key_json(key) for key in list_keys(engine, name)]
    if json:
        print_json({**as_json(record), "usage": usage, "keys": held})
        return
    _show(record, json=False)
    _usage_table(usage)
    key_table(held)


def _change(name: str, changed: Any, *, json: bool) -> None:
    from service.store.accounts import AccountError, find_account, set_account
    from service.store.audit import person

    engine = open_store()
    try:
        record = set_account(engine, changed(find_account(engine, name)), person())
    except AccountError as error:
        fail(str(error), 2)
    _show(record, json=json)


def _put(
    record: "Record",
    limits: dict[str, str | None],
    card: str | None,
    cards: str | None,
    network: str | None,
    profile: str | None,
    services: list[str] | None,
    dry_run: bool | None,
) -> "Record":
    """
    A record with what was named put in place of what it was.
    """
    try:
        own = parse_limits(limits, record.plan.own)
        by_service = parse_services(services or [], record.plan.services)
        networks = record.networks if network is None else _networks(network)
    except ValueError as error:
        fail(str(error), 2)
    plan = replace(record.plan, own=own, services=by_service)
    return replace(
        record,
        plan=plan if dry_run is None else replace(plan, dry_run=dry_run),
        card=record.card if card is None else card,
        all_cards=record.all_cards if cards is None else cards == "all",
        cards=record.cards if cards is None else frozenset(_items(cards)) - {"all"},
        networks=networks,
        profile=record.profile if profile is None else _profile(profile),
    )


def _put_asrplus(record: "Record", mode: str | None, services: str | None, codes: str | None) -> "Record":
    """
    A record with what was named of ASRPlus put in place of what it was.
    """
    if mode is None and services is None and codes is None:
        return record
    from service.store.accounts import Asrplus

    before = record.asrplus or Asrplus()
    after = Asrplus(
        mode=before.mode if mode is None else mode,
        codes=before.codes if codes is None else _codes(codes),
        services=before.services if services is None else frozenset(_items(services)),
    )
    return replace(record, asrplus=after)


def _put_refusing(record: "Record", number: str | None, cli: str | None) -> "Record":
    """
    A record with the sets that were named put in place of those that were.
    """
    if number is None and cli is None:
        return record
    from service.store.accounts import RefusingSets

    before = record.refusing or RefusingSets()
    after = RefusingSets(
        before.number if number is None else frozenset(_items(number)),
        before.cli if cli is None else frozenset(_items(cli)),
    )
    return replace(record, refusing=after if after.number or after.cli else None)


def _codes(text: str) -> frozenset[int] | None:
    """
    Codes among those that are kept, for others would never be found.
    """
    from service.heard import policy_of, read_codes

    if text == "all":
        return None
    try:
        codes, kept = read_codes(text), policy_of(Settings()).failed
    except ValueError as error:
        fail(f"--asrplus-codes: {error}", 2)
    for code in sorted(codes - kept):
        known = ", ".join(map(str, sorted(kept)))
        fail(f"--asrplus-codes: {code} is not kept; RATEDIP_ASRPLUS_CODES says which are: {known}", 2)
    return codes


def _networks(text: str) -> frozenset[str]:
    from service.access.networks import read_network

    return frozenset(str(read_network(item)) for item in _items(text))


def _items(text: str) -> list[str]:
    return [] if text == "none" else [item.strip() for item in text.split(",") if item.strip()]


def _profile(name: str) -> dict[str, Any] | None:
    from service.cli.numbers import find_profile

    return None if name == "none" else find_profile(name).as_json()


def _show(record: "Record", *, json: bool) -> None:
    from service.store.accounts import as_json

    fields = as_json(record)
    if json:
        print_json(fields)
        return
    for name, value in fields.items():
        if value not in (None, [], {}, "", False):
            out.print(f"{name:>10}  {_said(name, value)}", markup=False)


def _said(name: str, value: Any) -> str:
    if name == "created":
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(value))
    if name == "profile":
        return str(value.get("name", "its own"))
    if isinstance(value, dict):
        short = {name: word for word, name in WORDS.items()}
        return ", ".join(f"{short.get(key, key)} {_said('', item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _state(record: dict[str, Any]) -> str:
    if record["disabled"]:
        return "disabled"
    return "dry run" if record["dry_run"] else ""


def _usage_table(usage: dict[str, Any]) -> None:
    from rich.table import Table

    if "error" in usage:
        err.print(f"what is used is not known: {usage['error']}", markup=False)
    if not usage["limits"]:
        return
    table = Table("limit", "service", "of", "used", "left", "resets")
    for row in usage["limits"]:
        resets = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(row["resets"]))
        counts = (f"{row[name]:,}" for name in ("limit", "used", "left"))
        table.add_row(f"a {row['per']}", row["service"] or "all", *counts, resets)
    out.print(table)
