"""
Answers of a bulk request as lines of CSV: the fields that have a column, and what went wrong.
"""

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from service.render.sheets import neutral

ERRORS = ("error.code", "error.reason", "error.detail", "error.line")
"""Columns behind those of the service."""


def header(columns: Sequence[str]) -> bytes:
    """
    The first line: a field of a field has its name with an underscore between.
    """
    return _line(name.replace(".", "_") for name in (*columns, *ERRORS))


def row_writer(columns: Sequence[str], *, by_number: bool = False) -> Callable[[dict[str, Any]], bytes]:
    """
    Args:
        columns: fields of an answer; ``routes.0.card``: of the first of a list.
        by_number: an answer has its fields under the number.
    """
    paths = [name.split(".") for name in (*columns, *ERRORS)]

    def write(fields: dict[str, Any]) -> bytes:
        beside = _beside(fields) if by_number and "error" not in fields else fields
        return _line(_cell(_find(beside, path)) for path in paths)

    return write


def _beside(fields: dict[str, Any]) -> dict[str, Any]:
    """
    The number as a field among the others.
    """
    number, rest = next(iter(fields.items()))
    return {"number": number, **rest}


def _find(fields: Any, path: list[str]) -> Any:
    for name in path:
        if isinstance(fields, list):
            fields = fields[int(name)] if int(name) < len(fields) else None
        else:
            fields = fields.get(name) if isinstance(fields, dict) else None
    return fields


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return neutral(value)
    if isinstance(value, dict | list | bool):
        return neutral(orjson.dumps(value).decode())
    return str(value)


def _line(cells: Any) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().encode(errors="replace")
