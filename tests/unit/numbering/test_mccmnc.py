"""
Mobile networks are found by their codes, by the ranges a file gives them, and by name only where that is certain.
"""

from pathlib import Path

import pytest

from ratecards.numbering import mccmnc
from ratecards.numbering.mccmnc import MobileRanges, networks
from ratecards.numbering.networks import Network
from ratecards.numberset import ListError

RANGES = """prefix,mcc,mnc,operator,brand,status,bands,notes,iso,imsi
447400,234,20,Hutchison 3G,Three,Operational,UMTS 2100,a note,gb,23420
4474001,234,15,,,,,,,
"""


def opened(tmp_path: Path, text: str) -> MobileRanges:
    source = tmp_path / "ranges.csv"
    source.write_text(text)
    mccmnc.build(source, tmp_path / "built")
    return mccmnc.open_mccmnc(tmp_path / "built")


def test_a_range_tells_all_that_its_line_says(tmp_path: Path) -> None:
    expected = Network(
        "234", "20", "United Kingdom", "Three", "Hutchison 3G", "Operational", "UMTS 2100", "a note", "GB", "23420"
    )
    assert opened(tmp_path, RANGES).find("447400212345") == ("447400", expected)


def test_what_a_range_does_not_say_of_its_network_is_told_from_the_table_of_networks(tmp_path: Path) -> None:
    prefix, network = opened(tmp_path, RANGES).find("447400112345") or ("", Network("", ""))
    assert prefix == "4474001"
    assert (network.operator, network.country, network.mcc_country) == ("Vodafone", "United Kingdom", "GB")


def test_a_number_in_no_range_is_in_none(tmp_path: Path) -> None:
    assert opened(tmp_path, RANGES).find("447500112345") is None


def test_a_network_of_the_file_takes_the_place_of_the_one_that_is_built_in(tmp_path: Path) -> None:
    ranges = opened(tmp_path, "mcc,mnc,operator,iso\n234,15,New Name,gb\n")
    found = ranges.networks.find("234", "15")
    assert found is not None
    assert found.operator == "New Name"
    assert ranges.networks.find("262", "02") == networks().find("262", "02")


def test_the_built_in_table_knows_a_network_by_its_codes() -> None:
    found = networks().find("412", "01")
    assert found == Network("412", "01", "Afghanistan", operator="AWCC", mcc_country="AF")


@pytest.mark.parametrize(
    ("country", "carrier", "mcc", "mnc"),
    [("AF", "AWCC", "412", "01"), ("DE", "Vodafone", "262", ""), ("AF", "Nobody", "412", ""), ("GB", "Nobody", "", "")],
)
def test_a_name_tells_no_more_codes_than_are_certain(country: str, carrier: str, mcc: str, mnc: str) -> None:
    """
    One network of the name: its codes. Several, or none: that of the country, if it has only one.
    """
    found = networks().named(country, carrier)
    assert found is not None
    assert (found.mcc, found.mnc) == (mcc, mnc)


def test_a_name_that_several_networks_have_is_told_with_their_codes() -> None:
    found = networks().named("DE", "vodafone")
    assert found is not None
    assert found.notes == "mnc is one of 02, 04, 09, 42"


@pytest.mark.parametrize(("country", "carrier"), [("XX", "Vodafone"), ("GB", "")])
def test_a_country_or_carrier_that_is_not_known_has_no_network(country: str, carrier: str) -> None:
    assert networks().named(country, carrier) is None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("49151,26,02", "has no mcc of three digits"),
        ("49151,262,2", "has no mnc of two or three digits"),
        ("049151,262,02", "prefix is not 1 to 15 digits"),
        ("447400,262,02", "prefix 447400 is listed above as another network's"),
        (f"49151,262,02,{'x' * 201}", "operator is longer than 200 characters"),
    ],
)
def test_a_line_that_is_no_range_is_refused_by_its_number(tmp_path: Path, row: str, reason: str) -> None:
    source = tmp_path / "ranges.csv"
    source.write_text(RANGES + row + "\n")
    report = mccmnc.build(source, tmp_path / "built")
    assert report.rows == 2
    ((line, why),) = report.refused
    assert line == 4
    assert reason in why


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "mcc,mnc\n"])
def test_a_file_without_codes_or_lines_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ListError):
        opened(tmp_path, text)
