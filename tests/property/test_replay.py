"""
A million calls rated at once come to what each comes to when it is rated by itself, slowly.
"""

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.oracle import Oracle

from ratecards.charge import billed_seconds
from ratecards.columns.segments import number_keys
from ratecards.compile import compile_card
from ratecards.exchange import convert_units
from ratecards.model import Caller, Rule, Terms
from ratecards.money import ROUNDINGS, Rounding
from ratecards.numbers import NumberError, normalise
from ratecards.replay import CALLS, VERDICTS, Calls, Replay, Side, Tally, lay_out, rate_calls
from ratecards.replay.cells import durations, numbers
from ratecards.replay.exact import converted
from ratecards.replay.refusals import Refusals
from ratecards.rules import to_frame

AT = 1000
SETTINGS = settings(deadline=None, max_examples=80)
FEWER = settings(deadline=None, max_examples=30)
TIMES = st.sampled_from([None, AT - 1, AT, AT + 1])
HALVES = st.integers(0, 9).map(lambda zeros: 5 * 10**zeros)
UNITS = st.one_of(st.integers(0, 10**12), HALVES, st.sampled_from([0, 1, 2**63 - 1]))
SECONDS = st.one_of(st.integers(0, 130), st.sampled_from([2**31 - 1]))
RULES = st.builds(
    Rule,
    st.text("019", min_size=1, max_size=5),
    st.sampled_from(["A", "B", ""]),
    UNITS,
    st.one_of(st.just(0), UNITS),
    SECONDS,
    st.one_of(st.integers(1, 61), st.just(2**31 - 1)),
    TIMES,
    TIMES,
    st.sampled_from([False, False, False, True]),
)
CARDS = st.lists(RULES, max_size=12, unique_by=lambda rule: (rule.prefix, rule.effective))
TERMS = st.builds(Terms, st.just("USD"), st.integers(0, 10), st.sampled_from(ROUNDINGS))
CALL = st.tuples(st.text("019", min_size=1, max_size=7), st.integers(AT - 2, AT + 2), st.integers(0, 3700))
MANY = st.lists(CALL, max_size=20)


def table(calls: list[tuple[str, int, int]], cli: str = "") -> pl.DataFrame:
    rows = [(line, number, 0, cli, "", at, seconds) for line, (number, at, seconds) in enumerate(calls, 2)]
    made = pl.DataFrame(rows, schema=CALLS, orient="row")
    return made.with_columns(number_keys(made["number"]).alias("key"))


def nearest(value: Fraction, mode: Rounding) -> int:
    """
    An exact value of 0 or more as an integer.
    """
    low, rest = floor(value), value - floor(value)
    half = Fraction(1, 2)
    up = {
        "up": rest > 0,
        "down": False,
        "half_up": rest >= half,
        "half_down": rest > half,
        "nearest": rest > half or (rest == half and low % 2 == 1),
    }
    return low + up[mode]


def cost(rule: Rule, seconds: int, terms: Terms) -> tuple[int, int]:
    """
    Billed seconds and units of 10**-10, as fractions have it.
    """
    if not seconds:
        return 0, 0
    more = max(0, ceil(Fraction(seconds - rule.mcd_s, rule.pulse_s)))
    billed = rule.mcd_s + more * rule.pulse_s
    step = 10 ** (10 - terms.precision)
    exact = rule.connect_fee_units + Fraction(rule.rate_units * billed, 60)
    return billed, nearest(exact / step, terms.rounding) * step


@SETTINGS
@given(card=CARDS, calls=MANY, terms=TERMS, ordered=st.booleans())
@example([Rule(prefix, "A", 1) for prefix in ("0", "09", "099", "0999")], [("1", AT, 1)], Terms(), True)
@example([Rule("0", "A", 30, mcd_s=0)], [("0", AT, 1), ("0", AT, 3)], Terms("USD", 10, "half_up"), True)
@example([Rule("0", "A", 30, mcd_s=0)], [("0", AT, 1), ("0", AT, 3)], Terms("USD", 10, "half_down"), True)
@example([Rule("0", "A", 30, mcd_s=0)], [("0", AT, 1), ("0", AT, 3)], Terms("USD", 10, "nearest"), True)
def test_each_call_gets_the_rule_the_seconds_and_the_cost_it_gets_by_itself(
    card: list[Rule], calls: list[tuple[str, int, int]], terms: Terms, ordered: bool
) -> None:
    """
    Whatever the dates of its rules, in every rounding, with sums that need 128 bits, in any order of calls.
    """
    flat, oracle = lay_out(to_frame(card), terms), Oracle(card)
    asked = table(calls).sort("key") if ordered else table(calls)
    got = rate_calls(flat, asked, asked["start"])
    for call, rated in zip(asked.iter_rows(named=True), got.iter_rows(named=True), strict=True):
        wanted = oracle.price(call["number"], call["start"])
        assert VERDICTS[rated["verdict"]] == wanted.verdict, call
        found = None if rated["row"] is None else flat.rules.row(rated["row"])
        assert found == (None if wanted.rule is None else to_frame([wanted.rule]).row(0))
        paid = wanted.rule is not None and wanted.verdict is None
        assert (rated["billed_s"], rated["cost_units"]) == (
            cost(wanted.rule, call["duration_s"], terms) if paid and wanted.rule else (None, None)
        )


