"""
Whatever card is written, in whatever dialect and format, is the card that is read.
"""

import gzip
import lzma

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from ratecards.deck import Mapping, read_deck
from ratecards.deck.cells.names import clean_names
from ratecards.deck.write import FORMATS, Dialect, Format, write_deck
from ratecards.model import Rule
from ratecards.money import MAX_UNITS
from ratecards.rules import to_frame

TEXT = st.text(st.characters(codec="cp1252", exclude_characters="\x81\x8d\x8f\x90\x9d"), max_size=20)
STARTS = st.sampled_from(["", "", "=", "+", "-", "@", "'", "'=", "''", "#", '"'])
NAMES = st.builds(str.__add__, STARTS, TEXT).map(lambda text: clean_names(pl.Series([text]))[0])
PREFIXES = st.from_regex(r"[1-9][0-9]{0,14}", fullmatch=True)
UNITS = st.one_of(st.integers(0, 10**11), st.integers(0, MAX_UNITS), st.just(0))
OPTIONAL_UNITS = st.none() | UNITS
SECONDS = st.integers(0, 4_000_000_000)
ORIGINS = st.one_of(
    st.just(""),
    st.sampled_from(["local", "group", "international"]),
    st.lists(PREFIXES, min_size=1, max_size=3).map(lambda prefixes: " ".join(sorted(set(prefixes)))),
)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    effective = draw(st.none() | SECONDS)
    shortest = draw(st.none() | st.integers(1, 15))
    return Rule(
        prefix=draw(PREFIXES),
        name=draw(NAMES),
        rate_units=draw(UNITS),
        connect_fee_units=draw(UNITS),
        mcd_s=draw(st.integers(0, 3600)),
        pulse_s=draw(st.integers(1, 3600)),
        effective=effective,
        expires=draw(st.none() | st.integers((effective or 0) + 1, 5_000_000_000)),
        blocked=draw(st.booleans()),
        origin=draw(ORIGINS),
        rate_inter_units=draw(OPTIONAL_UNITS),
        rate_intra_units=draw(OPTIONAL_UNITS),
        rate_indeterminate_units=draw(OPTIONAL_UNITS),
        min_digits=shortest,
        max_digits=draw(st.none() | st.integers(shortest or 1, 15)),
    )


CARDS = st.lists(rules(), min_size=1, max_size=12, unique_by=lambda rule: (rule.prefix, rule.origin)).map(to_frame)
DIALECTS = st.builds(
    Dialect,
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    newline=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    decimal_comma=st.booleans(),
    quote_all=st.booleans(),
)
PACKERS = st.sampled_from([bytes, gzip.compress, lzma.compress])
SETTINGS = examples(60)
pytestmark = pytest.mark.many


@SETTINGS
@given(card=CARDS, dialect=DIALECTS)
def test_a_card_written_in_any_dialect_reads_back_the_same(card: pl.DataFrame, dialect: Dialect) -> None:
    """
    Delimiter, line ends, encoding, decimal sign and quotes are the reader's to find out.
    """
    mapping = Mapping(decimal_comma=dialect.decimal_comma)
    deck = read_deck(write_deck(card, "csv", "CHF", dialect=dialect), mapping=mapping)
    assert deck.accepted, deck.report
    assert deck.rules.equals(card), (deck.rules, deck.report)
    assert deck.currency == "CHF"


@SETTINGS
@given(card=CARDS, form=st.sampled_from(FORMATS), pack=PACKERS)
def test_a_card_written_in_any_format_and_packed_reads_back_the_same(
    card: pl.DataFrame, form: Format, pack: "type[bytes]"
) -> None:
    """
    CSV, XLSX and Open Rate Card carry the same card, plain or packed.
    """
    deck = read_deck(pack(write_deck(card, form, "CHF")))
    assert deck.accepted, deck.report
    assert deck.rules.equals(card), (deck.rules, deck.report)
    assert deck.currency == "CHF"
