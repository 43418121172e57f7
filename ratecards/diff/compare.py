"""
Compare two revisions of a card, as a rates manager reads it: new, removed, raised, lowered, moved in time.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import polars as pl

from ratecards.columns.force import deciding, in_force
from ratecards.columns.tree import nearest, prefix_keys
from ratecards.diff.kinds import KINDS, beside, differs, kind_of, percent
from ratecards.diff.pairs import marked, paired

_STEPS = 4


@dataclass(frozen=True, slots=True)
class Summary:
    """
    How many rules are what; every rule of both revisions is counted in one of them, a pair once.
    """

    old_rules: int
    new_rules: int
    new: int
    removed: int
    raised: int
    lowered: int
    changed: int
    moved: int
    unchanged: int
    destinations: int

    def as_json(self) -> dict[str, int]:
        """
        Write the counts as a JSON object; ``destinations`` counts those with a change.
        """
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Diff:
    """
    Two revisions compared.

    Attributes:
        changes: a row for each rule that is not as it was, by prefix: ``prefix, origin, min_digits, max_digits, name,
            kind, differs`` (what differs, in words), ``change_percent`` (decimal text), each other column of a rule as
            ``old_`` and ``new_``, ``served_prefix, served_rate_units, served_blocked`` and ``old_row, new_row``, the
            rows of the tables given (null: not in that revision).
        destinations: a row for each name: a count a kind, ``old_min_units, old_max_units, new_min_units,
            new_max_units`` of the rules not blocked, and ``change_percent`` of their mean price.
        summary: the counts.

    """

    changes: pl.DataFrame
    destinations: pl.DataFrame
    summary: Summary


def compare(old: pl.DataFrame, new: pl.DataFrame, at: int, progress: Callable[[int, int], None] | None = None) -> Diff:
    """
    Compare two revisions of a card.

    A rule is paired with the one for the same prefix, callers, lengths and start; those left over on a prefix are
    paired in the order they start. A rule added to a prefix that had one is raised or lowered against the last that
    starts no later. A removed rule shows what serves its prefix in the new revision at the instant, which may be its
    parent, and a new one what served it in the old; of several rules in force there the one that starts last. The
    percentage is then against that. It has two decimals, halves away from zero; a price of 0 has none.

    Args:
        old: a table of :data:`ratecards.rules.SCHEMA`.
        new: another.
        at: unix seconds.
        progress: called with steps done and steps in all.

    Raises:
        PrefixError: a prefix is not 1 to 15 digits.

    """
    tell = progress or (lambda _done, _steps: None)
    pairs = paired(marked(old, "old_row"), marked(new, "new_row"))
    tell(1, _STEPS)
    rows = beside(pairs, old, new).with_columns(kind_of(), differs())
    tell(2, _STEPS)
    changes = rows.filter(pl.col("kind") != "unchanged").sort("prefix", "origin", "new_effective", "old_effective")
    changes = _served(changes, old, new, at).with_columns(percent(*_before_and_after()))
    tell(3, _STEPS)
    destinations = _destinations(rows)
    tell(4, _STEPS)
    return Diff(changes.drop("versus"), destinations, _summary(rows, destinations, old.height, new.height))


def _served(rows: pl.DataFrame, old: pl.DataFrame, new: pl.DataFrame, at: int) -> pl.DataFrame:
    """
    What serves a removed prefix now, and what served a new one before.
    """
    found = [
        _serving(rows.filter(pl.col("kind") == kind), card, row, at)
        for kind, card, row in (("removed", new, "old_row"), ("new", old, "new_row"))
    ]
    removed, added = (rows.join(serving, on=row, how="left", maintain_order="left") for serving, row in found)
    names = [name for name in removed.columns if name.startswith("served")]
    return rows.with_columns(removed[name].fill_null(added[name]) for name in names)


def _serving(rows: pl.DataFrame, card: pl.DataFrame, row: str, at: int) -> tuple[pl.DataFrame, str]:
    in_question = in_force(card, at) if rows.height else card.clear()
    rules = deciding(in_question).select("prefix", "rate_units", "blocked")
    place = nearest(prefix_keys(rows["prefix"]), prefix_keys(rules["prefix"]))
    serving = rules.select(pl.all().gather(place).name.prefix("served_"))
    return serving.with_columns(rows[row]), row


def _before_and_after() -> tuple[pl.Expr, pl.Expr]:
    """
    The two prices a percentage is of; none where either side is blocked.
    """
    served = pl.when(~pl.col("served_blocked")).then(pl.col("served_rate_units"))
    old = pl.when(~pl.col("old_blocked")).then(pl.col("old_rate_units"))
    new = pl.when(~pl.col("new_blocked")).then(pl.col("new_rate_units"))
    is_new, is_removed = pl.col("kind") == "new", pl.col("kind") == "removed"
    return pl.when(is_new).then(served).otherwise(old), pl.when(is_removed).then(served).otherwise(new)


def _destinations(rows: pl.DataFrame) -> pl.DataFrame:
    """
    Old prices count where the rule is of the old revision, new ones where it is of the new.
    """
    prices = rows.select(
        "name",
        "kind",
        pl.when(pl.col("old_row").is_not_null() & ~pl.col("old_blocked")).then(pl.col("old_rate_units")).alias("old"),
        pl.when(~pl.col("new_blocked")).then(pl.col("new_rate_units")).alias("new"),
    )
    counts = [(pl.col("kind") == kind).sum().alias(kind) for kind in KINDS]
    spans = [
        pl.col(side).min().alias(f"{side}_min_units") if least else pl.col(side).max().alias(f"{side}_max_units")
        for side in ("old", "new")
        for least in (True, False)
    ]
    old, new = (
        pl.col(side).cast(pl.Int128).sum() * pl.col(other).count() for side, other in (("old", "new"), ("new", "old"))
    )
    return prices.group_by("name").agg(*counts, *spans, percent(old, new)).sort("name")


def _summary(rows: pl.DataFrame, destinations: pl.DataFrame, old: int, new: int) -> Summary:
    counts = {kind: int((rows["kind"] == kind).sum()) for kind in KINDS}
    changed = destinations.filter(pl.sum_horizontal(KINDS[:-1]) > 0).height
    return Summary(old, new, **counts, destinations=changed)
