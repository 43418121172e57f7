import csv
from pathlib import Path

import pytest

from ratecards.jurisdiction import Place, PlaceError, Places, read_npa_nxx
from ratecards.origins import origin_score

VECTORS = Path(__file__).parents[1] / "conformance" / "vectors"
NEW_YORK, UPSTATE, CHICAGO, TORONTO, LEEDS = "12125550100", "13155550100", "12245550100", "16475550100", "441132456789"

CALLERS = {
    "same state same NPA": "12125550100",
    "same state other NPA": UPSTATE,
    "other state": CHICAGO,
    "Canada": TORONTO,
    "UK": LEEDS,
    "withheld": "",
}
CELLS = {
    ("US", "12125550199"): "intrastate intrastate interstate indeterminate indeterminate indeterminate",
    ("Canada", "14165550199"): "interstate interstate interstate intrastate indeterminate indeterminate",
    ("UK", "441132000000"): "international international international international international international",
}


def rows(name: str) -> list[dict[str, str]]:
    with (VECTORS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("called", "cli", "expected"),
    [
        pytest.param(number, cli, expected, id=f"{country} called by {caller}")
        for (country, number), cells in CELLS.items()
        for (caller, cli), expected in zip(CALLERS.items(), cells.split(), strict=True)
    ],
)
def test_truth_table(called: str, cli: str, expected: str) -> None:
    """
    Each of the 18 cells of the truth table has the jurisdiction it is documented to have.
    """
    assert len(CELLS) * len(CALLERS) == 18
    assert Places.nanpa().jurisdiction(cli, called) == expected


@pytest.mark.parametrize("row", rows("jurisdiction.csv"), ids=lambda row: f"{row['cli'] or 'withheld'}-{row['called']}")
def test_published_examples(row: dict[str, str]) -> None:
    """
    Calls whose jurisdiction others have published get the same one here.
    """
    assert Places.nanpa().jurisdiction(row["cli"], row["called"]) == row["jurisdiction"]


def test_equal_area_code_is_not_equal_state() -> None:
    """
    Two exchanges of one area code in two states are interstate once the exchanges are known.
    """
    places = Places.nanpa().refined({"308234": "NE", "1308235": "WY"})
    assert places.jurisdiction("13082345678", "13082355678") == "interstate"
    assert Places.nanpa().jurisdiction("13082345678", "13082355678") == "intrastate"


def test_exchange_wins_and_the_rest_stays() -> None:
    """
    A loaded exchange overrides its area code, and no other number moves, neither there nor in the table it came from.
    """
    plain = Places.nanpa()
    refined = plain.refined({"212555": "NJ"}).refined({"212556": "CT"})
    assert refined.place_of("12125550100") == Place("US", "NJ")
    assert refined.place_of("12125560100") == Place("US", "CT")
    assert refined.place_of("12125570100") == plain.place_of("12125550100") == Place("US", "NY")


def test_exchange_of_an_unknown_area_code_brings_its_country() -> None:
    """
    An area code newer than the bundled table works as soon as its exchanges are loaded with their country.
    """
    places = Places.nanpa().refined({"221555": "US-TX"})
    assert places.place_of("12215550100") == Place("US", "TX")
    assert places.jurisdiction("12145550100", "12215550100") == "intrastate"


@pytest.mark.parametrize(
    "number",
    [
        *("18005550100", "19005550100", "15005550100", "17105550100", "12215550100", "441132456789"),
        *("", "1", "1212", "1212555010", "121255501000", "12121550100", "12120550100", "anonymous", "١٢١٢٥٥٥٠١٠٠"),
    ],
)
def test_no_place(number: str) -> None:
    """
    Toll-free, premium, non-geographic, unassigned, foreign and impossible numbers have no place.
    """
    assert Places.nanpa().place_of(number) is None


def test_bundled_area_codes() -> None:
    """
    The bundled table holds the report's codes, those not yet in service, and the ones assigned since, in postal codes.
    """
    places = Places.nanpa()
    found = {code: places.place_of(f"1{code}5550100") for code in ("201", "679", "787", "902", "658", "235", "257")}
    assert found == {
        "201": Place("US", "NJ"),
        "679": Place("US", "MI"),  # assigned, not in service in 2017
        "787": Place("US", "PR"),
        "902": Place("CA", "NS/PE"),
        "658": Place("JM", ""),
        "235": Place("US", "MO"),  # assigned since
        "257": Place("CA", "BC"),  # assigned since
    }
    every = {place for place in places.by_npa.values() if place.country == "US"}
    assert len(every) == 51 + len({"AS", "GU", "MP", "PR", "VI"})


