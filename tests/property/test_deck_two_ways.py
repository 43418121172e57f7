"""
Reading a column by its shape and reading it cell by cell give the same deck.
"""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from ratecards.deck import Mapping, parse, read_deck
from ratecards.deck.cells.codes import CodeStyle
from ratecards.deck.parse import CellReader, read_cells
from ratecards.deck.readers import AREA_MARK, amounts, codes, codes_in_country, dates
from ratecards.deck.times import UTC

pytestmark = pytest.mark.many
DIGITS = st.one_of(st.text("0123456789", max_size=18), st.text("01", max_size=6))
CODES = st.one_of(DIGITS, DIGITS.map("+{}".format), DIGITS.map("00{}".format), st.text("0123456789+-., ٠", max_size=8))
AMOUNTS = st.one_of(
    st.builds("{}.{}".format, DIGITS, DIGITS),
    st.builds("{},{}".format, DIGITS, DIGITS),
    DIGITS,
    st.text("0123456789.,$-eE ٠", max_size=12),
)
NUMBERS = st.integers(0, 70).map("{:02d}".format)
DATES = st.one_of(
    st.builds("{}-{}-{}{}{}:{}:{}{}".format, st.integers(1900, 9999), NUMBERS, NUMBERS, st.sampled_from(" T"), NUMBERS,
              NUMBERS, NUMBERS, st.sampled_from(["", "Z", ".5", "+01:00"])),
    st.builds("{}-{}-{}".format, st.integers(1900, 9999), NUMBERS, NUMBERS),
    st.builds("{}/{}/{}".format, NUMBERS, NUMBERS, st.integers(1900, 2100)),
)  # fmt: skip
AREAS = st.builds(
    f"{{}}{AREA_MARK}{{}}".format, DIGITS.filter(bool), st.one_of(DIGITS, st.text("0123456789, ", max_size=9))
)
READERS: dict[str, tuple[CellReader, st.SearchStrategy[str]]] = {
    "code": (codes(CodeStyle()), CODES),
    "npa_nxx": (codes(CodeStyle(npa_nxx=True)), CODES),
    "area": (codes_in_country(CodeStyle()), AREAS),
    "point": (amounts("."), AMOUNTS),
    "comma": (amounts(","), AMOUNTS),
    "date": (dates(None, UTC), DATES),
    "end date": (dates("dmy", UTC, end=True), DATES),
}


def nothing_by_shape(frame: pl.DataFrame, reader: CellReader) -> pl.Series:
    name, dtype = next(iter(reader.schema.items()))
    return pl.Series(name, [None] * frame.height, dtype=dtype)


@pytest.mark.parametrize("kind", READERS)
@examples(150)
@given(data=st.data())
def test_a_cell_read_by_its_shape_is_the_cell_read_alone(kind: str, data: st.DataObject) -> None:
    """
    Values and reasons are the same, column for column, whichever way is taken.
    """
    reader, strategy = READERS[kind]
    cells = pl.Series(data.draw(st.lists(strategy.filter(bool), min_size=1, max_size=30)), dtype=pl.String)
    plain = CellReader(reader.schema, reader.read)
    by_shape, alone = read_cells(cells, reader), read_cells(cells, plain)
    unsaid = [pl.col(pl.Boolean).fill_null(value=False), pl.col(pl.Int32).fill_null(1)]
    assert by_shape.with_columns(unsaid).equals(alone.with_columns(unsaid))


ROWS = st.lists(
    st.tuples(CODES, AMOUNTS, DATES, st.sampled_from(["60/1", "1/1", "", "6", "x"])), min_size=1, max_size=15
)


@examples(40)
@given(rows=ROWS, comma=st.booleans())
def test_a_deck_read_by_shapes_is_the_deck_read_cell_by_cell(
    rows: list[tuple[str, ...]], comma: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Rules and report are the same to the letter.
    """
    text = "\n".join(["Prefix;Rate;Effective;Billing", *(";".join(row) for row in rows)]).encode()
    mapping = Mapping(decimal_comma=comma, date_order="dmy", hyphen="range", spaces="join")
    by_shapes = read_deck(text, mapping=mapping, now=1_790_000_000)
    with monkeypatch.context() as patch:
        patch.setattr(parse, "by_shape", nothing_by_shape)
        cell_by_cell = read_deck(text, mapping=mapping, now=1_790_000_000)
    assert by_shapes.rules.equals(cell_by_cell.rules)
    assert by_shapes.report == cell_by_cell.report
