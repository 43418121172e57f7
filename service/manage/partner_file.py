"""
A file of companies, locations or devices into lines: CSV in any dialect, or a workbook of one sheet.
"""

from collections.abc import Iterator

from ratecards.deck import DeckError
from ratecards.deck.formats.opening import open_sheets
from ratecards.deck.grid import Sheet
from ratecards.numberset import ListError, Refusals
from service.manage.partner_fields import FieldError, Kind, Line
from service.store.partner_put import Item

MAX_LINES = 100_000
"""Of one file: all of them are taken in one change of the store, and others wait for it."""
_SHOWN = 40


def read_items(data: bytes, kind: Kind, refusals: Refusals) -> dict[int, Item]:
    """
    Read what a file has, by line.

    Args:
        refusals: gets each line that cannot be taken.

    Raises:
        ListError: it is not the file it should be.
    """
    sheet = _sheet(data)
    columns = _columns(sheet, kind)
    if sheet.cells.height > MAX_LINES + 1:
        raise ListError(f"has more than {MAX_LINES:,} lines; load it in parts")
    for broken in sheet.broken:
        refusals.add(broken.line, broken.reason)
    found: dict[int, Item] = {}
    first: dict[object, int] = {}
    for at, line in _lines(sheet, columns):
        try:
            item = kind.read(line)
        except FieldError as error:
            refusals.add(at, str(error))
            continue
        before = first.setdefault(kind.key(item), at)
        if before == at:
            found[at] = item
        else:
            refusals.add(at, f"is in line {before} already")
    return found


def _sheet(data: bytes) -> Sheet:
    try:
        sheets = [sheet for sheet in open_sheets(data) if sheet.cells.height]
    except DeckError as error:
        raise ListError(str(error)) from None
    if len(sheets) != 1:
        raise ListError("has more than one sheet with something in it" if sheets else "is empty")
    return sheets[0]


def _columns(sheet: Sheet, kind: Kind) -> dict[str, int]:
    """
    Where each column is, as the first line says.
    """
    known = {name.lower(): name for name in (*kind.needed, *kind.others)}
    columns: dict[str, int] = {}
    for place, cell in enumerate(sheet.cells.row(0)):
        name = known.get((cell or "").lower())
        if cell is not None and (name is None or name in columns):
            raise ListError(f"the column '{_shown(cell)}' is {'there twice' if name else 'not known'}; {_wanted(kind)}")
        if name is not None:
            columns[name] = place
    lacking = [name for name in kind.needed if name not in columns]
    if lacking:
        raise ListError(f"has no column {lacking[0]}; {_wanted(kind)}")
    return columns


def _wanted(kind: Kind) -> str:
    return f"the first line of {kind.name} names {', '.join(kind.needed)}" + (
        f", and may name {', '.join(kind.others)}" if kind.others else ""
    )


def _lines(sheet: Sheet, columns: dict[str, int]) -> Iterator[tuple[int, Line]]:
    rows = zip(sheet.lines[1:], sheet.cells.slice(1).iter_rows(), strict=True)
    for at, row in rows:
        if any(row):
            yield at, {name: row[place] for name, place in columns.items()}


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in text[:_SHOWN])
