"""
A piece of a file of calls as it came, with what each call costs behind it.
"""

import csv
import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson
import polars as pl

from ratecards.columns.amounts import texts_of
from ratecards.columns.segments import number_keys
from ratecards.jurisdiction import Places
from ratecards.model import Verdict
from ratecards.replay.calls import Reading
from ratecards.replay.cells import answered, callers, durations, instants, numbers, routing_numbers
from ratecards.replay.columns import FIELDS, CallsError
from ratecards.replay.flat import FlatCard
from ratecards.replay.lines import cells_of
from ratecards.replay.objects import objects_of
from ratecards.replay.pieces import Piece
from ratecards.replay.rate import BLOCKED, CALLS, PRICED, VERDICTS, rate_calls

ADDED = ("number", "prefix", "rate", "currency", "seconds", "cost", "error")
"""What is said of each call: columns ``rated_number`` and so on of CSV, fields of ``rated`` of a JSON object."""
MAX_LISTED = 20
_LEVEL = 6
_TEXTS = {place: str(verdict) for place, verdict in enumerate(VERDICTS) if verdict is not None}
_NO_RATE = (VERDICTS.index(Verdict.NO_RATE), VERDICTS.index(Verdict.EXPIRED))


@dataclass(frozen=True)
class Pricing:
    """
    How calls are priced.

    Attributes:
        at: unix seconds at which all calls are taken to be made; None: each when it was.
        places: where North American numbers are; the bundled table when left out.
        packed: what is written is packed with gzip.
    """

    card: FlatCard
    reading: Reading
    at: int | None = None
    places: Places | None = None
    packed: bool = False


@dataclass(frozen=True, slots=True)
class Priced:
    """
    A piece, priced.

    Attributes:
        text: whole lines.
        rows: that were read; blank lines are none.
        unpriced: calls without a rate; ``refused``: rows that no call could be read from.
        cost_units: of all calls.
        problems: the first refused rows: line and reason.
    """

    text: bytes = b""
    rows: int = 0
    rated: int = 0
    unpriced: int = 0
    blocked: int = 0
    refused: int = 0
    billed_s: int = 0
    cost_units: int = 0
    problems: tuple[tuple[int, str], ...] = field(default=())


def header_of(piece: Piece, *, packed: bool = False) -> bytes:
    """
    What stands in front of the first piece.
    """
    if piece.form != "csv":
        return b""
    names = piece.delimiter.join(f"rated_{name}" for name in ADDED)
    return _packed(f"{piece.header}{piece.delimiter}{names}\n".encode(), packed=packed)


def price(pricing: Pricing, piece: Piece) -> Priced:
    """
    Price the calls of a piece.

    Returns:
        Every line that is not blank, in its place, with :data:`ADDED` behind it.

    Raises:
        CallsError: it is neither CSV nor lines of JSON.
        OverflowError: a cost is more than can be kept.
    """
    if isinstance(piece.rows, pl.DataFrame):
        raise CallsError("is Parquet: prices are written behind the rows of CSV and of lines of JSON")
    lines = _lines(piece.rows, piece.line)
    cells = _cells(piece)
    calls, errors = _calls(cells, pricing.reading)
    at = calls["start"] if pricing.at is None else pl.repeat(pricing.at, calls.height, dtype=pl.Int64, eager=True)
    rated = rate_calls(pricing.card, calls, at, pricing.places)
    said = _said(pricing.card, calls, rated)
    said = said if errors.is_empty() else pl.concat([said, errors], how="diagonal")
    if said["line"].equals(lines["line"]):
        table = lines.hstack(said.drop("line"))
    else:
        table = lines.join(said, on="line", how="left", maintain_order="left")
        broken = table["known"].is_null()
        table = table.with_columns(_why_broken(table, piece).zip_with(broken, table["error"]))
    write = _as_csv if piece.form == "csv" else _as_objects
    text = f"{write(table, piece).str.join(chr(10)).item()}\n".encode() if table.height else b""
    return _counted(table, rated, _packed(text, packed=pricing.packed))


