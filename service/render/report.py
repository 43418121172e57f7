"""
A report as a partner's programs take it: an array, a table with its schema in JSON or XML, CSV, or a workbook.

Source: the five kinds of ``Response`` of the partner interface; types of values: W3C XML Schema part 2.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.render.hal import hal_thing
from service.render.plain import JSON, to_json, to_xml
from service.render.sheets import CSV, XLSX, to_csv, to_xlsx
from service.render.table import Row, Table

TEXT_XML = b"text/xml; charset=utf-8"
DEFAULT = "Default"
_SAFE = {
    "INTEGER": "int",
    "BIGINT": "long",
    "VARCHAR": "string",
    "NVARCHAR": "string",
    "DATE": "dateTime",
    "UNIQUEIDENTIFIER": "string",
}
"""What a program that knows no SQL may take the values of a type for."""


@dataclass(frozen=True, slots=True)
class Column:
    """
    Attributes:
        type: of SQL.
        length: characters at most; -1: it has none.
    """

    name: str
    type: str
    length: int

    def as_json(self) -> dict[str, Any]:
        return {"Column_Name": self.name, "Type": self.type, "SafeType": _SAFE[self.type], "Length": self.length}


@dataclass(frozen=True, slots=True)
class Report:
    """
    Attributes:
        name: what its file is called after.
        links: of each row, for those who want links; empty: rows have none.
    """

    name: str
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    links: Sequence[dict[str, str]] = field(default_factory=list)

    @property
    def schema(self) -> list[dict[str, Any]]:
        return [column.as_json() for column in self.columns]


def to_array(report: Report) -> bytes:
    return to_json(report.rows)


def to_json_table(report: Report) -> bytes:
    return to_json({"Records": report.rows, "Schema": report.schema})


def to_xml_table(report: Report) -> bytes:
    """
    One ``Record`` a row, then one ``Schema`` a column.
    """
    return to_xml("Table", {"Record": list(report.rows), "Schema": report.schema})


def hal_report(report: Report, here: str) -> dict[str, Any]:
    """
    The rows embedded, with links.

    Args:
        here: address of the report.
    """
    rows = [
        hal_thing(row, links) for row, links in zip(report.rows, report.links or [{}] * len(report.rows), strict=True)
    ]
    items = [{"href": links["self"]} for links in report.links if "self" in links]
    ways: dict[str, Any] = {"self": {"href": here}} | ({"item": items} if items else {})
    return {"_links": ways, "_embedded": {report.name: rows}}


def _table(report: Report) -> Table:
    return Table(report.name, tuple(column.name for column in report.columns), list(report.rows), len(report.rows))


KINDS: dict[str, tuple[bytes, Callable[[Report], bytes]]] = {
    DEFAULT: (JSON, to_array),
    "JsonDataTable": (JSON, to_json_table),
    "XmlDataTable": (TEXT_XML, to_xml_table),
    "CSV": (CSV, lambda report: to_csv(_table(report))),
    "Excel": (XLSX, lambda report: to_xlsx(_table(report))),
}
"""Content type and writer by what ``Response`` says."""
