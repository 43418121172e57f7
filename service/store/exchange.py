"""
Rates of exchange: what one unit of the base currency buys in others. Their history is in the audit.
"""

import time
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Engine, delete, select

from ratecards.exchange import Exchange, ExchangeError
from service.store.audit import SYSTEM, record
from service.store.catalogue import grow_generation
from service.store.database import changing
from service.store.tables import exchange_rates

BASE = "USD"
"""The base currency while nobody has said another."""


@dataclass(frozen=True, slots=True)
class Rate:
    """
    One rate of exchange.

    Attributes:
        currency: ISO 4217 code.
        per_base: units of it that one unit of the base buys, the decimal text as it was given.
        base: ISO 4217 code, the same for all rates.
        at: unix seconds it was given.
    """

    currency: str
    per_base: str
    base: str
    at: int


def list_rates(engine: Engine) -> list[Rate]:
    """
    Every rate of exchange, by currency.
    """
    with engine.connect() as connection:
        return _rates(connection)


def read_exchange(engine: Engine) -> Exchange:
    """
    All of them, to convert with.
    """
    rates = list_rates(engine)
    base = rates[0].base if rates else BASE
    return Exchange.from_json({"base": base, "per_base": {rate.currency: rate.per_base for rate in rates}})


def set_rate(engine: Engine, currency: str, per_base: str, base: str | None = None, actor: str = SYSTEM) -> Rate:
    """
    Give a currency its rate of exchange, in place of the one it had.

    Args:
        engine: the store.
        currency: ISO 4217 code.
        per_base: units of it that one unit of the base buys: a plain decimal.
        base: ISO 4217 code; None: that of the other rates, or :data:`BASE`.
        actor: who says so.

    Raises:
        ExchangeError: it is no rate of exchange, or the other rates have another base; nothing was changed.
    """
    with changing(engine) as connection:
        known = _rates(connection)
        others = {rate.base for rate in known if rate.currency != currency}
        base = base or next(iter(others or {rate.base for rate in known}), BASE)
        _check(currency, per_base, base, others)
        rate = Rate(currency, per_base, base, int(time.time()))
        before = next((old.per_base for old in known if old.currency == currency), None)
        connection.execute(delete(exchange_rates).where(exchange_rates.c.currency == currency))
        connection.execute(exchange_rates.insert().values(**asdict(rate)))
        _changed(connection, actor, "exchange.set", currency, per_base=per_base, base=base, before=before)
    return rate


def drop_rate(engine: Engine, currency: str, actor: str = SYSTEM) -> bool:
    """
    Forget the rate of a currency; False: it had none.
    """
    with changing(engine) as connection:
        dropped = delete(exchange_rates).where(exchange_rates.c.currency == currency)
        gone = connection.execute(dropped).rowcount > 0
        if gone:
            _changed(connection, actor, "exchange.drop", currency)
        return gone


def _rates(connection: Connection) -> list[Rate]:
    rows = connection.execute(select(exchange_rates)).mappings()
    return sorted((Rate(**row) for row in rows), key=lambda rate: rate.currency)


def _check(currency: str, per_base: str, base: str, others: set[str]) -> None:
    Exchange.from_json({"base": base, "per_base": {currency: per_base}})
    if currency == base:
        raise ExchangeError(f"{base} is the base currency; give the rates of the others")
    if others - {base}:
        raise ExchangeError(f"the other rates of exchange are per {min(others)}, not per {base}")


def _changed(connection: Connection, actor: str, action: str, currency: str, **detail: Any) -> None:
    record(connection, actor, action, f"exchange {currency}", **detail)
    grow_generation(connection)
