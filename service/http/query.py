"""
The parameters of a request, however they were sent.
"""

import json
import re
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from service.errors import ApiError, invalid, standard

MAX_PARAMETERS = 64
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
FORM = b"application/x-www-form-urlencoded"
JSON = b"application/json"

Parameters = dict[str, str]
"""Name to value; a name is there once. The value of a list has a comma in it, if only behind its one item."""
Names = frozenset[str]
NO_LISTS: Names = frozenset()


def parse_query(query: bytes, lists: Names = NO_LISTS) -> Parameters:
    """
    Read ``a=1&b=2``, from a URL or a form.

    Args:
        lists: names that may be repeated, or be written ``a[]``.

    Raises:
        ApiError: 400, naming the parameter that is repeated, badly escaped or not UTF-8.

    """
    parameters: Parameters = {}
    if not query:
        return parameters
    plain = b"%" not in query and b"+" not in query and query.isascii()
    pairs = query.split(b"&", MAX_PARAMETERS)
    if lists and len(pairs) > MAX_PARAMETERS:
        raise ApiError(400, f"More than {MAX_PARAMETERS} parameters")
    for pair in pairs:
        raw_name, _, raw_value = pair.partition(b"=")
        if plain:
            name, value = raw_name.decode(), raw_value.decode()
        elif not pair:
            continue
        else:
            name = _unescape(raw_name, "?")
            value = _unescape(raw_value, name)
        if name:
            _add(parameters, name, value, lists)
    return parameters


def _unescape(raw: bytes, name: str) -> str:
    if _BAD_ESCAPE.search(raw):
        raise invalid(shown(name), "'%' is not followed by two hexadecimal digits")
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise invalid(shown(name), "is not UTF-8") from None


def _add(parameters: Parameters, name: str, value: str, lists: Names) -> None:
    if lists and name.removesuffix("[]") in lists:
        _add_item(parameters, name, value)
        return
    if name in parameters:
        raise invalid(shown(name), "is given more than once")
    if len(parameters) >= MAX_PARAMETERS:
        raise ApiError(400, f"More than {MAX_PARAMETERS} parameters")
    parameters[name] = value


def _add_item(parameters: Parameters, name: str, value: str) -> None:
    plain = name.removesuffix("[]")
    known = parameters.get(plain)
    if known is None:
        parameters[plain] = value if name == plain else f"{value},"
    else:
        parameters[plain] = f"{known.removesuffix(',')},{value}"


def merge(parameters: Parameters, more: Parameters) -> None:
    """
    Add parameters that were sent in another place.

    Raises:
        ApiError: 400, naming one that is in both.
    """
    twice = parameters.keys() & more.keys()
    if twice:
        raise invalid(shown(min(twice)), "is given more than once")
    parameters |= more


def shown(name: str) -> str:
    """
    A name as it may stand in an answer: one line, not long.
    """
    printable = "".join(c if c.isprintable() else "\ufffd" for c in name)
    return printable if len(printable) <= 40 else printable[:40] + "…"


def parse_body(content_type: bytes | None, body: bytes, lists: Names = NO_LISTS) -> Parameters:
    """
    Read the body of a POST: a form or a JSON object.

    Args:
        lists: names that may be repeated, or be written ``a[]``, or be a list.

    Raises:
        ApiError: 415 for another content type, 400 for what cannot be read.

    """
    kind = (content_type or b"").split(b";")[0].strip().lower()
    if not body and not kind:
        return {}
    if kind == FORM:
        return parse_query(body, lists)
    if kind == JSON:
        return _parse_json(body, lists)
    raise standard(415, "send application/x-www-form-urlencoded or application/json")


def _parse_json(body: bytes, lists: Names) -> Parameters:
    try:
        pairs = json.loads(
            body.decode(), parse_float=str, parse_int=str, parse_constant=_not_json, object_pairs_hook=_Object
        )
    except UnicodeDecodeError:
        raise ApiError(400, "Invalid JSON: is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ApiError(400, f"Invalid JSON: {error.msg} at line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise ApiError(400, "Invalid JSON: nested too deep") from None
    if not isinstance(pairs, _Object):
        raise ApiError(400, "Invalid JSON: an object is wanted")
    parameters: Parameters = {}
    for name, value in pairs:
        if type(value) is list and name.removesuffix("[]") in lists and all(isinstance(item, str) for item in value):
            _add(parameters, name, f"{','.join(value)},", lists)
            continue
        if not isinstance(value, str):
            raise invalid(shown(name), "is neither a text nor a number")
        _add(parameters, name, value, lists)
    return parameters


class _Object(list[tuple[str, Any]]):
    """
    A JSON object with its keys as they came, repeated ones too.
    """


def _not_json(name: str) -> NoReturn:
    raise ApiError(400, f"Invalid JSON: {name} is not JSON")
