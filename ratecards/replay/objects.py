"""
Lines of JSON into cells: one object a line, its keys recognised as the header of a table is.
"""

from collections.abc import Iterator
from typing import Any

import orjson
import polars as pl

from ratecards.replay.columns import FIELDS, recognise
from ratecards.replay.refusals import Refusal, Refusals, cut

_MAX_KEYS = 1024
_MAX_SHAPES = 1024
_WHY = {"json": "is not JSON", "object": "is not an object with at most 1,024 keys"}


def objects_of(text: bytes, line: int) -> tuple[pl.DataFrame, Refusals]:
    """
    As :func:`ratecards.replay.lines.cells_of`, of lines of JSON; every field has its column.
    """
    shapes: dict[tuple[str, ...], list[str | None]] = {}
    rows: list[list[str | int | None]] = []
    broken: list[Refusal] = []
    for number, written in _lines(text, line):
        found = _object(written)
        if isinstance(found, str):
            broken.append(Refusal(number, "row", cut(written.decode("utf-8", "replace")), _WHY[found]))
            continue
        keys = tuple(found)
        if keys not in shapes:
            if len(shapes) >= _MAX_SHAPES:
                shapes.clear()
            shapes[keys] = _shape(keys)
        rows.append([number, *(None if key is None else _text(found[key]) for key in shapes[keys])])
    schema = {"line": pl.Int64, **dict.fromkeys(FIELDS, pl.String)}
    cells = pl.DataFrame(rows, schema=schema, orient="row")
    return cells, sum((Refusals(1, (refusal,)) for refusal in broken), Refusals())


def _lines(text: bytes, line: int) -> Iterator[tuple[int, bytes]]:
    for number, written in enumerate(text.split(b"\n"), line):
        if written and not written.isspace():
            yield number, written


def _object(written: bytes) -> dict[str, Any] | str:
    try:
        found = orjson.loads(written)
    except orjson.JSONDecodeError:
        return "json"
    return found if isinstance(found, dict) and len(found) <= _MAX_KEYS else "object"


def _shape(keys: tuple[str, ...]) -> list[str | None]:
    """
    The key of each field.
    """
    at = recognise(keys).at
    return [keys[at[field]] if field in at else None for field in FIELDS]


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, int | float) else orjson.dumps(value).decode()
