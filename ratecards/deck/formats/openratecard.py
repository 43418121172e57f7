"""
Open Rate Card documents, version 1: JSON with the columns in ``fields`` and the rows in ``rates``.

Source: connexcs/open-rate-card, SPECIFICATION.md and CARD-TYPES.md of version 1.0.0.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import polars as pl

from ratecards.deck.errors import DeckError
from ratecards.deck.grid import MAX_COLUMNS, MAX_ROWS, BrokenLine, CardFacts, Sheet, stripped
from ratecards.money import ROUNDINGS

MAX_BYTES = 256 * 2**20
"""Bytes of a document; as Python objects it takes ten times as much."""

MAX_CARDS = 1_000
"""Cards of one document."""

_VOICE = ("voice", "fax")
_DEFAULTS = {"default_initial": "mcd", "default_pulse": "pulse", "connection": "connect_fee"}
_FACTS = {"effective_date": "effective", "expiry_date": "expires", "timezone": "timezone"}
_DIRECTIONS = ("outbound", "inbound", "bidirectional")
_NUMBER = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)


class _Number(str):
    """
    A JSON number as it is written.
    """

    __slots__ = ()


def read_document(data: bytes) -> list[Sheet]:
    """
    Read the cards of a document, one sheet each; the line of a row is its place in ``rates``, from 1.

    Raises:
        DeckError: no JSON, or no such document.
    """
    if len(data) > MAX_BYTES:
        raise DeckError(f"is a JSON document larger than {MAX_BYTES >> 20} MiB")
    try:
        document = json.loads(data, parse_float=_Number, parse_int=_Number, parse_constant=_Number)
    except RecursionError:
        raise DeckError("is JSON nested too deep") from None
    except json.JSONDecodeError as error:
        raise DeckError(f"is no JSON: {error.msg} in line {error.lineno}, column {error.colno}") from None
    if not isinstance(document, dict) or not isinstance(document.get("cards"), dict):
        raise DeckError("is JSON, but no open rate card: it has no 'cards'")
    version = str(document.get("schema_version", ""))
    if not re.fullmatch(r"1(\.[0-9]+)*", version, re.ASCII):
        raise DeckError(f"is an open rate card of schema version '{version[:20]}'; only version 1 is read")
    if len(document["cards"]) > MAX_CARDS:
        raise DeckError(f"is an open rate card of more than {MAX_CARDS:,} cards")
    if not document["cards"]:
        raise DeckError("is an open rate card without a card")
    return [_card(_encodable(name), card, _stated(document)) for name, card in document["cards"].items()]


def _stated(document: dict[str, Any]) -> dict[str, str]:
    return {field: _encodable(document[key]) for key, field in _FACTS.items() if isinstance(document.get(key), str)}


def _card(name: str, card: Any, stated: dict[str, str]) -> Sheet:
    refusal = _why_not(card)
    if refusal is not None:
        return Sheet(name, pl.DataFrame(), pl.Series(dtype=pl.UInt32), refusal=refusal)
    header = [_encodable(str(field.get("name", ""))) for field in card["fields"]]
    rows, lines, broken = _rows(card["rates"], header)
    schema = {str(i): pl.String for i in range(len(header))}
    cells = pl.DataFrame([header, *rows], schema=schema, orient="row")
    return Sheet(
        name,
        stripped(cells),
        pl.Series([0, *lines], dtype=pl.UInt32),
        tuple(broken),
        stated={**stated, **_terms(card)},
        header_given=True,
        facts=_facts(card),
    )


def _facts(card: dict[str, Any]) -> CardFacts:
    charge = card["charge"] if isinstance(card.get("charge"), dict) else {}
    precision, rounding, direction = str(charge.get("precision")), charge.get("rounding"), card.get("direction")
    tech_prefix = str(card.get("tech_prefix"))
    return CardFacts(
        title=_encodable(str(card.get("name", ""))),
        direction=direction if direction in _DIRECTIONS else None,
        tech_prefix=tech_prefix if re.fullmatch("[0-9]{1,15}", tech_prefix, re.ASCII) else None,
        precision=int(precision) if re.fullmatch("[0-9]|10", precision, re.ASCII) else None,
        rounding=rounding if rounding in ROUNDINGS else None,
    )


def _why_not(card: Any) -> str | None:
    if not isinstance(card, dict):
        return "is no card"
    kind, traffic = card.get("type", "termination"), card.get("traffic_type", "voice")
    if kind == "messaging" or traffic not in _VOICE:
        return f"is a card of {traffic!r:.20} ({kind!r:.20}), not of calls"
    if not isinstance(card.get("fields"), list) or not isinstance(card.get("rates"), list):
        return "has no 'fields' and 'rates' of its own" + _elsewhere(card)
    if not all(isinstance(field, dict) for field in card["fields"]) or not 0 < len(card["fields"]) <= MAX_COLUMNS:
        return "has 'fields' that name no columns"
    return f"has more than {MAX_ROWS:,} rates" if len(card["rates"]) > MAX_ROWS else None


def _elsewhere(card: dict[str, Any]) -> str:
    return "; they are at an address, which is not fetched" if "rate_card" in card else ""


def _rows(rates: list[Any], header: list[str]) -> tuple[list[list[str | None]], list[int], list[BrokenLine]]:
    rows, lines, broken = [], [], []
    for line, rate in enumerate(rates, start=1):
        if not isinstance(rate, list) or len(rate) != len(header):
            count = f"{len(rate)} columns" if isinstance(rate, list) else "no columns"
            broken.append(
                BrokenLine(line, _encodable(str(rate)[:200]), f"has {count} where 'fields' has {len(header)}")
            )
            continue
        rows.append([_text(cell) for cell in rate])
        lines.append(line)
    return rows, lines, broken


def _text(cell: Any) -> str | None:
    if cell is None:
        return None
    if cell.__class__ is str:
        return _encodable(cell)
    if cell.__class__ is _Number:
        return _plain(cell)
    return json.dumps(cell)


def _encodable(text: str) -> str:
    # JSON can hold half of a surrogate pair, which no text can.
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _plain(number: str) -> str:
    if "e" not in number and "E" not in number:
        return str(number)
    return format(Decimal(number), "f") if _NUMBER.fullmatch(number) else str(number)


def _terms(card: dict[str, Any]) -> dict[str, str]:
    terms = dict(_defaults(card.get("rate")))
    if isinstance(card.get("currency"), str):
        terms["currency"] = _encodable(card["currency"])
    return terms


def _defaults(rate: Any) -> Iterator[tuple[str, str]]:
    if isinstance(rate, dict):
        for key, field in _DEFAULTS.items():
            if isinstance(rate.get(key), _Number):
                yield field, _plain(rate[key])
