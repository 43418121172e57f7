"""
A rates manager sees of two revisions what is new, gone, dearer, cheaper or merely moved, and what it does to a price.
"""

from typing import Any

import polars as pl
import pytest
from support.cards import sdf_rules

from ratecards.diff import KINDS, compare
from ratecards.model import Rule
from ratecards.money import parse_units
from ratecards.rules import to_frame

AT = 1000
UK = Rule("44", "UK", parse_units("0.01"), 0, 60, 60, 100)


def changed(rule: Rule, **fields: Any) -> Rule:
    return Rule(**{name: getattr(rule, name) for name in rule.__slots__} | fields)


def changes(old: list[Rule], new: list[Rule]) -> list[dict[str, Any]]:
    return compare(to_frame(old), to_frame(new), AT).changes.to_dicts()


@pytest.mark.parametrize(
    ("fields", "kind", "differs", "percent"),
    [
        ({"rate_units": parse_units("0.012")}, "raised", "price", "20"),
        ({"rate_units": parse_units("0.0099")}, "lowered", "price", "-1"),
        ({"rate_units": parse_units("0.01001"), "effective": 200}, "raised", "price, dates", "0.1"),
        ({"rate_units": 0}, "lowered", "price", "-100"),
        ({"mcd_s": 1}, "changed", "increments", "0"),
        ({"pulse_s": 1, "connect_fee_units": 5}, "changed", "connect fee, increments", "0"),
        ({"name": "United Kingdom"}, "changed", "name", "0"),
        ({"rate_intra_units": 5}, "changed", "jurisdictions", "0"),
        ({"blocked": True}, "changed", "blocked", None),
        ({"blocked": True, "rate_units": 1}, "changed", "price, blocked", None),
        ({"effective": 200}, "moved", "dates", "0"),
        ({"expires": 2000}, "moved", "dates", "0"),
    ],
)
def test_each_kind_of_change_has_its_name(fields: dict[str, Any], kind: str, differs: str, percent: str | None) -> None:
    """
    The price first, then other terms, then dates.
    """
    (row,) = changes([UK], [changed(UK, **fields)])
    assert (row["kind"], row["differs"], row["change_percent"]) == (kind, differs, percent)
    assert (row["old_row"], row["new_row"]) == (0, 0)


@pytest.mark.parametrize(
    ("old", "new", "percent"),
    [("3", "4", "33.33"), ("3", "5", "66.67"), ("8", "8.001", "0.01"), ("0", "1", None), ("30000", "29999", "0")],
)
def test_a_percentage_has_two_decimals_halves_away_from_zero(old: str, new: str, percent: str | None) -> None:
    """
    From 0 there is none.
    """
    (row,) = changes([changed(UK, rate_units=parse_units(old))], [changed(UK, rate_units=parse_units(new))])
    assert row["change_percent"] == percent


def test_nothing_changed_is_said_so() -> None:
    """
    In whatever order the rules stand.
    """
    other = changed(UK, prefix="49")
    diff = compare(to_frame([UK, other]), to_frame([other, UK]), AT)
    assert diff.changes.is_empty()
    assert diff.summary.as_json() == dict.fromkeys(KINDS, 0) | {
        "old_rules": 2,
        "new_rules": 2,
        "unchanged": 2,
        "destinations": 0,
    }


def test_a_removed_prefix_shows_what_serves_it_now() -> None:
    """
    The parent's price, and the change that comes with it.
    """
    leeds = Rule("44113", "UK Leeds", parse_units("0.008"))
    (row,) = changes([UK, leeds], [UK])
    assert (row["kind"], row["name"]) == ("removed", "UK Leeds")
    assert (row["served_prefix"], row["served_rate_units"], row["change_percent"]) == ("44", UK.rate_units, "25")


def test_a_new_prefix_shows_what_served_it_before() -> None:
    """
    A rule not yet in force serves nothing.
    """
    leeds = Rule("44113", "UK Leeds", parse_units("0.008"))
    future = Rule("4411", "UK North", 1, effective=AT + 1)
    (row,) = changes([UK, future], [UK, future, leeds])
    assert (row["kind"], row["served_prefix"], row["change_percent"]) == ("new", "44", "-20")


