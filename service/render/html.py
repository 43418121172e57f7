"""
An answer as a page for people: the same fields, spelled out, with a form to ask again.
"""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.render.table import Table

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_INSTANTS = {
    "effective", "expires", "datetime", "at", "created", "archived", "planned", "made", "next_at", "cancelled",
    "old_effective", "new_effective", "old_expires", "new_expires",
}  # fmt: skip


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


def to_table_page(service: str, table: Table, links: dict[str, str]) -> bytes:
    """
    Show a page of a table; columns that are empty on it are left out.

    Args:
        links: relation to address of the pages beside it.
    """
    columns = [name for name in table.columns if any(row[name] not in (None, "") for row in table.rows)]
    rows = [[_shown(name, row[name]) for name in columns] for row in table.rows]
    about = [(name, _shown(name, value)) for name, value in table.about.items()]
    ways = {name: links[name] for name in ("first", "prev", "next", "last") if name in links and table.last > 1}
    page = _PAGES.get_template("table.html")
    return page.render(service=service, table=table, columns=columns, rows=rows, about=about, links=ways).encode()


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
    if name in _INSTANTS and isinstance(value, int) and not isinstance(value, bool):
        return f"{value} ({_instant(value)})"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{name} {_shown(name, item)}" for name, item in value.items())
    return "; ".join(_shown(name, item) for item in value) if isinstance(value, list) else str(value)


def _instant(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return "out of the calendar"
