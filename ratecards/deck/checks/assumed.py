"""
What was taken for granted because the file does not say, or says by the way.
"""

from collections.abc import Iterator, Sequence

from ratecards.deck.checks.notices import Notice, of_file
from ratecards.deck.draft import Draft
from ratecards.deck.mapping import Mapping
from ratecards.deck.times import DEFAULT_S
from ratecards.deck.words import IGNORE, normal

KIND = "assumed"


def assumptions(draft: Draft, mapping: Mapping, currency: str | None) -> Iterator[Notice]:
    """
    Name every default that is now in the rules.

    Args:
        draft: what was read.
        mapping: what was answered.
        currency: of the deck.
    """
    if draft.defaulted:
        first = DEFAULT_S if mapping.mcd_s is None else mapping.mcd_s
        yield of_file(KIND, f"{_rows(draft.defaulted)} without billing increments: {first}/{DEFAULT_S} is taken")
    if draft.last_days:
        yield of_file(
            KIND, f"{_rows(draft.last_days)} with an end date without a time: that day is taken to be the last"
        )
    if draft.rounded:
        yield of_file(
            "rounded", f"{_rows(draft.rounded)} with a price that has a float's error behind the tenth decimal"
        )
    if "$" in draft.currencies:
        yield of_file(KIND, f"'$' ({draft.currencies['$']}) is taken to be {currency}")
    for field, line in draft.stated.lines.items():
        if line and field in ("effective", "expires", "billing"):
            text = draft.stated.values[field]
            yield of_file(KIND, f"'{text}' in line {line} is taken as {field} of every row without its own", line)


def misfits(mapping: Mapping, header: Sequence[str]) -> Iterator[Notice]:
    """
    Say where a mapping does not fit the file it was used on.
    """
    if not mapping.matches(header):
        name = f"mapping {mapping.name}" if mapping.name else "mapping"
        yield of_file("mapping", f"the header is not the one the {name} was made for")
    known = {normal(text) for text in header} | {f"column {position + 1}" for position in range(len(header))}
    for text, field in mapping.columns.items():
        if field != IGNORE and normal(text) not in known:
            yield of_file("mapping", f"the file has no column '{text}', which the mapping takes for {field}")


def _rows(count: int) -> str:
    return f"{count:,} rows" if count != 1 else "1 row"
