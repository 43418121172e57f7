"""
Many call records at once: those that are plainly right are checked by the column, all others one by one.

Reading a record by itself takes twenty times as long. A column is let through only where reading it by itself would
give the same; whatever is written in another way, or wrong, goes the slow way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any, Self

import polars as pl

from service.manage.cdr_fields import (
    FIELDS,
    LENGTHS,
    MAX_PDD_MS,
    MAX_START_S,
    WITHHELD,
    RefusedError,
    Sender,
    read_record,
)
from service.store.records_keep import SCHEMA

Columns = Mapping[str, Sequence[Any]]
"""Values by name of the field, all of one length; a field nobody names may be left out."""
_TEXTS = {str, type(None)}
_STRANGE = "\0"
"""Stands for a value that is neither text nor number: no check lets it through."""
_PLAIN = r"^(?:[!-~](?:[ -~]*[!-~])?)?$"
_NUMBER = r"^\+?[1-9][0-9]{0,14}$"
_WITHHELD = f"(?i)^(?:{'|'.join(filter(None, WITHHELD))})$"
_NO_NUMBER = r"^[!-~]{0,32}[A-Za-z][!-~]{0,31}$"
"""No telephone number has a letter."""
_UNIX = r"^[0-9]{1,10}(?:\.[0-9]{1,9})?$"
_ISO = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-5][0-9](?:\.[0-9]{1,6})?Z?$"
_SECONDS = r"^[0-9]{1,8}(?:\.[0-9]{1,3})?$"


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    Attributes:
        place: of the record in what was sent: the number of its line, or its place in a list, from 1.
        is_missing: a field that must be there is not.
    """

    place: int
    name: str
    why: str
    is_missing: bool = False

    @classmethod
    def of(cls, error: RefusedError, place: int) -> Self:
        return cls(place, error.name, error.why, error.is_missing)

    def as_json(self) -> dict[str, Any]:
        return {"line": self.place, "reason": f"{self.name} {self.why}" if self.name else self.why}


@dataclass(frozen=True, slots=True)
class Batch:
    """
    Records that were read.

    Attributes:
        rows: of :data:`service.store.records_keep.SCHEMA`, to be kept.
        places: of those, in what was sent.
        ignored: events that tell nothing of a call's set-up.
    """

    rows: pl.DataFrame
    places: list[int]
    refusals: list[Refusal] = field(default_factory=list)
    ignored: int = 0

    @classmethod
    def empty(cls) -> Self:
        return cls(pl.DataFrame([], SCHEMA), [])

    def also(self, refusals: list[Refusal], ignored: int = 0) -> "Batch":
        """
        The same with more that is not to be kept.
        """
        return replace(self, refusals=self.refusals + refusals, ignored=self.ignored + ignored)


def read_columns(said: Columns, places: Sequence[int], sender: Sender, *, plain: bool = True) -> Batch:
    """
    Read records.

    Args:
        places: of each in what was sent.
        plain: those that are plainly right need not be read one by one.
    """
    quick, is_right = (
        _checked(said, len(places), sender) if plain else (pl.DataFrame([], SCHEMA), [False] * len(places))
    )
    rows, kept, refusals = [], [], []
    for index in (i for i, right in enumerate(is_right) if not right):
        try:
            rows.append(read_record({name: values[index] for name, values in said.items()}, sender))
            kept.append(places[index])
        except RefusedError as error:
            refusals.append(Refusal.of(error, places[index]))
    right = [place for place, is_fine in zip(places, is_right, strict=True) if is_fine]
    if not rows:
        return Batch(quick, right, refusals)
    return _in_order(pl.concat([quick, pl.DataFrame(rows, SCHEMA, orient="row")]), right + kept, refusals)


def _in_order(rows: pl.DataFrame, places: list[int], refusals: list[Refusal]) -> Batch:
    """
    As they were sent: of two with one key the first is to stay.
    """
    ordered = rows.with_columns(pl.Series("place", places, pl.Int64)).sort("place", maintain_order=True)
    return Batch(ordered.drop("place"), ordered["place"].to_list(), refusals)


