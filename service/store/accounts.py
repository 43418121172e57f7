"""
Accounts and their plans.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, Table, delete, select, update
from sqlalchemy.exc import IntegrityError

from service.quota.plan import Limits, Plan
from service.store.audit import record
from service.store.catalogue import grow_generation
from service.store.database import changing
from service.store.sets import MAX_SETS, missing_sets
from service.store.tables import account_cards, account_networks, accounts, service_limits

ACCOUNT_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
MAX_LIMIT = 10**12
ASRPLUS_MODES = ("off", "low", "on", "strict")
ASRPLUS_SERVICES = frozenset({"rate", "lcr"})
SET_KIND = "numbers"
"""Of the sets by which calls are refused."""
_OWN = [limit.name for limit in fields(Limits)]
_BY_SERVICE = [name for name in _OWN if name != "concurrent"]


class AccountError(ValueError):
    """
    A change of accounts or keys that cannot be made; nothing was changed.
    """


@dataclass(frozen=True, slots=True)
class Asrplus:
    """
    What numbers' last answers mean to an account.

    Attributes:
        mode: one of :data:`ASRPLUS_MODES`.
        codes: SIP codes that count as failed; None: all that are kept as such.
        services: of :data:`ASRPLUS_SERVICES`, those that refuse calls to dead numbers.
    """

    mode: str = "off"
    codes: frozenset[int] | None = None
    services: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RefusingSets:
    """
    Sets by which an account wants calls refused, by the names its credentials know.

    Attributes:
        number: that list numbers which are not to be called; ``cli``: which are not to appear as callers.
    """

    number: frozenset[str] = frozenset()
    cli: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Record:
    """
    An account as it is kept.

    Attributes:
        card: asked when a request names none; empty: none is.
        cards: others it may ask.
        all_cards: it may ask any.
        networks: addresses that are its credential, in CIDR notation.
        profile: JSON of how its numbers are normalised.
        created: unix seconds.
        asrplus: None: as by default, which is off.
        refusing: None: by no set.
    """

    name: str
    card: str = ""
    cards: frozenset[str] = frozenset()
    all_cards: bool = False
    networks: frozenset[str] = frozenset()
    profile: Mapping[str, Any] | None = None
    plan: Plan = field(default_factory=Plan)
    disabled: bool = False
    created: int = 0
    id: int = 0
    asrplus: Asrplus | None = None
    refusing: RefusingSets | None = None


def list_accounts(engine: Engine) -> list[Record]:
    """
    Every account, by name.
    """
    with engine.connect() as connection:
        rows = connection.execute(select(accounts).order_by(accounts.c.name)).mappings().all()
        cards = _several(connection, account_cards, "card")
        networks = _several(connection, account_networks, "network")
        limits = _limits(connection)
    return [_record(row, cards, networks, limits.get(row["id"], {})) for row in rows]


def find_account(engine: Engine, name: str) -> Record:
    """
    The account of a name.

    Raises:
        AccountError: there is none.
    """
    found = next((account for account in list_accounts(engine) if account.name == name), None)
    if found is None:
        raise AccountError(f"no account '{name}'")
    return found


def add_account(engine: Engine, account: Record, actor: str) -> Record:
    """
    Add an account.

    Args:
        account: its ``id`` is not looked at.
        actor: who adds it.

    Raises:
        AccountError: its name is taken or none, a limit makes no sense, or a network is another's.
    """
    _check(account)
    try:
        with changing(engine) as connection:
            _check_sets(connection, account.refusing)
            made = connection.execute(accounts.insert().values(**_values(account), created=account.created))
            number = made.inserted_primary_key[0] if made.inserted_primary_key else 0
            _put_parts(connection, number, account)
            _changed(connection, actor, "account.add", account, _told(account))
    except IntegrityError:
        raise AccountError(_taken(engine, account)) from None
    return find_account(engine, account.name)


def set_account(engine: Engine, account: Record, actor: str) -> Record:
    """
    Put an account of the same name in place of what it was.

    Raises:
        AccountError: as for :func:`add_account`, or there is none of this name.
    """
    _check(account)
    before = find_account(engine, account.name)
    try:
        with changing(engine) as connection:
            _check_sets(connection, account.refusing)
            connection.execute(update(accounts).where(accounts.c.id == before.id).values(**_values(account)))
            for table in (account_cards, account_networks, service_limits):
                connection.execute(delete(table).where(table.c.account_id == before.id))
            _put_parts(connection, before.id, account)
            _changed(connection, actor, "account.set", account, _differences(before, account))
    except IntegrityError:
        raise AccountError(_taken(engine, account)) from None
    return find_account(engine, account.name)


def as_json(account: Record) -> dict[str, Any]:
    """
    What people may see of an account.
    """
    return {
        "name": account.name,
        "card": account.card,
        "cards": "all" if account.all_cards else sorted(account.cards),
        "networks": sorted(account.networks),
        "profile": account.profile,
        "plan": limits_json(account.plan.own),
        "services": {service: limits_json(limits) for service, limits in sorted(account.plan.services.items())},
        "dry_run": account.plan.dry_run,
        "disabled": account.disabled,
        "created": account.created,
        **({} if account.asrplus is None else {"asrplus": asrplus_json(account.asrplus)}),
        **({} if account.refusing is None else {"refusing": refusing_json(account.refusing)}),
    }


def asrplus_json(asrplus: Asrplus) -> dict[str, Any]:
    """
    What people may see of it, and as it is kept.
    """
    codes = None if asrplus.codes is None else sorted(asrplus.codes)
    return {"mode": asrplus.mode, "codes": codes, "services": sorted(asrplus.services)}


def refusing_json(refusing: RefusingSets) -> dict[str, list[str]]:
    """
    What people may see of it, and as it is kept.
    """
    return {"number": sorted(refusing.number), "cli": sorted(refusing.cli)}


def limits_json(limits: Limits) -> dict[str, int]:
    """
    The limits that are set.
    """
    return {name: value for name, value in asdict(limits).items() if value is not None}


def _several(connection: Connection, table: Table, column: str) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for row in connection.execute(select(table)).mappings():
        found.setdefault(row["account_id"], []).append(row[column])
    return found


def _limits(connection: Connection) -> dict[int, dict[str, Limits]]:
    found: dict[int, dict[str, Limits]] = {}
    for row in connection.execute(select(service_limits)).mappings():
        limits = Limits(**{name: row[name] for name in _BY_SERVICE})
        found.setdefault(row["account_id"], {})[row["service"]] = limits
    return found


def _record(
    row: Mapping[Any, Any], cards: dict[int, list[str]], networks: dict[int, list[str]], services: dict[str, Limits]
) -> Record:
    own = Limits(**{name: row[name] for name in _OWN})
    return Record(
        name=row["name"],
        card=row["card"],
        cards=frozenset(cards.get(row["id"], ())),
        all_cards=row["all_cards"],
        networks=frozenset(networks.get(row["id"], ())),
        profile=None if row["profile"] is None else orjson.loads(row["profile"]),
        plan=Plan(own, services, dry_run=row["dry_run"]),
        disabled=row["disabled"],
        created=row["created"],
        id=row["id"],
        asrplus=None if row["asrplus"] is None else _asrplus(orjson.loads(row["asrplus"])),
        refusing=None if row["refusing"] is None else _refusing(orjson.loads(row["refusing"])),
    )


def _asrplus(said: dict[str, Any]) -> Asrplus:
    codes = None if said["codes"] is None else frozenset(said["codes"])
    return Asrplus(said["mode"], codes, frozenset(said["services"]))


def _refusing(said: dict[str, list[str]]) -> RefusingSets:
    return RefusingSets(frozenset(said["number"]), frozenset(said["cli"]))


def _values(account: Record) -> dict[str, Any]:
    own = {name: getattr(account.plan.own, name) for name in _OWN}
    profile = None if account.profile is None else orjson.dumps(account.profile).decode()
    plain = {name: getattr(account, name) for name in ("name", "card", "all_cards", "disabled")}
    asrplus = None if account.asrplus is None else orjson.dumps(asrplus_json(account.asrplus)).decode()
    refusing = None if account.refusing is None else orjson.dumps(refusing_json(account.refusing)).decode()
    more = {"dry_run": account.plan.dry_run, "asrplus": asrplus, "refusing": refusing}
    return {**plain, **own, "profile": profile, **more}


def _put_parts(connection: Connection, number: int, account: Record) -> None:
    rows: list[tuple[Table, list[dict[str, Any]]]] = [
        (account_cards, [{"card": card} for card in sorted(account.cards)]),
        (account_networks, [{"network": network} for network in sorted(account.networks)]),
        (
            service_limits,
            [
                {"service": service, **{name: getattr(limits, name) for name in _BY_SERVICE}}
                for service, limits in account.plan.services.items()
            ],
        ),
    ]
    for table, values in rows:
        if values:
            connection.execute(table.insert(), [{"account_id": number, **value} for value in values])


def _changed(connection: Connection, actor: str, action: str, account: Record, detail: dict[str, Any]) -> None:
    record(connection, actor, action, f"account {account.name}", **detail)
    grow_generation(connection)


def _told(account: Record) -> dict[str, Any]:
    """
    What the audit is told: what is set, and of a profile its name.
    """
    fields = as_json(account) | {"profile": account.profile and account.profile.get("name", "")}
    return {name: value for name, value in fields.items() if value not in (None, "", [], {}, False) and name != "name"}


def _differences(before: Record, after: Record) -> dict[str, Any]:
    old, new = _told(before), _told(after)
    return {name: new.get(name) for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)}


def _check(account: Record) -> None:
    if not ACCOUNT_NAME.fullmatch(account.name):
        raise AccountError(
            f"'{account.name}' is not an account name: lower-case letters, digits, dots, dashes; at most 64"
        )
    _check_asrplus(account.asrplus or Asrplus())
    _check_limits("", account.plan.own)
    for service, limits in account.plan.services.items():
        _check_limits(f"{service}: ", limits)


def _check_asrplus(asrplus: Asrplus) -> None:
    if asrplus.mode not in ASRPLUS_MODES:
        raise AccountError(f"asrplus is {asrplus.mode!r}, should be one of {', '.join(ASRPLUS_MODES)}")
    for service in sorted(asrplus.services - ASRPLUS_SERVICES):
        raise AccountError(f"asrplus refuses nothing in {service!r}, but in {', '.join(sorted(ASRPLUS_SERVICES))}")
    for code in sorted(asrplus.codes or ()):
        if not 300 <= code <= 699:
            raise AccountError(f"{code} is no SIP code of a failure, 300 to 699")


def _check_sets(connection: Connection, refusing: RefusingSets | None) -> None:
    """
    A list that is not there would refuse nobody, and nobody would notice.
    """
    named = RefusingSets() if refusing is None else refusing
    names = named.number | named.cli
    absent = {name for name in names if "/" in name}.union(missing_sets(connection, names, SET_KIND))
    if absent:
        raise AccountError(f"no set of numbers '{min(absent)}' is loaded")
    if len(names) > MAX_SETS:
        raise AccountError(f"more than {MAX_SETS} sets")


def _check_limits(where: str, limits: Limits) -> None:
    for name, value in asdict(limits).items():
        if value is not None and not 1 <= value <= MAX_LIMIT:
            raise AccountError(
                f"{where}{name} is {value}, should be from 1 to {MAX_LIMIT}; to stop an account, disable it"
            )
    if limits.per_second is None and limits.burst is not None:
        raise AccountError(f"{where}a burst is set, but no limit a second")
    if limits.per_second is not None and (limits.burst or 0) < limits.per_second:
        raise AccountError(
            f"{where}the burst is {limits.burst}, should be at least the {limits.per_second} of a second"
        )


def _taken(engine: Engine, account: Record) -> str:
    """
    What stands in the way of an account.
    """
    for other in list_accounts(engine):
        if other.name == account.name:
            continue
        shared = sorted(other.networks & account.networks)
        if shared:
            return f"the network {shared[0]} belongs to account '{other.name}'"
    return f"there is an account '{account.name}' already"
