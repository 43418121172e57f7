"""
Rules out again as a file others read: CSV, XLSX or an Open Rate Card. Read back, it is the same card.

Names are written on one line, as the reader puts them; a name a spreadsheet would take for a formula gets an
apostrophe in front, which the reader takes off.
"""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import orjson
import polars as pl

from ratecards.deck.cells.names import clean_names, escaped
from ratecards.deck.currencies import is_currency
from ratecards.deck.neighbours import words
from ratecards.model import Terms
from ratecards.rules import SCHEMA

Format = Literal["csv", "xlsx", "json"]

FORMATS: tuple[Format, ...] = get_args(Format)


@dataclass(frozen=True, slots=True)
class Dialect:
    """
    How a text deck is written.

    Attributes:
        delimiter: between cells.
        newline: at the end of a line.
        encoding: of the text, with a byte order mark where it is a UTF other than plain UTF-8.
        decimal_comma: prices with a comma.
        quote_all: every cell in quotes, not just those that need it.
    """

    delimiter: Literal[",", ";", "\t", "|"] = ","
    newline: Literal["\n", "\r\n"] = "\n"
    encoding: Literal["utf-8", "utf-8-sig", "utf-16", "cp1252", "iso-8859-1"] = "utf-8"
    decimal_comma: bool = False
    quote_all: bool = False


PLAIN = Dialect()

_HEADINGS = {
    "prefix": "Prefix",
    "name": "Destination",
    "rate_units": "Rate",
    "connect_fee_units": "Connect Fee",
    "mcd_s": "First Interval",
    "pulse_s": "Sub Interval",
    "effective": "Effective Date",
    "expires": "Expiry Date",
    "blocked": "Status",
    "origin": "Origin",
    "rate_inter_units": "Interstate Rate",
    "rate_intra_units": "Intrastate Rate",
    "rate_indeterminate_units": "Indeterminate Rate",
    "min_digits": "Min Length",
    "max_digits": "Max Length",
}
_FIELDS = {
    "prefix": "prefix",
    "name": "name",
    "rate_units": "rate",
    "connect_fee_units": "connection_fee",
    "mcd_s": "initial_interval",
    "pulse_s": "billing_interval",
    "effective": "effective_date",
    "expires": "expiry_date",
    "blocked": "status",
    "origin": "origin",
    "rate_inter_units": "rate_inter",
    "rate_intra_units": "rate_intra",
    "rate_indeterminate_units": "rate_indeterminate",
    "min_digits": "min_length",
    "max_digits": "max_length",
}
_ALWAYS = ("prefix", "name", "rate_units", "connect_fee_units", "mcd_s", "pulse_s", "effective", "expires", "blocked")
_MONEY = tuple(name for name in SCHEMA if name.endswith("_units"))
_NUMBERS = (*_MONEY, "mcd_s", "pulse_s", "min_digits", "max_digits")
_MAX_ROWS = 1_048_575


def write_deck(
    rules: pl.DataFrame,
    to: Path | Format,
    currency: str | None = None,
    *,
    name: str = "Rates",
    issued: str = "1970-01-01",
    terms: Terms | None = None,
    dialect: Dialect = PLAIN,
) -> bytes:
    """
    Write rules as a deck.

    Args:
        rules: a table of :data:`ratecards.rules.SCHEMA`.
        to: ``csv``, ``xlsx`` or ``json`` (Open Rate Card 1.0.0); or a file whose ending says which, to be written.
        currency: ISO 4217 code; an Open Rate Card must have one.
        name: of the card, in an Open Rate Card.
        issued: date of the document, in an Open Rate Card; the library has no clock of its own.
        terms: how costs are rounded, which an Open Rate Card says, and the currency where none is given.
        dialect: of a CSV.

    Returns:
        The file's bytes.

    Raises:
        ValueError: no such format, no currency where one is needed, more rows than a sheet holds, or a name the
            dialect's encoding does not have.
    """
    if currency is None and terms is not None:
        currency = terms.currency
    form = to.suffix.removeprefix(".") if isinstance(to, Path) else to
    if currency is not None and not is_currency(currency):
        raise ValueError(f"a currency is an ISO 4217 code such as USD, not {currency!r}")
    if form == "csv":
        data = _csv(_texts(rules), currency, dialect)
    elif form == "xlsx":
        data = _xlsx(_texts(rules), currency)
    elif form == "json":
        data = _document(_texts(rules, escape=False), currency, name, issued, terms)
    else:
        raise ValueError(f"a deck is written as {', '.join(FORMATS)}, not as {form!r}")
    if isinstance(to, Path):
        to.write_bytes(data)
    return data