def test_what_nothing_serves_and_what_is_blocked_have_no_percentage() -> None:
    """
    A removed prefix without a parent is no longer reached; a blocked parent is no price.
    """
    (gone,) = changes([UK], [])
    assert (gone["served_prefix"], gone["change_percent"]) == (None, None)
    blocked = changed(UK, blocked=True)
    (under,) = changes([blocked, changed(UK, prefix="447")], [blocked])
    assert (under["served_prefix"], under["served_blocked"], under["change_percent"]) == ("44", True, None)


def test_a_price_announced_on_top_of_the_present_one_is_a_rise() -> None:
    """
    The present rule gets an end, which is a move in time; the rule to come is compared with it.
    """
    later = changed(UK, effective=2000, rate_units=parse_units("0.015"))
    ending, rise = changes([UK], [changed(UK, expires=2000), later])
    assert (ending["kind"], ending["new_row"]) == ("moved", 0)
    assert (rise["kind"], rise["change_percent"], rise["old_row"], rise["new_row"]) == ("raised", "50", None, 1)


@pytest.mark.parametrize(("start", "against"), [(250, 200), (350, 300), (50, 100)])
def test_a_rule_added_is_compared_with_the_last_that_starts_no_later(start: int, against: int) -> None:
    """
    With the first of all, where all start later.
    """
    dates = [changed(UK, effective=date, rate_units=date) for date in (100, 200, 300)]
    (row,) = changes(dates, [*dates, changed(UK, effective=start, rate_units=999)])
    assert (row["kind"], row["old_rate_units"], row["old_row"], row["new_row"]) == ("raised", against, None, 3)


def test_several_rules_a_prefix_are_paired_by_their_start_first() -> None:
    """
    A rule dropped from the middle leaves the others unchanged.
    """
    dates = [changed(UK, effective=start, rate_units=start) for start in (100, 200, 300)]
    (row,) = changes(dates, [dates[2], dates[0]])
    assert (row["kind"], row["old_row"], row["old_rate_units"]) == ("removed", 1, 200)


def test_rules_for_different_callers_are_never_compared() -> None:
    """
    Another origin is another rule.
    """
    rows = changes([changed(UK, origin="33")], [changed(UK, origin="49", rate_units=1)])
    assert [(row["kind"], row["origin"]) for row in rows] == [("removed", "33"), ("new", "49")]


def test_a_destination_sums_up_its_prefixes() -> None:
    """
    Blocked prices are no prices; the percentage is of the mean.
    """
    old = [Rule("441", "UK", 10), Rule("442", "UK", 20), Rule("443", "UK", 99, blocked=True), Rule("33", "France", 7)]
    new = [Rule("441", "UK", 12), Rule("442", "UK", 20), Rule("443", "UK", 99, blocked=True), Rule("444", "UK", 40)]
    diff = compare(to_frame(old), to_frame(new), AT)
    france, uk = diff.destinations.to_dicts()
    assert (france["name"], france["removed"], france["new_min_units"], france["change_percent"]) == (
        "France",
        1,
        None,
        None,
    )
    assert [uk[kind] for kind in KINDS] == [1, 0, 1, 0, 0, 0, 2]
    assert [uk[f"{side}_{end}_units"] for side in ("old", "new") for end in ("min", "max")] == [10, 20, 12, 40]
    assert uk["change_percent"] == "60"
    assert diff.summary.destinations == 2


def test_a_real_deck_raised_by_a_tenth_is_raised_by_10_percent_everywhere() -> None:
    """
    27,514 rules; a price of 0 is the only one that stays.
    """
    old = to_frame(sdf_rules())
    steps: list[tuple[int, int]] = []
    diff = compare(
        old, old.with_columns(pl.col("rate_units") * 11 // 10), AT, progress=lambda *step: steps.append(step)
    )
    free = int((old["rate_units"] == 0).sum())
    assert (diff.summary.raised, diff.summary.unchanged) == (old.height - free, free)
    assert set(diff.changes["change_percent"]) == {"10"}
    assert steps == [(n, 4) for n in range(1, 5)]
