"""
What a deck states above its table, for all of its rows: ``Currency:,USD per minute``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ratecards.deck.cells.dates import read_date
from ratecards.deck.cells.intervals import read_interval
from ratecards.deck.currencies import currency_in
from ratecards.deck.errors import CellError
from ratecards.deck.grid import Sheet
from ratecards.deck.words import FIELD_OF, normal

_LABELS = ("currency", "effective", "expires", "billing")
_NOT_LABELS = frozenset({"date", "from", "to", "start", "end", "till", "until", "begin", "rounding", "charging"})


@dataclass(frozen=True, slots=True)
class Stated:
    """
    Facts of the lines above the header.

    Attributes:
        values: field → cell text that holds for every row without one of its own.
        lines: field → line it stands on; 0: the document's own settings.
        currency: what the currency line says, its own words where it names none or several.
        mentioned: the only currency the lines mention in passing.
    """

    values: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    currency: str | None = None
    mentioned: str | None = None


def read_stated(sheet: Sheet, header_row: int) -> Stated:
    """
    Read the lines above the header, and what the document states by other means.
    """
    values, lines = dict(sheet.stated), dict.fromkeys(sheet.stated, 0)
    mentions = set()
    for index, row in enumerate(sheet.cells.head(header_row).iter_rows()):
        for name, text in _labelled(row):
            if name not in values:
                values[name], lines[name] = text, int(sheet.lines[index])
        mentions |= {currency_in(cell) for cell in row if cell} - {None}
    text = values.pop("currency", "")
    currency = currency_in(text, labelled=True) or text or None
    return Stated(values, lines, currency, mentions.pop() if len(mentions) == 1 else None)


def _labelled(row: Sequence[str | None]) -> Iterator[tuple[str, str]]:
    cells = [cell for cell in row if cell]
    for index, cell in enumerate(cells):
        label, colon, text = cell.partition(":")
        wording = normal(label)
        name = FIELD_OF.get(wording)
        if name not in _LABELS or wording in _NOT_LABELS:
            continue
        text = text.strip() or (cells[index + 1] if index + 1 < len(cells) else "")
        if text and (colon or len(cells) == 2) and _readable(name, text):
            yield name, text


def _readable(name: str, text: str) -> bool:
    # A label may stand in front of a sentence; that is no statement for every row.
    try:
        if name in ("effective", "expires"):
            read_date(text, None)
        elif name == "billing":
            read_interval(text)
    except CellError:
        return False
    return True
