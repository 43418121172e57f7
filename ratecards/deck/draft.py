"""
One sheet read: the rules of its rows, the cells refused, and the questions it leaves open.
"""

from dataclasses import dataclass, replace

import polars as pl

from ratecards.deck.cells.names import clean_names
from ratecards.deck.currencies import currency_in
from ratecards.deck.grid import Sheet
from ratecards.deck.layout import JURISDICTIONS, Layout
from ratecards.deck.mapping import Mapping
from ratecards.deck.prefixes import read_prefixes
from ratecards.deck.prices import MONEY, read_prices
from ratecards.deck.readers import blocks, digits, origins
from ratecards.deck.rows import LINE, ROW, data_rows
from ratecards.deck.settle import Column, settle_decimal, settle_order
from ratecards.deck.stated import Stated, read_stated
from ratecards.deck.table import REFUSED, Table
from ratecards.deck.times import read_times
from ratecards.rules import SCHEMA

_BLOCKING = ("status", "blocked", "active", "change", "remark")


@dataclass(frozen=True, slots=True)
class Draft:
    """
    What one sheet gives before its rules are compared with each other.

    Attributes:
        rules: :data:`ratecards.rules.SCHEMA` with ``row`` and ``line`` in front, in the order of the file.
        refused: :data:`ratecards.deck.table.REFUSED`.
        codes: ``row`` and ``code`` of the rows with a refused cell; null where none could be read.
        rows_read: rows that hold data.
        skipped: lines of text that is no rate.
        questions: what has to be answered before a row can be read rightly.
        date_question: what has to be answered before a date can; the rest of the rows is right.
        currencies: currency or sign → where the file names it.
        defaulted: rows taken without increments of their own.
        last_days: rows taken whose end date is a day, counted as the last day of the rate.
        rounded: rows taken with a price whose decimals beyond the tenth were a float's error.
        stated: facts of the lines above the header, those that were of use.
        excused: lines of blocked rows taken although their price or increments cannot be read.
    """

    rules: pl.DataFrame
    refused: pl.DataFrame
    codes: pl.DataFrame
    rows_read: int
    skipped: pl.Series
    questions: tuple[str, ...]
    date_question: str | None
    currencies: dict[str, str]
    defaulted: int
    last_days: int
    rounded: int
    stated: Stated
    excused: frozenset[int]


def read_draft(sheet: Sheet, layout: Layout, mapping: Mapping, now: int | None) -> Draft:
    """
    Read every row under the header.

    Raises:
        DeckError: more rules than a deck can have.
    """
    rows, skipped = data_rows(sheet, layout)
    stated = read_stated(sheet, layout.row)
    table = Table(rows, layout, mapping.constants, stated.values, names_escaped=not sheet.header_given)
    decimal, ask_decimal = settle_decimal(_columns(table, MONEY), mapping)
    order, ask_order = settle_order(_columns(table, ("effective", "expires")), mapping)
    prefixes = read_prefixes(table, mapping)
    codes = prefixes.cells
    blocked = _blocked(table)
    prices = read_prices(table, decimal, mapping, blocked)
    times = read_times(table, order, mapping, now, blocked)
    rules = _put_together(table, codes, blocked, [prices.frame, times.frame])
    refused = pl.concat([REFUSED.to_frame(), *table.refused])
    taken = ~rows[ROW].is_in(refused[ROW].unique().implode())
    return Draft(
        rules=_exploded(rules if refused.is_empty() else rules.filter(taken), several=prefixes.several),
        refused=refused,
        codes=rows.select(ROW, codes.alias("code"))
        .filter(~taken)
        .with_columns(pl.col("code").str.extract(r"^([0-9]+)")),
        rows_read=rows.height,
        skipped=skipped,
        questions=tuple(q for q in (*layout.questions, ask_decimal, *prefixes.questions) if q),
        date_question=ask_order,
        currencies=_currencies(table, prices.currencies, stated),
        defaulted=_count(times.defaulted & ~blocked, taken),
        last_days=_count(times.last_day, taken),
        rounded=_count(prices.rounded, taken),
        stated=_used(table, stated),
        excused=frozenset(table.excused),
    )


