"""
Which sheets of a file hold a table of rates.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ratecards.deck.grid import Sheet
from ratecards.deck.layout import HEADER_WITHIN, Layout, find_layout
from ratecards.deck.mapping import Mapping, header_fingerprint
from ratecards.deck.words import recognise


@dataclass(frozen=True, slots=True)
class Found:
    """
    A sheet with a table of rates.

    Attributes:
        sheet: its cells.
        layout: its header.
        mapping: what it is read by: the caller's, or the saved one for its header.
    """

    sheet: Sheet
    layout: Layout
    mapping: Mapping


@dataclass(frozen=True, slots=True)
class Choice:
    """
    The sheets of a file, sorted out.

    Attributes:
        found: sheets with a table of rates.
        ignored: names of the others.
        reason: why there is none; empty where there is.
    """

    found: tuple[Found, ...]
    ignored: tuple[str, ...] = ()
    reason: str = ""


def choose(sheets: Iterable[Sheet], mapping: Mapping, saved: Iterable[Mapping] = ()) -> Choice:
    """
    Sort out the sheets of a file.

    Args:
        sheets: all of them.
        mapping: what to read them by.
        saved: mappings that are tried first, each on files with the header it was made for.
    """
    known = {m.fingerprint: m for m in saved if m.fingerprint}
    found: list[Found] = []
    others: list[Sheet] = []
    for sheet in sheets:
        one = None if sheet.refusal else _found(sheet, mapping, known)
        if one is None:
            others.append(sheet)
        else:
            found.append(one)
    ignored = tuple(sheet.name for sheet in others if sheet.name)
    return Choice(tuple(found), ignored, "" if found else _why_none(others))


def _found(sheet: Sheet, mapping: Mapping, known: dict[str, Mapping]) -> Found | None:
    layout = None
    for index, row in enumerate(sheet.cells.head(HEADER_WITHIN if known else 0).iter_rows()):
        saved = known.get(header_fingerprint([cell or "" for cell in row]))
        if saved is not None and saved.sheet in (None, sheet.name):
            layout = find_layout(sheet, saved, at=index)
            mapping = saved if layout else mapping
            break
    layout = layout or find_layout(sheet, mapping)
    return None if layout is None else Found(sheet, layout, mapping)


def _why_none(sheets: list[Sheet]) -> str:
    for sheet in sheets:
        if sheet.refusal:
            return f"card '{sheet.name}' {sheet.refusal}"
    nearest = max(map(_nearest, sheets), default=(0, ""))
    hint = f"; the nearest is {nearest[1]}" if nearest[0] else ""
    return (
        f"no row among the first {HEADER_WITHIN} names both a code and a price{hint}: name the columns in the mapping"
    )


def _nearest(sheet: Sheet) -> tuple[int, str]:
    best = (0, "")
    for line, row in zip(sheet.lines, sheet.cells.head(HEADER_WITHIN).iter_rows(), strict=False):
        texts = [cell for cell in row if cell]
        known = len({recognise(text).field for text in texts} - {None})
        if known > best[0]:
            shown = ", ".join(f"'{text[:40]}'" for text in texts[:8])
            best = (known, f"line {line} ({shown})")
    return best