def _lines(text: bytes, line: int) -> pl.DataFrame:
    values = pl.Series("value", [text.decode("utf-8", "replace").removesuffix("\n")]).str.split("\n").explode()
    table = values.to_frame().with_row_index("line", line).cast({"line": pl.Int64})
    return table.filter(pl.col("value").str.strip_chars(" ,;\t|") != "")


def _cells(piece: Piece) -> pl.DataFrame:
    """
    The cells of the lines that can be taken apart; every field has its column, null where there is none.
    """
    assert isinstance(piece.rows, bytes)  # noqa: S101 - tables were refused
    if piece.form == "ndjson":
        return objects_of(piece.rows, piece.line)[0]
    cells, _ = cells_of(piece.rows, piece.line, piece.columns, piece.delimiter)
    cells = cells.with_columns(pl.col(pl.String).fill_null(""))
    return cells.with_columns(pl.lit(None, pl.String).alias(name) for name in FIELDS if name not in cells.columns)


def _calls(cells: pl.DataFrame, reading: Reading) -> tuple[pl.DataFrame, pl.DataFrame]:
    """
    The calls, one that nobody took being of no duration; and of the other rows, ``line`` and what is wrong.
    """
    read: dict[str, Callable[[pl.Series], pl.DataFrame]] = {
        "duration": durations,
        "number": lambda column: numbers(column, reading.profile),
        "lrn": routing_numbers,
        "start": lambda column: instants(column, reading.now),
    }
    found = {name: one(cells[name]) for name, one in read.items()}
    reasons = [(pl.lit(f"{name} ") + part["reason"]).alias(name) for name, part in found.items()]
    error = pl.select(pl.coalesce(reasons).alias("error"))["error"]
    values = {name: part["value"].alias(name) for name, part in found.items()}
    cli = callers(cells["cli"], reading.profile) if reading.asks_call else pl.repeat("", cells.height, eager=True)
    taken = cells.select(answered().alias("taken"))["taken"]
    table = pl.DataFrame([cells["line"], values["number"], values["lrn"], values["start"], cli.alias("cli"), error])
    seconds = values["duration"].zip_with(taken, pl.repeat(0, cells.height, dtype=pl.Int64, eager=True))
    table = table.with_columns(seconds.alias("duration_s"))
    good = table.filter(pl.col("error").is_null())
    calls = good.with_columns(key=number_keys(good["number"])).select(CALLS.names()).cast(CALLS)
    bad = table.filter(pl.col("error").is_not_null()).select("line", "error", known=pl.lit(value=True))
    return calls, bad


def _said(card: FlatCard, calls: pl.DataFrame, rated: pl.DataFrame) -> pl.DataFrame:
    priced = rated["verdict"] == PRICED
    texts = rated["verdict"].replace_strict(_TEXTS, default=None, return_dtype=pl.String)
    currency = pl.when(priced).then(pl.lit(card.terms.currency))
    return pl.select(
        calls["line"],
        calls["number"],
        card.rules["prefix"].gather(rated["row"]).alias("prefix"),
        texts_of(rated["rate_units"]).alias("rate"),
        currency.alias("currency"),
        rated["billed_s"].alias("seconds"),
        texts_of(rated["cost_units"]).alias("cost"),
        texts.alias("error"),
        known=pl.lit(value=True),
    )


def _why_broken(table: pl.DataFrame, piece: Piece) -> pl.Series:
    if piece.form == "ndjson":
        why = pl.lit("row is not a JSON object")
    else:
        odd = pl.col("value").str.count_matches('"', literal=True) % 2 == 1
        over = f"row has more cells than the {piece.columns.width} of the header"
        why = pl.when(odd).then(pl.lit("row has a quote that is not closed on its line")).otherwise(pl.lit(over))
    return table.select(why.alias("error"))["error"]