def _used(table: Table, stated: Stated) -> Stated:
    def lacks(name: str) -> bool:
        column = table.layout.columns.get(name)
        return column is None or table.rows[str(column)].null_count() > 0

    return replace(stated, lines={name: line for name, line in stated.lines.items() if lacks(name)})


def _count(mask: pl.Series, taken: pl.Series) -> int:
    return int((mask.fill_null(value=False) & taken).sum())


def _columns(table: Table, names: tuple[str, ...]) -> list[Column]:
    cells = [table.cells(name) for name in names if name in table.layout.columns]
    return [Column(c, table.rows[LINE]) for c in cells if c is not None]


def _blocked(table: Table) -> pl.Series:
    blocked = pl.repeat(value=False, n=table.rows.height, dtype=pl.Boolean, eager=True)
    for name in _BLOCKING:
        fields = [key for key, _ in table.layout.fields(name)] or [name]
        for key in fields:
            found = table.read(key, blocks(name))
            if found is not None:
                blocked |= found["blocked"].fill_null(value=False)
    return blocked


def _put_together(table: Table, codes: pl.Series, blocked: pl.Series, parts: list[pl.DataFrame]) -> pl.DataFrame:
    bounds = {name: table.read(name, digits()) for name in ("min_digits", "max_digits")}
    lengths = {name: table.nothing(pl.Int16) if f is None else f["digits"] for name, f in bounds.items()}
    table.refuse_where(
        "max_digits",
        (lengths["max_digits"] < lengths["min_digits"]).fill_null(value=False),
        "is less than the shortest length",
    )
    origin = table.read("origin", origins())
    frame = table.rows.select(ROW, LINE, codes.alias("prefix"), _names(table).alias("name")).with_columns(
        blocked.alias("blocked"),
        (table.nothing(pl.String) if origin is None else origin["origin"]).fill_null("").alias("origin"),
        *(column.alias(name) for name, column in lengths.items()),
    )
    return pl.concat([frame, *parts], how="horizontal").select(ROW, LINE, *SCHEMA.names())


def _names(table: Table) -> pl.Series:
    text = _first_of(table, "name" if table.layout.fields("name") else "network")
    text = clean_names(text, escaped=table.names_escaped)
    country = clean_names(_first_of(table, "country"))
    if country.null_count() == country.len():
        return text.fill_null("")
    both = pl.DataFrame({"text": text, "country": country}).with_columns(
        pl.when(pl.col("text") != "").then("text"), pl.col("country").fill_null("")
    )
    said = pl.col("text").str.to_lowercase().str.starts_with(pl.col("country").str.to_lowercase())
    joined = pl.when(said).then("text").otherwise(pl.col("country") + " - " + pl.col("text"))
    return both.select(pl.coalesce(joined, "country")).to_series()


def _first_of(table: Table, name: str) -> pl.Series:
    columns = [str(i) for _, i in table.layout.fields(name)]
    return table.rows.select(pl.coalesce(columns)).to_series() if columns else table.nothing(pl.String)


def _exploded(rules: pl.DataFrame, *, several: bool) -> pl.DataFrame:
    if not several:
        return rules
    lists = rules["prefix"].str.contains(",", literal=True)
    more = rules.filter(lists).with_columns(pl.col("prefix").str.split(",")).explode("prefix")
    return pl.concat([rules.filter(~lists), more]).sort(ROW, maintain_order=True)


def _currencies(table: Table, in_cells: dict[str, int], stated: Stated) -> dict[str, str]:
    layout = table.layout
    found = {name: f"line {line}" for name, line in in_cells.items()}
    for name in ("rate", "rate_next", *JURISDICTIONS):
        if name in layout.columns:
            title = layout.header[layout.columns[name]]
            currency = currency_in(title)
            if currency:
                found.setdefault(currency, f"column '{title}'")
    if stated.currency:
        found.setdefault(stated.currency, "the line above the table")
    cells = table.cells("currency")
    if cells is not None:
        for text in cells.drop_nulls().unique(maintain_order=True).head(10):
            named = currency_in(text, labelled=True) or text
            found.setdefault(named, f"line {table.rows[LINE][cells.index_of(text) or 0]}")
    return found
