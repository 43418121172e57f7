"""
A diff leaves nothing out and says nothing twice: applied to the old revision it gives the new one.
"""

from collections import Counter
from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from ratecards.diff import KINDS, Diff, compare
from ratecards.model import Rule
from ratecards.rules import SCHEMA, from_frame, to_frame

AT = 1000
TIMES = st.sampled_from([None, AT - 1, AT, AT + 1])
RULES = st.builds(
    Rule,
    st.text("01", min_size=1, max_size=3),
    st.sampled_from(["A", "B"]),
    st.integers(0, 3),
    st.integers(0, 1),
    effective=TIMES,
    expires=TIMES,
    blocked=st.booleans(),
    origin=st.sampled_from(["", "", "local"]),
    max_digits=st.sampled_from([None, None, 9]),
)
CARDS = st.lists(RULES, max_size=10)
SETTINGS = examples(150)
pytestmark = pytest.mark.many


@SETTINGS
@given(old=CARDS, new=CARDS)
def test_applied_to_the_old_revision_a_diff_gives_the_new_one(old: list[Rule], new: list[Rule]) -> None:
    """
    Rules that are not named stay; those named are taken out and put in.
    """
    diff = compare(to_frame(old), to_frame(new), AT)
    gone = set(diff.changes["old_row"].drop_nulls())
    stays = [rule for row, rule in enumerate(old) if row not in gone]
    assert Counter([*stays, *put_in(diff)]) == Counter(new)


def put_in(diff: Diff) -> list[Rule]:
    columns = {"prefix", "origin", "min_digits", "max_digits"}
    names = [name if name in columns else f"new_{name}" for name in SCHEMA.names()]
    rows = diff.changes.filter(pl.col("new_row").is_not_null()).select(names)
    return list(from_frame(rows.rename(dict(zip(names, SCHEMA.names(), strict=True)))))


@SETTINGS
@given(old=CARDS, new=CARDS)
def test_every_rule_is_counted_once(old: list[Rule], new: list[Rule]) -> None:
    """
    A pair counts for both revisions; the destinations add up to the same.
    """
    diff = compare(to_frame(old), to_frame(new), AT)
    counts = {kind: getattr(diff.summary, kind) for kind in KINDS}
    for row in ("old_row", "new_row"):
        rows = diff.changes[row].drop_nulls()
        assert rows.is_unique().all()
    paired = (
        diff.summary.unchanged
        + diff.changes.filter(pl.all_horizontal(pl.col("old_row", "new_row").is_not_null())).height
    )
    added = diff.changes.filter(pl.col("old_row").is_null()).height
    assert paired + counts["removed"] == len(old)
    assert paired + added == len(new)
    assert {kind: diff.destinations[kind].sum() for kind in KINDS} == counts


@SETTINGS
@given(card=CARDS, seed=st.randoms())
def test_a_revision_does_not_differ_from_itself(card: list[Rule], seed: Random) -> None:
    """
    Whatever the order of its rules.
    """
    shuffled = sorted(card, key=lambda _: seed.random())
    once = [rule for rule, count in Counter(key(rule) for rule in card).items() if count == 1]
    if len(once) == len(card):
        assert compare(to_frame(card), to_frame(shuffled), AT).changes.is_empty()


def key(rule: Rule) -> tuple[object, ...]:
    return rule.prefix, rule.origin, rule.max_digits, rule.effective


@SETTINGS
@given(old=CARDS, new=CARDS)
def test_what_is_new_one_way_round_is_gone_the_other(old: list[Rule], new: list[Rule]) -> None:
    """
    A rule that stands alone in one revision, on a prefix the other does not have.
    """
    there, back = (compare(to_frame(a), to_frame(b), AT).changes for a, b in ((old, new), (new, old)))
    for one, other, rules in ((there, back, old), (back, there, new)):
        prefixes = {rule.prefix for rule in rules}
        fresh = one.filter((pl.col("kind") == "new") & ~pl.col("prefix").is_in(list(prefixes)))
        gone = other.filter((pl.col("kind") == "removed") & ~pl.col("prefix").is_in(list(prefixes)))
        assert sorted(fresh["new_row"]) == sorted(gone["old_row"])