def _as_csv(table: pl.DataFrame, piece: Piece) -> pl.Series:
    """
    Lines as they came, filled up to the width of the header; one that is broken stands in its first cell whole.
    """
    delimiter, width = piece.delimiter, piece.columns.width
    value = table["value"]
    bare = value.str.replace_all('"[^"]*"', "") if value.str.contains('"', literal=True).any() else value
    lacking = width - 1 - bare.str.count_matches(delimiter, literal=True).cast(pl.Int64)
    whole = table["known"].is_not_null() & (lacking >= 0)
    fill = pl.Series([delimiter * count for count in range(width)], dtype=pl.String)
    lines = value if not (lacking != 0).any() else value + fill.gather(lacking.clip(0, width - 1))
    if not whole.all():
        rows = [_row(text, piece, known=known) for text, known in table.filter(~whole).select("value", "known").rows()]
        places = (~whole).arg_true()
        lines = lines.clone().scatter(places, pl.Series(rows, dtype=pl.String))
    quoted = pl.lit('"') + pl.col("error").str.replace_all('"', '""') + pl.lit('"')
    added = [pl.col(name).cast(pl.String).fill_null("") for name in ADDED[:-1]]
    line = pl.concat_str(lines.alias("line"), *added, quoted.fill_null("").alias("error"), separator=delimiter)
    return table.select(line.alias("text"))["text"]


def _row(text: str, piece: Piece, *, known: bool | None) -> str:
    """
    A line that is no row of the table, made one: of cells too many the last are empty.
    """
    cells = next(csv.reader([text], delimiter=piece.delimiter), []) if known else [text]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=piece.delimiter, lineterminator="")
    writer.writerow((cells + [""] * piece.columns.width)[: piece.columns.width])
    return out.getvalue()


def _as_objects(table: pl.DataFrame, _piece: Piece) -> pl.Series:
    """
    Objects as they came, with one more field; a line that is none stands in a field of another.
    """
    value = pl.col("value").str.strip_chars()
    body = value.str.head(-1).str.strip_chars_end()
    start = pl.when(body == "{").then(body).otherwise(body + pl.lit(","))
    known = {text: orjson.dumps(text).decode() for text in table["error"].drop_nulls().unique()}
    error = pl.col("error").replace_strict(known, default=None, return_dtype=pl.String)
    parts = [_field(name) for name in ADDED[:-1]] + [pl.lit('"error":') + error]
    said = pl.lit('"rated":{') + pl.concat_str(parts, separator=",", ignore_nulls=True) + pl.lit("}}")
    lines = table.select((start + said).alias("text"), whole=pl.col("known").is_not_null())
    if lines["whole"].all():
        return lines["text"]
    broken = table.filter(~lines["whole"]).select("value", "error").rows()
    rows = [orjson.dumps({"row": text, "rated": {"error": why}}).decode() for text, why in broken]
    return lines["text"].clone().scatter((~lines["whole"]).arg_true(), pl.Series(rows, dtype=pl.String))


def _field(name: str) -> pl.Expr:
    quote = "" if name == "seconds" else '"'
    return pl.lit(f'"{name}":{quote}') + pl.col(name).cast(pl.String) + pl.lit(quote)


def _counted(table: pl.DataFrame, rated: pl.DataFrame, text: bytes) -> Priced:
    verdict = rated["verdict"]
    refused = table.filter(pl.col("number").is_null())
    return Priced(
        text=text,
        rows=table.height,
        rated=int((verdict == PRICED).sum()),
        unpriced=int(verdict.is_in(_NO_RATE).sum()),
        blocked=int((verdict == BLOCKED).sum()),
        refused=refused.height,
        billed_s=int(rated["billed_s"].sum()),
        cost_units=int(rated["cost_units"].cast(pl.Int128).sum()),
        problems=tuple(refused.head(MAX_LISTED).select("line", "error").rows()),
    )


def _packed(text: bytes, *, packed: bool) -> bytes:
    return gzip.compress(text, _LEVEL, mtime=0) if packed else text
