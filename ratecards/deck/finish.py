"""
From the rows of one sheet to a deck: rules compared with each other, the card accepted or not, the report written.
"""

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from ratecards.deck.checks.against_base import gates, vanished
from ratecards.deck.checks.assumed import assumptions, misfits
from ratecards.deck.checks.duplicates import Resolved, resolve_duplicates
from ratecards.deck.checks.notices import Notice, notice
from ratecards.deck.checks.outliers import outliers
from ratecards.deck.checks.timing import not_in_force
from ratecards.deck.currencies import agreed, is_currency
from ratecards.deck.deck import Deck, Wish
from ratecards.deck.draft import Draft, read_draft
from ratecards.deck.mapping import header_fingerprint
from ratecards.deck.neighbours import serving
from ratecards.deck.refusals import all_refused, listed
from ratecards.deck.report import MAX_LISTED_WARNINGS, Report, Warning_
from ratecards.deck.rows import LINE, ROW
from ratecards.deck.sheets import Found
from ratecards.rules import SCHEMA


def make_deck(file: str, found: Found, ignored_sheets: tuple[str, ...], wish: Wish) -> Deck:
    """
    Read one sheet to the end.

    Raises:
        DeckError: more rules than a deck can have.
    """
    wish = replace(wish, mapping=found.mapping)
    draft = read_draft(found.sheet, found.layout, wish.mapping, wish.now)
    currency, in_two = _currency(draft, wish)
    report = _opened(file, found, ignored_sheets)
    if draft.questions:
        dates = (draft.date_question,) if draft.date_question else ()
        rules, report = SCHEMA.to_frame(), replace(report, reasons=(*draft.questions, *dates, *in_two))
    else:
        resolved = resolve_duplicates(draft.rules, wish.mapping.duplicates)
        reasons = (*in_two, *_card_reasons(resolved.rules, draft, wish))
        serves = serving(resolved.rules, wish.now, twins=resolved.order is None)
        report = _with_rows(replace(report, reasons=reasons), found, draft, resolved, serves)
        report = _with_warnings(report, _notices(found, draft, resolved, serves, wish, currency))
        rules = resolved.rules.select(SCHEMA.names())
    return Deck(rules, currency, report, not report.reasons, found.sheet.name, found.sheet.facts)


def _opened(file: str, found: Found, ignored_sheets: tuple[str, ...]) -> Report:
    layout = found.layout
    return Report(
        file=file,
        sheet=found.sheet.name,
        header=layout.header,
        fingerprint=header_fingerprint(layout.header),
        columns={name: layout.title(i) for name, i in layout.columns.items()},
        ignored=layout.ignored,
        ignored_sheets=ignored_sheets,
        mapping=found.mapping.name,
    )


def _with_rows(report: Report, found: Found, draft: Draft, resolved: Resolved, serves: pl.DataFrame) -> Report:
    header_line = int(found.sheet.lines[found.layout.row])
    broken = [line for line in found.sheet.broken if line.line > header_line]
    refused = all_refused(draft, resolved, found.layout)
    read, kept_out = draft.rows_read + len(broken), refused[ROW].n_unique() + len(broken)
    return replace(
        report,
        rows_read=read,
        rows_taken=read - kept_out,
        rows_refused=kept_out,
        rows_skipped=draft.skipped.len(),
        skipped_lines=tuple(draft.skipped.sort().head(MAX_LISTED_WARNINGS)),
        rules=resolved.rules.height,
        refusals=listed(refused, serves, broken, report.sheet, report.file),
    )


def _card_reasons(rules: pl.DataFrame, draft: Draft, wish: Wish) -> Iterator[str]:
    if draft.date_question:
        yield draft.date_question
    if rules.is_empty():
        yield "the deck is empty: no row of it could be taken"
    elif wish.base is not None and not wish.base.is_empty() and not wish.force:
        yield from gates(rules, wish.base)


def _notices(
    found: Found, draft: Draft, resolved: Resolved, serves: pl.DataFrame, wish: Wish, currency: str | None
) -> Iterator[Notice]:
    rules = resolved.rules
    yield from assumptions(draft, wish.mapping, currency)
    yield from misfits(wish.mapping, found.layout.header)
    excused = rules.filter(pl.col(LINE).is_in(list(draft.excused))) if draft.excused else rules.clear()
    yield notice("blocked", excused, pl.col("prefix") + " is blocked; a price or increment beside it cannot be read")
    twins = sorted(resolved.warnings, key=lambda warning: (warning.line or 0, warning.prefix or ""))
    yield Notice("duplicate", len(twins), tuple(twins[:MAX_LISTED_WARNINGS]))
    yield from outliers(rules, serves, resolved.order)
    yield from not_in_force(rules, serves, wish.now)
    if wish.base is not None:
        yield vanished(rules, wish.base, serves)


def _with_warnings(report: Report, notices: Iterator[Notice]) -> Report:
    counts: dict[str, int] = {}
    warnings: list[Warning_] = []
    for found in notices:
        if found.count:
            counts[found.kind] = counts.get(found.kind, 0) + found.count
            warnings += found.listed
    return replace(report, warnings=tuple(warnings), warning_counts=counts)


def _currency(draft: Draft, wish: Wish) -> tuple[str | None, list[str]]:
    places = dict(draft.currencies)
    if wish.currency:
        places.setdefault(wish.currency, "the caller")
    if not places and (draft.stated.mentioned or wish.mapping.currency):
        places = {draft.stated.mentioned or wish.mapping.currency or "": ""}
    strange = [name for name in places if name != "$" and not is_currency(name)]
    if strange:
        return None, [f"'{strange[0][:40]}' ({places[strange[0]]}) is no ISO 4217 currency code"]
    names = agreed(set(places))
    if len(names) < 2:
        return next(iter(names), None), []
    shown = " and ".join(f"{name} ({place})" for name, place in sorted(places.items()))
    return None, [f"the prices are in two currencies: {shown}"]
