"""
An answer as a page for people: the same fields, spelled out, with a form to ask again.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.render.plain import ByType
from service.render.run import Run
from service.render.table import Table

if TYPE_CHECKING:
    from jinja2 import Environment

# Source: HTML, clause 13.2.3.5: control characters that no page may have, and that colour a terminal which shows it.
_NOT_HTML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_INSTANTS = {
    "start", "effective", "expires", "datetime", "at", "created", "archived", "planned", "made", "next_at", "cancelled",
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
    page = pages().get_template("answer.html")
    told = _by_number(answer) if isinstance(answer, ByType) else _flat(error or answer)
    rows = [(name, _shown(name, value)) for name, value in told.items() if not _is_table(value)]
    tables = [(name, *_columns(value)) for name, value in told.items() if _is_table(value)]
    card = asked.get("card", answer.get("card", ""))
    return _bytes(
        page.render(
            service=service, error=error, rows=rows, tables=tables, asked=asked, card=card, headline=_headline(answer)
        )
    )


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
    page = pages().get_template("table.html")
    return _bytes(page.render(service=service, table=table, columns=columns, rows=rows, about=about, links=ways))


def to_run_page(service: str, run: Run, links: dict[str, str]) -> bytes:
    """
    Show a stretch of a long list; columns that are empty on it are left out.

    Args:
        links: relation to address of the stretches beside it.
    """
    columns = [name for name in run.columns if any(row[name] not in (None, "") for row in run.rows)]
    rows = [[_shown(name, row[name]) for name in columns] for row in run.rows]
    ways = {name: href for name, href in links.items() if name != "self"}
    return to_page("run.html", service=service, run=run, columns=columns, rows=rows, links=ways)


def to_page(template: str, **values: Any) -> bytes:
    return _bytes(pages().get_template(template).render(**values))


def _bytes(page: str) -> bytes:
    """
    What is no text in a page shows as unknown: control characters, and half a character, which may be asked for.
    """
    return _NOT_HTML.sub("\ufffd", page).encode(errors="replace")


@cache
def pages() -> "Environment":
    """
    The pages' templates. Made once a process answers: softswitches, which wait for it to start, see none.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - a start need not wait for it

    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _flat(answer: dict[str, Any]) -> dict[str, Any]:
    """
    What is told of a thing within, line by line.
    """
    flat: dict[str, Any] = {}
    for name, value in answer.items():
        if isinstance(value, dict) and value:
            flat |= {f"{name} {inner}": item for inner, item in value.items()}
        else:
            flat[name] = value
    return flat


def _by_number(answer: ByType) -> dict[str, Any]:
    """
    What several sources say of numbers: of each a table with a line a field.
    """
    return {
        number: [
            {"type": name, "field": field, "value": _shown(field, value)}
            for name, fields in by_type.items()
            for field, value in _flat(fields).items()
        ]
        for number, by_type in answer.items()
    }


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _columns(rows: list[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """
    A list of things as a table; what no row has anything of is left out.
    """
    names = dict.fromkeys(name for row in rows for name, value in row.items() if value not in (None, ""))
    return list(names), [[_shown(name, row.get(name)) for name in names] for row in rows]


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
    if name in _INSTANTS and isinstance(value, int | Decimal) and not isinstance(value, bool):
        return f"{value} ({_instant(int(value))})"
    if isinstance(value, Decimal):
        return format(value, "f")
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
