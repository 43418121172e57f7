"""
What became of a rule: its kind of change, what differs, and by how many percent.
"""

import polars as pl

from ratecards.layout import JURISDICTIONS
from ratecards.rules import SCHEMA

KINDS = ("new", "removed", "raised", "lowered", "changed", "moved", "unchanged")
"""``changed``: other terms at the same price; ``moved``: other dates and nothing else."""
_COMPARED = [name for name in SCHEMA.names() if name not in {"prefix", "origin", "min_digits", "max_digits"}]
_DIFFERENCES = {
    "price": ("rate_units",),
    "connect fee": ("connect_fee_units",),
    "increments": ("mcd_s", "pulse_s"),
    "blocked": ("blocked",),
    "jurisdictions": JURISDICTIONS,
    "name": ("name",),
    "dates": ("effective", "expires"),
}


def beside(pairs: pl.DataFrame, old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    before = old.select(pl.col(SCHEMA.names()).gather(pairs["versus"]))
    after = new.select(pl.col(SCHEMA.names()).gather(pairs["new_row"]))
    there = pairs["new_row"].is_not_null()
    either = [after[name].zip_with(there, before[name]) for name in ("prefix", "origin", "min_digits", "max_digits")]
    name = after["name"].zip_with(there, before["name"])
    return pl.DataFrame(
        [
            *either,
            name,
            *(before[name].alias(f"old_{name}") for name in _COMPARED),
            *(after[name].alias(f"new_{name}") for name in _COMPARED),
            *pairs,
        ]
    )


def _differ(columns: tuple[str, ...]) -> pl.Expr:
    return pl.any_horizontal(pl.col(f"old_{name}").ne_missing(pl.col(f"new_{name}")) for name in columns)


def kind_of() -> pl.Expr:
    """
    A price that is blocked on both sides is nobody's; a block set or lifted says more than any price.
    """
    old, new = pl.col("old_rate_units"), pl.col("new_rate_units")
    open_ = ~(pl.col("old_blocked") | pl.col("new_blocked"))
    terms = tuple(name for name in _COMPARED if name not in _DIFFERENCES["dates"])
    kind = (
        pl.when(pl.col("new_row").is_null())
        .then(pl.lit("removed"))
        .when(pl.col("versus").is_null())
        .then(pl.lit("new"))
        .when(open_ & (new > old))
        .then(pl.lit("raised"))
        .when(open_ & (new < old))
        .then(pl.lit("lowered"))
        .when(_differ(terms))
        .then(pl.lit("changed"))
        .when(_differ(_DIFFERENCES["dates"]) | pl.col("old_row").is_null())
        .then(pl.lit("moved"))
        .otherwise(pl.lit("unchanged"))
    )
    return kind.alias("kind")


def differs() -> pl.Expr:
    paired = pl.col("new_row").is_not_null() & pl.col("versus").is_not_null()
    words = [pl.when(paired & _differ(columns)).then(pl.lit(word)) for word, columns in _DIFFERENCES.items()]
    return pl.concat_str(words, separator=", ", ignore_nulls=True).alias("differs")


def percent(before: pl.Expr, after: pl.Expr) -> pl.Expr:
    """
    ``after`` over ``before``, less one, in percent, as decimal text.
    """
    wide, change = before.cast(pl.Int128), after.cast(pl.Int128) - before.cast(pl.Int128)
    hundredths = pl.when(wide > 0).then((change.abs() * 20_000 + wide) // (wide * 2))
    whole = (hundredths // 100).cast(pl.String)
    decimals = (hundredths % 100).cast(pl.String).str.zfill(2)
    sign = pl.when((change < 0) & (hundredths > 0)).then(pl.lit("-")).otherwise(pl.lit(""))
    text = (sign + whole + "." + decimals).str.strip_chars_end("0").str.strip_chars_end(".")
    return text.alias("change_percent")
