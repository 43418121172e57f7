"""
A line of a bulk request as the parameters of one question.
"""

import csv
from collections.abc import Callable

import orjson

from service.errors import ApiError, invalid, standard, unknown
from service.http.bulk_lines import MAX_LINE
from service.http.query import JSON, Names, Parameters, parse_body, shown

Read = Callable[[str], Parameters]
"""A line, without the spaces around it, to the parameters it says."""
NUMBERS, OBJECTS, TABLE = "numbers", "objects", "table"
KINDS = {
    "application/x-ndjson": OBJECTS,
    "application/ndjson": OBJECTS,
    "application/jsonl": OBJECTS,
    "application/x-jsonlines": OBJECTS,
    "text/csv": TABLE,
    "text/plain": None,
    "application/octet-stream": None,
    "application/x-www-form-urlencoded": None,
    "": None,
}
"""Content types, and what is in them; None: as it looks. A form is what curl says of anything."""
_DELIMITERS = ",;\t|"
_NUMBER = "number"


def kind_of(content_type: str) -> str | None:
    """
    Raises:
        ApiError: 415.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in KINDS:
        raise standard(415, "send application/x-ndjson, text/csv with a header, or text/plain: one number a line")
    return KINDS[kind]


def sniff(line: str) -> str:
    """
    What a body is whose first line this is.
    """
    if line[:1] == "{":
        return OBJECTS
    if line[:1] == "[":
        raise ApiError(400, "Body is one document", detail="send one object, text or number a line, without brackets")
    if any(character.isalpha() or character == "_" for character in line):
        return TABLE
    return OBJECTS if line[:1] == '"' else NUMBERS


def text_of(raw: bytes) -> str:
    """
    Raises:
        ApiError: 400 for a line that is too long, or no UTF-8.
    """
    if len(raw) > MAX_LINE:
        raise ApiError(400, "Line is too long", detail=f"a line may have {MAX_LINE} bytes")
    try:
        return raw.decode().strip()
    except UnicodeDecodeError:
        raise ApiError(400, "Line is not UTF-8") from None


def read_number(line: str) -> Parameters:
    return {_NUMBER: line}


def objects_reader(lists: Names) -> Read:
    """
    Lines of JSON: an object of parameters, or a text or a number that is one number.
    """

    def read(line: str) -> Parameters:
        if line[:1] == "{":
            return parse_body(JSON, line.encode(), lists)
        if line[:1] == "[":
            raise ApiError(400, "Invalid JSON: an object, a text or a number is wanted")
        return {_NUMBER: _unquoted(line) if line[:1] == '"' else line}

    return read


def _unquoted(line: str) -> str:
    try:
        return str(orjson.loads(line))
    except orjson.JSONDecodeError as error:
        raise ApiError(400, f"Invalid JSON: {error.msg} at column {error.colno}") from None


def table_reader(header: str, known: Names) -> Read:
    """
    Lines of CSV.

    Args:
        header: its first line, which names the parameters.

    Raises:
        ApiError: 400, a column is no parameter, or there is none for the number.
    """
    delimiter = max(_DELIMITERS, key=header.count)
    names = _names(header, delimiter)
    for place, name in enumerate(names):
        if name not in known:
            raise unknown(shown(name))
        if name in names[:place]:
            raise invalid(shown(name), "is the name of two columns")
    if _NUMBER not in names:
        raise ApiError(400, f"Missing Required Parameter '{_NUMBER}'", detail="no column is called so")

    def read(line: str) -> Parameters:
        cells = _cells(line, delimiter)
        if len(cells) > len(names):
            raise ApiError(400, "Invalid Line: has more cells than the header")
        return {name: cell.strip() for name, cell in zip(names, cells, strict=False) if cell}

    return read


def _names(header: str, delimiter: str) -> list[str]:
    return [name.strip().lower() for name in _cells(header, delimiter)]


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        raise ApiError(400, "Invalid Line: has a quote that is not closed on it") from None
