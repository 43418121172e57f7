"""
Cells of dial codes.
"""

import pytest

from ratecards.deck.cells.codes import CodeStyle, read_codes
from ratecards.deck.cells.countries import country_code, is_country_code
from ratecards.deck.cells.entries import hyphen_evidence, items, space_evidence
from ratecards.deck.errors import CellError

PLAIN = CodeStyle()
RANGE = CodeStyle(hyphen="range")
JOIN = CodeStyle(hyphen="join")


@pytest.mark.parametrize(
    ("cell", "style", "codes"),
    [
        ("93", PLAIN, ["93"]),
        ("^93.*", PLAIN, ["93"]),
        ("^93.*$", PLAIN, ["93"]),
        ("93.*", PLAIN, ["93"]),
        ("^93", PLAIN, ["93"]),
        ("+9377", PLAIN, ["9377"]),
        ("009377", PLAIN, ["9377"]),
        ("'9377", PLAIN, ["9377"]),
        ("9377.0", PLAIN, ["9377"]),
        ("3763, 3764, 3766", PLAIN, ["3763", "3764", "3766"]),
        ("234803; 234806", PLAIN, ["234803", "234806"]),
        ("234803|234806", PLAIN, ["234803", "234806"]),
        ("234803\n234806", PLAIN, ["234803", "234806"]),
        ("234803, 234806,", PLAIN, ["234803", "234806"]),
        ("234803, 234803", PLAIN, ["234803"]),
        ("336 07", PLAIN, ["33607"]),
        ("336 07, 336 08", PLAIN, ["33607", "33608"]),
        ("336 07, 08", PLAIN, ["33607", "33608"]),
        ("61 38,39", PLAIN, ["6138", "6139"]),
        ("61 38, 6139", PLAIN, ["6138", "6139"]),
        ("+1-829,1809,1849", JOIN, ["1829", "1809", "1849"]),
        ("93-76", JOIN, ["9376"]),
        ("44-20-7946", JOIN, ["44207946"]),
        ("82\u201310", JOIN, ["8210"]),
        ("447400-447403", RANGE, ["447400", "447401", "447402", "447403"]),
        ("49152, 49162, 49172-49174", RANGE, ["49152", "49162", "49172", "49173", "49174"]),
        ("447400 - 447401", RANGE, ["447400", "447401"]),
        ("113[0-58]", PLAIN, ["1130", "1131", "1132", "1133", "1134", "1135", "1138"]),
        ("11[34][01]", PLAIN, ["1130", "1131", "1140", "1141"]),
        ("11[3]9", PLAIN, ["1139"]),
        ("340,341,342", PLAIN, ["340", "341", "342"]),
        ("43664 4367", CodeStyle(spaces="list"), ["43664", "4367"]),
        ("212555", CodeStyle(npa_nxx=True), ["1212555"]),
        ("212-555", CodeStyle(npa_nxx=True), ["1212555"]),
        ("1212555", CodeStyle(npa_nxx=True), ["1212555"]),
        ("4471-9", CodeStyle(hyphen="join", told=True), ["44719"]),
    ],
)
def test_every_way_of_writing_codes_gives_the_codes_meant(cell: str, style: CodeStyle, codes: list[str]) -> None:
    """
    Lists, ranges, joins, classes and patterns are read as the carriers who write them mean them.
    """
    assert read_codes(cell, style) == codes


@pytest.mark.parametrize(
    ("cell", "style", "reason"),
    [
        ("4.47E+11", PLAIN, "lost its last digits"),
        ("447e9", PLAIN, "lost its last digits"),
        ("0441", PLAIN, "starts with 0"),
        ("1234567890123456", PLAIN, "16 digits"),
        ("4471-9", JOIN, "neither a range"),
        ("447400-447409", CodeStyle(), "may be a range or a join"),
        ("447409-447400", RANGE, "neither a range"),
        ("447409-447400", CodeStyle(hyphen="range", told=True), "ends before it starts"),
        ("1000000-1010000", RANGE, "more than 10,000"),
        ("447,400", PLAIN, "separators of thousands"),
        ("1,268", PLAIN, "separators of thousands"),
        ("61 38, 612", PLAIN, "may be a whole code or a part of 61"),
        ("43 431", CodeStyle(spaces=None), "may part two codes or one"),
        ("113[8-5]", PLAIN, "no range of digits"),
        ("113[]", PLAIN, "not a digit"),
        ("1[0-9][0-9][0-9][0-9][0-9]", PLAIN, "more than 10,000"),
        ("٤٤", PLAIN, "U+0664"),
        ("44²", PLAIN, "U+00B2"),
        ("44_1", PLAIN, "'_'"),
        ("-44", PLAIN, "not a dial code"),
        ("4" * 40_000, PLAIN, "longer than"),
        ("  ", PLAIN, "holds no code"),
        ("112", CodeStyle(npa_nxx=True), ""),
        ("912345678", CodeStyle(npa_nxx=True), "no North American"),
    ],
)
def test_what_is_no_code_or_could_be_two_is_refused_with_the_reason(cell: str, style: CodeStyle, reason: str) -> None:
    """
    Nothing is dropped, cut or guessed to make a code of a cell.
    """
    if not reason:
        assert read_codes(cell, style) == [cell]
        return
    with pytest.raises(CellError, match=reason.replace("+", r"\+").replace("'", ".")):
        read_codes(cell, style)


def test_a_range_is_expanded_at_its_written_length() -> None:
    """
    447400-447409 is ten codes of six digits, not the one code 44740 that covers as much.
    """
    assert read_codes("447400-447409", RANGE) == [str(code) for code in range(447400, 447410)]


def test_areas_of_a_country_follow_its_code() -> None:
    """
    With the country in a column of its own, each entry and each end of a range is an area of it.
    """
    assert read_codes("6, 7", PLAIN, "34") == ["346", "347"]
    assert read_codes("08-11", CodeStyle(hyphen="join"), "34") == ["3408", "3409", "3410", "3411"]
    assert read_codes("005", PLAIN, "34") == ["34005"]
    with pytest.raises(CellError):
        read_codes("+6", PLAIN, "34")


@pytest.mark.parametrize(
    ("entry", "evidence"),
    [("447400-447409", "range"), ("93-76", "join"), ("82-10", "join"), ("51-1", "join"), ("1-829", "join"),
     ("49-51", "either"), ("4471-9", "neither"), ("44", None)],
)  # fmt: skip
def test_an_entry_says_what_its_hyphen_can_only_mean(entry: str, evidence: str | None) -> None:
    """
    Equal lengths rising are a range, a country code in front is a join; both at once leave it open.
    """
    assert hyphen_evidence(next(iter(items(entry)))) == evidence


@pytest.mark.parametrize(("entry", "evidence"), [("336 07", "join"), ("61 38", "join"), ("43 431", "either")])
def test_an_entry_says_what_its_space_can_only_mean(entry: str, evidence: str) -> None:
    """
    Parts that all start with one country code can be a list; others can only be one code.
    """
    assert space_evidence(next(iter(items(entry)))) == evidence


def test_country_codes_are_one_two_or_three_digits() -> None:
    """
    The first digits of any number tell its country code apart from the rest.
    """
    codes = ["12125551234", "77771234567", "441132456789", "35312345678", "88299"]
    assert [country_code(code) for code in codes] == ["1", "7", "44", "353", "882"]
    assert [is_country_code(code) for code in ("1", "44", "353", "4", "447", "35", "11")] == [True] * 3 + [False] * 4
