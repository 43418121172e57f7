"""
An answer as JSON and as XML.
"""

import re
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import orjson

JSON = b"application/json"
XML = b"application/xml"
HTML = b"text/html; charset=utf-8"

# Source: XML 1.0 (5th ed.) production 2, Char: these may not stand in a document, escaped or not.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")

_UNKNOWN = "\ufffd"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)
"""Names that can be an element's; another is written as ``<entry name="…">``."""


class ById(dict[str, Any]):
    """
    Things by what they are known by, which is no name: ``<number id="441132456789">…</number>`` in XML.
    """

    element = "number"


class ByType(ById):
    """
    Numbers, and of each what several sources say.
    """


def to_json(value: Any, *, indent: bool = False) -> bytes:
    """
    Write JSON; a Decimal becomes a number with exactly its digits.
    """
    return orjson.dumps(value, default=_number, option=orjson.OPT_INDENT_2 if indent else None)


def _number(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{type(value).__name__} has no JSON form")


def to_xml(root: str, value: Any) -> bytes:
    """
    Write a mapping as one element a key, nested like the JSON; null is an empty element.

    Args:
        root: name of the outermost element: the service.
        value: a mapping of names to texts, numbers, None, mappings or lists.

    """
    return b'<?xml version="1.0"?>' + _element(root, value).encode("utf-8")


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, item) for item in value)
    start, end = (
        (name, name) if _NAME.fullmatch(name) else (f"entry name={quoteattr(_NOT_XML.sub(_UNKNOWN, name))}", "entry")
    )
    if value is None or value == "":
        return f"<{start}/>"
    return f"<{start}>{_content(value)}</{end}>"


def _content(value: Any) -> str:
    if isinstance(value, ById):
        return "".join(_by_id(value.element, key, item) for key, item in value.items())
    if isinstance(value, dict):
        return "".join(_element(key, item) for key, item in value.items())
    return escape(_NOT_XML.sub(_UNKNOWN, _text(value)))


def _by_id(element: str, key: str, item: Any) -> str:
    return f"<{element} id={quoteattr(_NOT_XML.sub(_UNKNOWN, key))}>{_content(item)}</{element}>"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)