def test_reads_a_table_of_exchanges(tmp_path: Path) -> None:
    """
    Header, comments, blank lines, quotes, a byte order mark, CRLF and the ways of writing an exchange are all read.
    """
    text = "\ufeffNPA-NXX,State\r\n# as of May\r\n212555,NY\r\n\r\n"
    text += '"212-556","ny","US"\r\n1416555,on,CA,\r\n876555,,JM\r\n212555,NY\r\n'
    path = tmp_path / "exchanges.csv"
    path.write_bytes(text.encode())
    expected = {"1212555": "US-NY", "1212556": "US-NY", "1416555": "CA-ON", "1876555": "JM-"}
    assert read_npa_nxx(path) == read_npa_nxx(text.encode()) == expected
    assert Places.nanpa().refined(expected).place_of("18765550100") == Place("JM", "")


@pytest.mark.parametrize(
    ("table", "line", "column", "value", "reason"),
    [
        ("212555,NY\n21255,NY", 2, "NPA-NXX", "21255", "three digits"),
        ("112555,NY", 1, "NPA-NXX", "112555", "three digits"),
        ("212155,NY", 1, "NPA-NXX", "212155", "three digits"),
        ("٢١٢555,NY", 1, "NPA-NXX", "٢١٢555", "three digits"),
        ("212555", 1, "state", "", "postal code"),
        ("212555,ON", 1, "state", "ON", "'US'"),
        ("212555,New York", 1, "state", "NEW YORK", "postal code"),
        ("416555,NY,CA", 1, "state", "NY", "'CA'"),
        ("212555,NY,USA", 1, "state", "NY", "'USA'"),
        ("221555,TX", 1, "country", "", "221 is not an area code"),
        ("212555,NY,US,Manhattan", 1, "row", "212555,NY,US,Manhattan", "more columns"),
        ("212555,NY\n\n212555,NJ", 3, "state", "NJ", "above says US-NY"),
        ("", 1, "NPA-NXX", "", "no row"),
        ("npanxx,state", 1, "NPA-NXX", "", "no row"),
    ],
)
def test_bad_line_is_named(table: str, line: int, column: str, value: str, reason: str) -> None:
    """
    A line that cannot be used is refused with its number, column, value and reason.
    """
    with pytest.raises(PlaceError) as refused:
        read_npa_nxx(table.encode())
    (bad,) = refused.value.errors
    assert (bad.line, bad.column, bad.value) == (line, column, value)
    assert reason in bad.reason
    assert f"line {line}, {column} {value!r}: {bad.reason}" == str(refused.value)


def test_all_bad_lines_are_told_at_once() -> None:
    """
    One reading names every bad line, up to a hundred, and says how many there are.
    """
    with pytest.raises(PlaceError, match="149 more") as refused:
        read_npa_nxx(b"x,NY\n" * 150 + b"212555,NY\n")
    assert [bad.line for bad in refused.value.errors] == list(range(1, 101))


def test_not_text() -> None:
    """
    A file that is not UTF-8 is refused with the line where it stops being text.
    """
    with pytest.raises(PlaceError, match=r"line 2, byte 'e9': is not UTF-8"):
        read_npa_nxx(b"212555,NY\n418555,Qu\xe9bec\n")


def test_refined_refuses_what_is_no_exchange() -> None:
    """
    A table that was not read from a file is checked as strictly.
    """
    with pytest.raises(PlaceError, match="NPA-NXX '2125'"):
        Places.nanpa().refined({"2125": "NY"})


def test_places_do_not_change() -> None:
    """
    Places can be shared: nothing can be assigned to them.
    """
    with pytest.raises(AttributeError):
        Places.nanpa().by_npa = {}  # type: ignore[misc]
    assert Places.nanpa() is Places.nanpa()


@pytest.mark.parametrize("row", rows("origin_score.csv"))
def test_origin_score(row: dict[str, str]) -> None:
    """
    A rule's origin scores for a caller as documented.
    """
    assert origin_score(row["origin"], row["cli"], row["called"], row["group"]) == int(row["score"])


def test_scores_rank_from_any_caller_to_the_longest_prefix() -> None:
    """
    Any caller < international < group < local < shorter prefix < longer prefix.
    """
    caller, called, group = "43123450000", "43199999999", "43 49"
    by_group = origin_score("international", "13035550100", called, group), origin_score("group", caller, called, group)
    by_prefix = [origin_score(prefix, caller, called, group) for prefix in ("4", "43", "43123450000")]
    ranked = [origin_score("", caller, called), *by_group, origin_score("local", caller, called), *by_prefix]
    assert ranked == sorted(set(ranked))


def test_prices_of_an_origin_based_deck() -> None:
    """
    Of the rules of one destination the narrowest origin prices: 0.016 from Colorado, 0.155 from the Bahamas.
    """
    rules = {"": "0.155", "1242 1246 1264": "0.155", "30 31 32 33 34 43 44 49": "0.016", "1": "0.016"}

    def price(cli: str) -> str:
        return rules[max(rules, key=lambda origin: origin_score(origin, cli, "43123456789"))]

    assert [price("13035550100"), price("12423570000"), price("")] == ["0.016", "0.155", "0.155"]
