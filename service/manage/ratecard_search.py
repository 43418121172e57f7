"""
Rules of a card, found by the name of a destination or by a prefix.
"""

import re
import time

import polars as pl

from ratecards.columns.force import in_force
from service.manage.ratecard_rules import KEPT, PRICES, rule_fields
from service.manage.ratecards import BadValueError, Shelf, revision_of
from service.render.table import FIRST_PAGE, Page, Row, Table

COLUMNS = (
    "place", "serves", "in_force", "prefix", "name", "rate", "connect_fee", "mcd", "pulse", "billing", "effective",
    "expires", "blocked", "origin", "rate_inter", "rate_intra", "rate_indeterminate", "min_length", "max_length",
)  # fmt: skip
_PREFIX = re.compile(r"\+?([0-9]{1,15})", re.ASCII)
_ROW = "row"


def search_view(
    shelf: Shelf,
    card: str,
    *,
    name: str | None = None,
    prefix: str | None = None,
    at: int | None = None,
    revision: int | None = None,
    page: Page = FIRST_PAGE,
) -> Table:
    """
    Rules by prefix and start.

    Args:
        name: part of a destination's name, in capitals or not.
        prefix: rules at it, above it (what serves it where it has none), and below it.
        at: unix seconds; only rules that hold then; None: all, and those that hold now are marked.
        revision: None: the one that answers.

    Raises:
        BadValueError: neither a name nor a prefix, both, or a prefix that is none.
    """
    digits = _digits(prefix) if prefix is not None else None
    if (name is None) == (prefix is None):
        raise BadValueError("name", "is wanted, or 'prefix'; one of them")
    found = revision_of(shelf, card, revision)
    moment = int(time.time()) if at is None else at
    rules = KEPT.of(shelf, found)
    rules = rules.filter(_named(name) if digits is None else _around(digits))
    if at is not None:
        rules = in_force(rules, at)
    rules = rules.sort("prefix", "effective", "origin", nulls_last=False).with_row_index(_ROW)
    shown = rules.slice(page.start, page.size)
    holding = set(in_force(shown, moment)[_ROW])
    serving = set() if digits is None else _serving(rules, digits, moment)
    rows = [_row(rule, digits, holding, serving) for rule in shown.iter_rows(named=True)]
    about = {"card": card, "revision": found.number, "currency": found.currency, "at": moment}
    return Table("rules", COLUMNS, rows, rules.height, page, about, PRICES)


def _digits(prefix: str) -> str:
    match = _PREFIX.fullmatch(prefix)
    if match is None:
        raise BadValueError("prefix", "is not 1 to 15 digits")
    return match.group(1)


def _named(name: str | None) -> pl.Expr:
    return pl.col("name").str.to_lowercase().str.contains((name or "").lower(), literal=True)


def _around(digits: str) -> pl.Expr:
    above = [digits[:length] for length in range(1, len(digits))]
    return pl.col("prefix").str.starts_with(digits) | pl.col("prefix").is_in(above)


def _serving(rules: pl.DataFrame, digits: str, at: int) -> set[int]:
    """
    Rules of the longest prefix at or above the one asked that has some in force: a call there is decided by them.
    """
    above = [digits[:length] for length in range(1, len(digits) + 1)]
    holding = in_force(rules, at).filter(pl.col("prefix").is_in(above))
    longest = holding["prefix"].str.len_bytes().max()
    return set(holding.filter(pl.col("prefix").str.len_bytes() == longest)[_ROW]) if holding.height else set()


def _row(rule: dict[str, object], digits: str | None, holding: set[int], serving: set[int]) -> Row:
    number, prefix = int(str(rule[_ROW])), str(rule["prefix"])
    places = {True: "at", False: "below" if digits is None or len(prefix) > len(digits) else "above"}
    marks = {
        "place": None if digits is None else places[prefix == digits],
        "serves": None if digits is None else number in serving,
        "in_force": number in holding,
    }
    return marks | rule_fields(rule)