def _texts(rules: pl.DataFrame, *, escape: bool = True) -> pl.DataFrame:
    names = clean_names(rules["name"])
    kept = [column for column in SCHEMA if column in _ALWAYS or _says_something(rules[column])]
    return rules.with_columns(
        (escaped(names) if escape else names).alias("name"),
        *(words(column) for column in _MONEY),
        *(_moment(column) for column in ("effective", "expires")),
        pl.when("blocked").then(pl.lit("blocked")).otherwise(pl.lit("active")).alias("blocked"),
    ).select(pl.col(kept).cast(pl.String))


def _says_something(column: pl.Series) -> bool:
    return bool((column != "").any()) if column.dtype == pl.String else column.null_count() < column.len()


def _moment(column: str) -> pl.Expr:
    return pl.from_epoch(column).dt.to_string("%Y-%m-%dT%H:%M:%SZ")


def _headings(texts: pl.DataFrame, currency: str | None) -> list[str]:
    prices = {"Rate": f"Rate ({currency}/min)"} if currency else {}
    return [prices.get(_HEADINGS[column], _HEADINGS[column]) for column in texts.columns]


def _csv(texts: pl.DataFrame, currency: str | None, dialect: Dialect) -> bytes:
    if dialect.decimal_comma:
        texts = texts.with_columns(pl.col("^.*_units$").str.replace(".", ",", literal=True))
    table = texts.rename(dict(zip(texts.columns, _headings(texts, currency), strict=True)))
    text = table.write_csv(
        separator=dialect.delimiter,
        line_terminator=dialect.newline,
        quote_style="always" if dialect.quote_all else "necessary",
    )
    return text.encode(dialect.encoding)


def _xlsx(texts: pl.DataFrame, currency: str | None) -> bytes:
    if texts.height > _MAX_ROWS:
        raise ValueError(f"a sheet holds {_MAX_ROWS:,} rows, and this card has {texts.height:,}")
    import xlsxwriter  # type: ignore[import-untyped]  # noqa: PLC0415 - few want one, and reading decks need not wait

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "in_memory": True})
    sheet = book.add_worksheet("Rates")
    for row, cells in enumerate([_headings(texts, currency), *texts.iter_rows()]):
        for column, cell in enumerate(cells):
            if cell:
                sheet.write_string(row, column, cell)
    book.close()
    return out.getvalue()


def _document(texts: pl.DataFrame, currency: str | None, name: str, issued: str, terms: Terms | None) -> bytes:
    if currency is None:
        raise ValueError("an open rate card names its currency")
    charge = {"charge": {"precision": terms.precision, "rounding": terms.rounding}} if terms else {}
    card = {
        "name": name,
        "type": "termination",
        "currency": currency,
        "endpoint": "default",
        **charge,
        "fields": [{"name": _FIELDS[column]} for column in texts.columns],
        "rates": list(_rates(texts)),
    }
    document = {
        "name": name,
        "schema_version": "1.0.0",
        "version": "1.0",
        "date": issued,
        "cards": {"default": card},
    }
    return orjson.dumps(document)


def _rates(texts: pl.DataFrame) -> list[list[object]]:
    numbers = [column in _NUMBERS for column in texts.columns]
    return [
        [orjson.Fragment(cell) if number and cell else cell for number, cell in zip(numbers, row, strict=True)]
        for row in texts.iter_rows()
    ]