@FEWER
@given(card=CARDS, calls=MANY, at=st.integers(AT - 2, AT + 2), again=st.integers(AT - 2, AT + 2))
def test_a_card_answers_the_same_at_an_instant_whatever_it_was_asked_before(
    card: list[Rule], calls: list[tuple[str, int, int]], at: int, again: int
) -> None:
    """
    What was worked out for one span of time is not used for another.
    """
    flat, asked = lay_out(to_frame(card), Terms()), table(calls)
    for moment in (at, again, at):
        moments = pl.Series([moment] * len(calls), dtype=pl.Int64)
        fresh = rate_calls(lay_out(to_frame(card), Terms()), asked, moments)
        assert rate_calls(flat, asked, moments).equals(fresh)


NANP = ["12125551234", "12242001234", "14165551234", "18005551234", "19995551234", "1212555123", "441132456789"]
AMERICAN = st.builds(
    Rule,
    st.sampled_from(["1", "1212", "121255", "1416", "4", "44"]),
    st.just("A"),
    st.integers(0, 5),
    origin=st.sampled_from(["", "local", "1242 1212", "international"]),
    rate_inter_units=st.sampled_from([None, 7]),
    rate_intra_units=st.sampled_from([None, 9]),
    rate_indeterminate_units=st.sampled_from([None, 11]),
    max_digits=st.sampled_from([None, None, 10]),
    effective=TIMES,
)


@SETTINGS
@given(
    card=st.lists(AMERICAN, max_size=6, unique_by=lambda rule: (rule.prefix, rule.origin, rule.max_digits)),
    calls=st.lists(st.tuples(*[st.sampled_from(["", *NANP])] * 2, st.sampled_from(NANP)), max_size=15),
    plain=st.booleans(),
    by_lrn=st.booleans(),
)
@example(
    [Rule("1", "A", 1, rate_intra_units=9, rate_indeterminate_units=11)],
    [("12125550000", "", number) for number in ("12125551234", "1212555123")],
    True,
    False,
)
def test_who_calls_matters_where_a_card_asks_for_it(
    card: list[Rule], calls: list[tuple[str, str, str]], plain: bool, by_lrn: bool
) -> None:
    """
    Jurisdiction, groups of callers, lengths of numbers and routing numbers are those of a look-up.
    """
    if plain:
        found = {rule.prefix: replace(rule, origin="", max_digits=None) for rule in card}
        card = list(found.values())
    terms = Terms(rates_by_lrn=by_lrn)
    flat, index = lay_out(to_frame(card), terms), compile_card(to_frame(card), terms)
    asked = table([(number, AT, 60) for *_, number in calls])
    asked = asked.with_columns(pl.Series("cli", [c for c, *_ in calls], pl.String))
    asked = asked.with_columns(pl.Series("lrn", [lrn for _, lrn, _ in calls], pl.String))
    got = rate_calls(flat, asked, asked["start"])
    for (cli, lrn, number), rated in zip(calls, got.iter_rows(named=True), strict=True):
        quote = index.quote(number, AT, Caller(cli, lrn))
        assert VERDICTS[rated["verdict"]] == quote.verdict
        if quote.rule is not None:
            assert rated["rate_units"] == quote.rate_units, (cli, lrn, number)
            assert flat.rules.row(rated["row"]) == to_frame([quote.rule]).row(0)


@SETTINGS
@given(
    units=st.lists(st.one_of(st.none(), st.integers(0, 2**90)), min_size=1, max_size=5),
    top=st.integers(1, 10**19),
    bottom=st.integers(1, 10**19),
)
@example([2**60, None], 3, 2)
def test_amounts_in_another_currency_are_rounded_once_half_up(units: list[int | None], top: int, bottom: int) -> None:
    """
    As one by one, whether 64, 128 or no bits at all hold the product.
    """
    factor = Fraction(top, bottom)
    wanted = [None if amount is None else convert_units(amount, factor) for amount in units]
    if max(amount or 0 for amount in wanted) < 2**100:
        assert converted(pl.Series("a", units, dtype=pl.Int128), factor).to_list() == wanted


