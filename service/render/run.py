"""
A long list as an answer, one stretch at a time: each tells where the next begins, and nobody counts them all.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from service.render.hal import Links, hal_thing
from service.render.table import Row


@dataclass(frozen=True, slots=True)
class Run:
    """
    Attributes:
        name: what its rows are: ``records``.
        columns: of every row, in their order.
        rows: of this stretch.
        cursor: from which the next goes on; None: this is the last.
        limit: rows of a stretch, at most.
        about: what is said of all rows.
    """

    name: str
    columns: tuple[str, ...]
    rows: list[Row]
    cursor: str | None
    limit: int
    about: dict[str, Any] = field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        """
        The list as the fields of an answer.
        """
        return {**self.about, self.name: self.rows, "limit": self.limit, "cursor": self.cursor}


def run_links(run: Run, path: str, asked: dict[str, str]) -> dict[str, str]:
    """
    Where this stretch is, the first and the next.
    """
    kept = {name: value for name, value in asked.items() if name not in {"cursor", "Auth"}}
    here = {"cursor": asked["cursor"]} if "cursor" in asked else {}
    places = {"self": here, "first": {}} | ({} if run.cursor is None else {"next": {"cursor": run.cursor}})
    return {name: f"{path}?{urlencode({**kept, **place})}" for name, place in places.items()}


def hal_run(run: Run, path: str, asked: dict[str, str], links: Links | None) -> dict[str, Any]:
    """
    A stretch of a list, its rows embedded, with links to its neighbours.

    Args:
        links: of a row; None: rows have none.
    """
    fields = run.fields()
    rows = fields.pop(run.name)
    embedded = [row if links is None else hal_thing(row, links(row)) for row in rows]
    items = [row["_links"]["self"] for row in embedded if "self" in row.get("_links", {})]
    ways: dict[str, Any] = {name: {"href": href} for name, href in run_links(run, path, asked).items()}
    return {"_links": ways | ({"item": items} if items else {}), **fields, "_embedded": {run.name: embedded}}
