"""
Very many calls rated on one card at once.
"""

from bisect import bisect_left

import polars as pl

from ratecards.columns.segments import number_keys
from ratecards.jurisdiction import Places
from ratecards.layout import JURISDICTIONS
from ratecards.model import Caller, Rule, Verdict
from ratecards.replay.exact import billed_seconds, costs
from ratecards.replay.flat import EXPIRED, FlatCard
from ratecards.replay.jurisdictions import rates_of
from ratecards.rules import SCHEMA

CALLS = pl.Schema(
    {
        "line": pl.Int64(),
        "number": pl.String(),
        "key": pl.Int64(),
        "cli": pl.String(),
        "lrn": pl.String(),
        "start": pl.Int64(),
        "duration_s": pl.Int64(),
    }
)
"""
A call a row: the line it stands on; E.164 digits, and what :func:`ratecards.columns.segments.number_keys` makes of
them; who calls and the location routing number, empty where they are not known; unix seconds; whole seconds, one begun
counted.
"""
VERDICTS = (None, Verdict.NO_RATE, Verdict.EXPIRED, Verdict.BLOCKED)
PRICED, _NO_RATE, _EXPIRED, BLOCKED = range(4)
"""Places in :data:`VERDICTS`."""
_PRICES = ("rate_units", "connect_fee_units", "mcd_s", "pulse_s")


def rate_calls(card: FlatCard, calls: pl.DataFrame, at: pl.Series, places: Places | None = None) -> pl.DataFrame:
    """
    Rate calls, each as :meth:`ratecards.index.CardIndex.quote` and :mod:`ratecards.charge` would.

    Args:
        card: which.
        calls: a table of :data:`CALLS`; rated quickest where it is sorted by ``key``.
        at: unix seconds at which each is rated.
        places: where North American numbers are; the bundled table when left out.

    Returns:
        As many rows in the same order: ``row`` of the rule in the card's table (null: none), ``verdict`` (UInt8, of
        :data:`VERDICTS`), ``rate_units``, ``billed_s`` and ``cost_units`` (Int64 or Int128), null without a price.
    """
    found = (_ask_each if card.picks_rule else _look_up)(card, calls, at, places)
    priced = pl.col("verdict") == PRICED
    prices = [pl.when(priced).then(pl.col(name)).alias(name) for name in _PRICES]
    rated = found.with_columns(*prices, calls["duration_s"]).with_columns(billed_s=billed_seconds())
    return rated.select("row", "verdict", "rate_units", "billed_s").with_columns(costs(rated, card.terms))


def _look_up(card: FlatCard, calls: pl.DataFrame, at: pl.Series, places: Places | None) -> pl.DataFrame:
    """
    The prices of calls whose rule is found by number and time.
    """
    rated, keys = _rated(card, calls)
    rows = card.rows_of(keys, at)
    row = rows.to_frame("row").select(pl.when(pl.col("row") >= 0).then("row"))["row"]
    more = JURISDICTIONS if card.has_jurisdictions else ()
    about = card.rules.select(*_PRICES, "blocked", *more).select(pl.all().gather(row))
    if card.has_jurisdictions:
        about = about.with_columns(rates_of(about, calls["cli"], rated, places))
    verdict = (
        pl.when("blocked").then(BLOCKED).when(pl.col("blocked").not_()).then(PRICED)
        .when(rows == EXPIRED).then(_EXPIRED).otherwise(_NO_RATE).cast(pl.UInt8)
    )  # fmt: skip
    return about.with_columns(row, verdict=verdict)


def _rated(card: FlatCard, calls: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """
    The numbers that are rated, and their keys.
    """
    dipped = calls["lrn"] != ""
    if not card.terms.rates_by_lrn or not dipped.any():
        return calls["number"], calls["key"]
    numbers = calls["lrn"].zip_with(dipped, calls["number"])
    return numbers, number_keys(numbers)


def _ask_each(card: FlatCard, calls: pl.DataFrame, at: pl.Series, places: Places | None) -> pl.DataFrame:
    """
    The same where who calls matters: each different call is asked for by itself.
    """
    asked = calls.select("number", "cli", "lrn", at=at)
    known = asked.unique()
    rows = _Rows(card)
    answers = [rows.ask(number, when, Caller(cli, lrn), places) for number, cli, lrn, when in known.iter_rows()]
    schema = {"row": pl.Int32, "rate_units": pl.Int64, "verdict": pl.UInt8}
    found = pl.concat([known, pl.DataFrame(answers, schema=schema, orient="row")], how="horizontal")
    each = asked.join(found, on=["number", "cli", "lrn", "at"], how="left", maintain_order="left")
    rest = card.rules.select(_PRICES[1:]).select(pl.all().gather(each["row"]))
    return each.select("row", "rate_units", "verdict").hstack(rest)


class _Rows:
    """
    Finds the rows of the rules that quotes name.
    """

    def __init__(self, card: FlatCard) -> None:
        self._card = card
        self._known: dict[Rule, int] = {}

    def ask(self, number: str, at: int, caller: Caller, places: Places | None) -> tuple[int | None, int | None, int]:
        """
        Row, rate and verdict of one call.
        """
        quote = self._card.index.quote(number, at, caller, places)
        row = None if quote.rule is None else self._row(quote.rule)
        return row, None if quote.verdict else quote.rate_units, VERDICTS.index(quote.verdict)

    def _row(self, rule: Rule) -> int:
        row = self._known.get(rule)
        if row is None:
            row = self._known[rule] = self._find(rule)
        return row

    def _find(self, rule: Rule) -> int:
        wanted = tuple(getattr(rule, name) for name in SCHEMA.names())
        row = bisect_left(self._card.prefixes, rule.prefix)
        while self._card.rules.row(row) != wanted:
            row += 1
        return row