@FEWER
@given(old=CARDS, new=CARDS, other=CARDS, calls=MANY, sells=st.booleans(), cut=st.integers(0, 12))
def test_rows_of_destinations_add_up_to_the_totals_and_both_to_the_calls(
    old: list[Rule], new: list[Rule], other: list[Rule], calls: list[tuple[str, int, int]], sells: bool, cut: int
) -> None:
    """
    To the last unit, in one piece or in two.
    """
    cards = [Side(lay_out(to_frame(card), Terms("USD", 4, "up"))) for card in (old, new, other)]
    replay = Replay(*cards, sells=sells)
    rows = table(calls)
    parts = [Calls(part, part.height, 0, Refusals()) for part in (rows[:cut], rows[cut:])]
    tally = replay.tally(parts[0]) + replay.tally(parts[1])
    by_name = replay.by_name(tally)
    whole = replay.tally(Calls(rows, rows.height, 0, Refusals()))
    assert (whole.total, whole.losers, replay.by_name(whole)) == (tally.total, tally.losers, by_name)
    for name, amount in tally.total.items():
        assert sum(sums[name] for sums in by_name.values()) == amount, name
    assert {n: dict(sums) for n, sums in by_name.items()} == _expected(old, new, other, calls, sells=sells)


def test_a_sum_that_64_bits_do_not_hold_is_exact_though_every_cost_in_it_is_small_enough() -> None:
    """
    Ten thousand calls of a price that 64 bits hold a hundred times over.
    """
    side, free = (Side(lay_out(to_frame([Rule("4", "A", rate)]), Terms("USD", 10))) for rate in (2**54, 0))
    rows = table([("4", AT, 60)] * 10_000)
    total = Replay(side, side, free).tally(Calls(rows, rows.height, 0, Refusals())).total
    assert (total["cost_before"], total["margin_after"]) == (2**54 * 10_000, -(2**54) * 10_000)


def _expected(
    old: list[Rule], new: list[Rule], other: list[Rule], calls: list[tuple[str, int, int]], *, sells: bool
) -> dict[str, dict[str, int]]:
    """
    The same sums, call by call.
    """
    terms, oracles = Terms("USD", 4, "up"), [Oracle(card) for card in (old, new, other)]
    found: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(Tally().total, 0))
    for number, at, seconds in calls:
        before, after, against = (oracle.price(number, at) for oracle in oracles)
        named = after.rule or before.rule
        sums = found[named.name if named else ""]
        sums["calls"] += 1
        sums["duration_s"] += seconds
        paid = {}
        for side, price in (("before", before), ("after", after), ("against", against)):
            rated = price.rule is not None and price.verdict is None
            paid[side] = cost(price.rule, seconds, terms) if rated and price.rule else None
            if side != "against":
                kind = "rated" if rated else "blocked" if price.verdict == "blocked" else "unpriced"
                sums[f"{kind}_{side}"] += 1
        for side in ("before", "after"):
            mine, theirs = paid[side], paid["against"]
            if mine is None:
                continue
            sums[f"billed_{side}_s"] += mine[0]
            sums[f"cost_{side}"] += mine[1]
            if theirs is not None:
                margin = (mine[1] - theirs[1]) * (1 if sells else -1)
                sums[f"compared_{side}"] += 1
                sums[f"margin_{side}"] += margin
                sums[f"losing_{side}"] += margin < 0
        for one, two, what in (("before", "after", "unpriced"), ("after", "before", "priced")):
            if paid[one] is not None and paid[two] is None:
                sums[f"newly_{what}"] += 1
                sums[f"newly_{what}_cost"] += paid[one][1]
    return dict(found)


def _alone(dialled: str) -> str | None:
    try:
        return normalise(dialled.strip())
    except NumberError:
        return None


@SETTINGS
@given(st.lists(st.text("0123456789+- ._()eE\u0661\x00", max_size=18), max_size=20))
@example(["+0044113", "044113", "44113 ", "1234567890123456", "4e3", "4_4", "+", "-44113", "00" + "4" * 15, "0", ""])
def test_many_dialled_strings_are_the_numbers_that_each_is(dialled: list[str]) -> None:
    """
    Those that are digits already are told by their integer, the others by a look-up's own way.
    """
    found = numbers(pl.Series("number", dialled, dtype=pl.String), None)
    assert found["value"].to_list() == [_alone(text) for text in dialled]
    assert found["reason"].is_null().to_list() == found["value"].is_not_null().to_list()


@SETTINGS
@given(st.lists(st.one_of(st.decimals(0, 10**6, places=3), st.integers(0, 10**9)).map(str), max_size=20))
def test_a_second_begun_counts_in_a_column_as_in_a_call(written: list[str]) -> None:
    """
    And what is longer than any call is none.
    """
    whole = [billed_seconds(Decimal(text), 0, 1) for text in written]
    found = durations(pl.Series("duration", written, dtype=pl.String))
    assert found["value"].to_list() == [seconds if seconds < 10**8 else None for seconds in whole]
