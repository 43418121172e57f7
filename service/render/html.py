"""
An answer as a page for people: the same fields, spelled out, with a form to ask again.
"""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_INSTANTS = {"effective", "expires", "datetime", "at"}


def to_html(service: str, answer: dict[str, Any], asked: dict[str, str]) -> bytes:
    """
    Show an answer.

    Args:
        service: ``rate``; the page's title.
        answer: the fields, or the error envelope.
        asked: the parameters of the request, shown again in the form.

    """
    error = answer.get("error")
    page = _PAGES.get_template("answer.html")
    rows = [(name, _shown(name, value)) for name, value in (error or answer).items()]
    card = asked.get("card", answer.get("card", ""))
    return page.render(
        service=service, error=error, rows=rows, asked=asked, card=card, headline=_headline(answer)
    ).encode()


def to_page(template: str, **values: Any) -> bytes:
    return _PAGES.get_template(template).render(**values).encode()


def _headline(answer: dict[str, Any]) -> str:
    """
    A price in one line, where there is one.
    """
    if "rate" not in answer:
        return ""
    return f"{answer['rate']} {answer['currency']} a minute to {answer['name']}"


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, Decimal):
        return format(value, "f")
    if name in _INSTANTS and isinstance(value, int):
        return f"{value} ({_instant(value)})"
    return str(value)


def _instant(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return "out of the calendar"
