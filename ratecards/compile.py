"""
A table of rules becomes the sections of a compiled card.

Everything a look-up reads is one flat array a column, numbered by the trie's own ids, so that a section can be
mapped from disk as it is. What many rules share (names; fees, increments and dates together) is kept once.
"""

from array import array
from dataclasses import asdict

import marisa_trie
import orjson
import polars as pl

from ratecards.index import CardIndex
from ratecards.layout import ALWAYS, ANY_LENGTH, JURISDICTIONS, NEVER, NO_RATE, SHARED
from ratecards.model import Terms
from ratecards.rules import SCHEMA


def compile_card(frame: pl.DataFrame, terms: Terms) -> CardIndex:
    """
    Compile a table of rules in memory, without a file.
    """
    return CardIndex(compile_rules(frame, terms))


_ASKED = (*JURISDICTIONS, "min_digits", "max_digits")
"""Columns that make a price depend on more than the longest prefix; the origin does too."""


def compile_rules(frame: pl.DataFrame, terms: Terms) -> dict[str, bytes]:
    """
    Compile rules into named sections.

    Args:
        frame: a table of :data:`ratecards.rules.SCHEMA`; at most 2**32 - 1 rows.
        terms: what all rules share.

    Returns:
        Section name to bytes; the same rules in any order of rows give the same bytes.

    """
    prefixes = frame["prefix"].to_list()
    trie = marisa_trie.Trie(prefixes)
    ids = pl.Series("prefix_id", map(trie.key_id, prefixes), pl.Int64)
    rows = _in_order(frame.select(SCHEMA.names()).with_columns(ids))
    rows, names = _shared_texts(rows, "name", "name_id")
    rows, origins = _shared_texts(rows, "origin", "origin_id")
    rows, shared = _shared_terms(rows)
    sections = {
        "meta": orjson.dumps(
            {
                "terms": asdict(terms),
                "rules": frame.height,
                "prefixes": len(trie),
                "asks_call": any(origins)
                or frame.select(pl.col(_ASKED).is_not_null().any()).sum_horizontal().item() > 0,
            }
        ),
        "trie": trie.tobytes(),
        "first": _first_rows(rows, len(trie)),
        "rate": _column(rows["rate_units"], "q"),
        "shared": _column(rows["shared_id"], "I"),
        "name": _column(rows["name_id"], "I"),
        **_texts("names", names),
        **_texts("origins", origins),
    }
    sections |= {f"shared.{name}": _column(shared[name], code) for name, code in SHARED.items()}
    sections |= {
        name: _column(rows[name].fill_null(NO_RATE), "q")
        for name in JURISDICTIONS
        if rows[name].null_count() < len(rows)
    }
    return sections


def _in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """
    By prefix id; within one prefix the rule that starts last comes first, so the first one in force is the one.
    """
    filled = rows.with_columns(
        pl.col("effective").fill_null(ALWAYS),
        pl.col("expires").fill_null(NEVER),
        pl.col("min_digits").fill_null(0),
        pl.col("max_digits").cast(pl.Int32).fill_null(ANY_LENGTH),
    )
    rest = [name for name in SCHEMA.names() if name not in {"prefix", "effective"}]
    return filled.sort(
        ["prefix_id", "effective", *rest], descending=[False, True, *[False] * len(rest)], nulls_last=False
    )


def _shared_texts(rows: pl.DataFrame, column: str, id_column: str) -> tuple[pl.DataFrame, list[str]]:
    texts = rows[column].unique().sort()
    ids = rows[column].cast(pl.Enum(texts)).to_physical().cast(pl.UInt32).alias(id_column)
    return rows.drop(column).with_columns(ids), texts.to_list()


def _shared_terms(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    shared = rows.select(*SHARED).unique().sort(list(SHARED)).with_row_index("shared_id")
    return rows.join(shared, on=list(SHARED), how="left", maintain_order="left"), shared


def _first_rows(rows: pl.DataFrame, prefixes: int) -> bytes:
    counts = rows.group_by("prefix_id", maintain_order=True).len()["len"].to_list()
    first = array("I", bytes(4 * (prefixes + 1)))
    row = 0
    for prefix_id, count in enumerate(counts):
        first[prefix_id] = row
        row += count
    first[prefixes] = row
    return first.tobytes()


def _column(values: pl.Series, code: str) -> bytes:
    return array(code, values.to_list()).tobytes()


def _texts(name: str, texts: list[str]) -> dict[str, bytes]:
    encoded = [text.encode() for text in texts]
    offsets = array("I", [0])
    end = 0
    for text in encoded:
        end += len(text)
        offsets.append(end)
    return {name: b"".join(encoded), f"{name}.at": offsets.tobytes()}