def _checked(said: Columns, count: int, sender: Sender) -> tuple[pl.DataFrame, list[bool]]:
    """
    The records that are plainly right, and which they are.
    """
    if not said or sender.profile is not None or not said.keys() <= set(FIELDS):
        return pl.DataFrame([], SCHEMA), [False] * count
    texts = pl.DataFrame([pl.Series(name, _texts(values), pl.String) for name, values in said.items()])
    frame = texts.lazy().with_columns(pl.lit("").alias(name) for name in FIELDS if name not in said)
    frame = frame.with_columns(pl.col(FIELDS).fill_null(""))
    frame = frame.with_columns(_start_ms(sender), _ms("duration").alias("duration_ms"))
    right = pl.all_horizontal(_is_right(sender)).fill_null(value=False).alias("right")
    checked = frame.with_columns(right).collect()
    good = checked.filter("right").select(
        "call_id",
        pl.col("number").str.strip_prefix("+"),
        pl.when(pl.col("cli").str.contains(_NUMBER)).then(pl.col("cli").str.strip_prefix("+")).otherwise(pl.lit("")),
        pl.lit(sender.account).alias("account"),
        pl.lit(sender.environment).alias("environment"),
        *("card", "carrier", "start_ms", "duration_ms"),
        *(pl.col(name).cast(pl.Int64, strict=False) for name in ("pdd_ms", "sip_code")),
        "sip_reason",
        pl.col("q850").cast(pl.Int64, strict=False),
    )
    return good, checked["right"].to_list()


def _texts(values: Sequence[Any]) -> Sequence[str | None]:
    """
    A column as texts, however it was written.
    """
    return values if set(map(type, values)) <= _TEXTS else [_written(value) for value in values]


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return repr(value) if type(value) in (int, float) else _STRANGE


def _is_right(sender: Sender) -> list[pl.Expr]:
    text, empty, nobody = pl.col, "", _NO_NUMBER if sender.any_caller else _WITHHELD
    plain = [text(name).str.contains(_PLAIN) & (text(name).str.len_bytes() <= LENGTHS[name])
             for name in ("call_id", "card", "carrier", "sip_reason")]  # fmt: skip
    return [
        *plain,
        text("call_id") != empty,
        text("account").is_in([empty, sender.account]),
        text("number").str.contains(_NUMBER),
        (text("cli") == empty) | text("cli").str.contains(_NUMBER) | text("cli").str.contains(nobody),
        text("start_ms").is_between(0, MAX_START_S * 1000 - 1),
        (text("duration") == empty) | text("duration").str.contains(_SECONDS),
        (text("pdd_ms") == empty) | _is_whole("pdd_ms", 0, MAX_PDD_MS),
        _is_whole("sip_code", 200, 699),
        (text("q850") == empty) | _is_whole("q850", 0, 127),
    ]


def _is_whole(name: str, least: int, most: int) -> pl.Expr:
    number = pl.col(name).cast(pl.Int64, strict=False)
    return pl.col(name).str.contains("^[0-9]{1,9}$") & number.is_between(least, most)


def _start_ms(sender: Sender) -> pl.Expr:
    """
    Unix times, and instants of UTC.
    """
    text = pl.col("start")
    iso = text.str.contains(_ISO) & (text.str.ends_with("Z") | pl.lit(sender.zone is UTC))
    written = text.str.strip_suffix("Z").str.replace("T", " ", literal=True)
    moment = written.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="ms", strict=False).cast(pl.Int64)
    return pl.when(text.str.contains(_UNIX)).then(_ms("start")).when(iso).then(moment).alias("start_ms")


def _ms(name: str) -> pl.Expr:
    """
    Whole milliseconds of seconds with a point in them; what is no such number is null, or was not let through.
    """
    whole = pl.col(name).str.extract(r"^([0-9]+)").cast(pl.Int64, strict=False)
    part = (pl.col(name).str.extract(r"\.([0-9]{1,3})").fill_null("") + "000").str.slice(0, 3).cast(pl.Int64)
    return whole * 1000 + part
