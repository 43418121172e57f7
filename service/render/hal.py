"""
Answers with links, so that a program finds its way without knowing addresses.

Source: draft-kelly-json-hal-11.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from service.render.table import Row, Table

HAL = b"application/hal+json"
Links = Callable[[Row], dict[str, str]]
"""Relations of a thing and where they lead; of a row, by what is said of all rows besides."""


def hal_table(table: Table, path: str, asked: dict[str, str], links: Links | None) -> dict[str, Any]:
    """
    A page of a table, its rows embedded, with links to its neighbours.

    Args:
        path: of the request.
        asked: its parameters.
        links: of a row; None: rows have none.
    """
    fields = table.fields()
    rows = fields.pop(table.name)
    embedded = [row if links is None else hal_thing(row, links({**table.about, **row})) for row in rows]
    items = [row["_links"]["self"] for row in embedded if "self" in row.get("_links", {})]
    ways: dict[str, Any] = {name: {"href": href} for name, href in page_links(table, path, asked).items()}
    return {"_links": ways | ({"item": items} if items else {}), **fields, "_embedded": {table.name: embedded}}


def hal_thing(thing: dict[str, Any], links: dict[str, str]) -> dict[str, Any]:
    """
    One thing with its links.
    """
    return {"_links": {name: {"href": href} for name, href in links.items()}, **thing}


def page_links(table: Table, path: str, asked: dict[str, str]) -> dict[str, str]:
    """
    Where this page is, the ones beside it, the first and the last.
    """
    here = table.page.number
    pages = {"self": here, "first": 1, "last": table.last}
    pages |= ({"prev": min(here - 1, table.last)} if here > 1 else {}) | (
        {"next": here + 1} if here < table.last else {}
    )
    kept = {name: value for name, value in asked.items() if name not in {"page", "Auth"}}
    return {name: f"{path}?{urlencode({**kept, 'page': number})}" for name, number in pages.items()}


def link_field(links: dict[str, str]) -> bytes:
    """
    The same as a header field, for answers that have no place for links; RFC 8288.
    """
    return ", ".join(f'<{href}>; rel="{name}"' for name, href in links.items()).encode()
