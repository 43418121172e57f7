"""
Headers of columns.
"""

import pytest

from ratecards.deck import Mapping, header_fingerprint
from ratecards.deck.errors import MappingError
from ratecards.deck.words import FIELD_OF, FIELDS, normal, recognise


@pytest.mark.parametrize(
    ("header", "field"),
    [
        *((h, "prefix") for h in ("Prefix", "CODE", "Dial Code(s)", "dialcode", "NPANXX", "NPA-NXX",
                                  "Destination Prefixes", "Complete Code")),
        *((h, "name") for h in ("Destination", "name", "Description", "Route Name")),
        *((h, "rate") for h in ("Rate", "price", "COST", "Rate per minute", "Rate/Min", "Rate (USD / Min)", "Price($)",
                                "New Rate", "Price 1", "Rate Peak", "USD", "EUR per minute", "Buy rate")),
        ("Price N", "rate_next"),
        *((h, "connect_fee") for h in ("Connect Fee", "connection", "Setup", "price per call", "Connection Fee (USD)")),
        *((h, "mcd") for h in ("First Interval", "initial", "init_inc", "initial_interval", "Minimum", "Interval 1")),
        *((h, "pulse") for h in ("Sub Interval", "Next", "Pulse", "increment", "inc", "next_interval", "Interval N")),
        *((h, "billing") for h in ("Billing", "Billing Increment", "Increments")),
        *((h, "effective") for h in ("Effective", "Start Date", "Effective from", "EffectiveDate")),
        *((h, "expires") for h in ("Expiry", "End Date", "expiry_date")),
        ("Status", "status"),
        *((h, "blocked") for h in ("Forbidden", "Discontinued", "Blocked")),
        *((h, "rate_inter") for h in ("Inter", "Interstate Rate", "Inter-State", "Rate Inter")),
        *((h, "rate_intra") for h in ("Intra", "Intrastate")),
        *((h, "rate_indeterminate") for h in ("Indet", "Indeterminate Rate")),
        ("Origination Prefixes", "origin"),
        ("Min Length", "min_digits"),
        *((h, None) for h in ("Rate Id", "Rate Type", "Last Day ASR", "", "mcc", "destination_type", "Rate Center",
                              "Minutes")),
    ],
)  # fmt: skip
def test_a_column_is_recognised_by_the_whole_of_its_words(header: str, field: str | None) -> None:
    """
    The field's many names for one thing are one field; a word inside another wording is not.
    """
    assert recognise(header).field == field


def test_every_wording_leads_to_a_field_that_exists() -> None:
    """
    The list of words names no field a mapping could not name, and none that punctuation would hide.
    """
    assert set(FIELD_OF.values()) <= set(FIELDS)
    assert all(normal(wording) == wording for wording in FIELD_OF)


def test_a_header_tells_cents_and_seconds() -> None:
    """
    A price in cents or for a second is not taken for one in dollars a minute.
    """
    assert recognise("Rate (US cents)").minor
    assert recognise("Price in pence").minor
    assert recognise("Rate per second").per_second
    assert not recognise("Rate per minute").per_second


def test_a_fingerprint_outlives_what_carriers_change_by_accident() -> None:
    """
    Case, spaces, punctuation, empty columns and order do not change it; another column does.
    """
    header = ["Dial Code", "Rate/Min", "Effective Date"]
    assert header_fingerprint(header) == header_fingerprint(["effective  date", "", "DIAL-CODE", "Rate (min)"])
    assert header_fingerprint(header) != header_fingerprint([*header, "Notes"])


def test_a_mapping_saved_as_json_comes_back_the_same() -> None:
    """
    What was answered once is answered for good.
    """
    mapping = Mapping(
        columns={"Rate Peak": "rate", "Rate Off-peak": "ignore"}, constants={"effective": "2026-09-16"}, sheet="A-Z",
        date_order="dmy", decimal_comma=True, hyphen="join", spaces="list", duplicates="dearest", npa_nxx=True,
        timezone="Europe/London", currency="GBP", mcd_s=0, pulse_s=60, rate_seconds=1, price_divisor=100,
        fingerprint="ab", name="Acme",
    )  # fmt: skip
    assert Mapping.from_json(mapping.as_json()) == mapping
    assert Mapping.from_json({}) == Mapping()


@pytest.mark.parametrize(
    "values",
    [{"colour": 1}, {"date_order": "dym"}, {"hyphen": "both"}, {"duplicates": None}, {"decimal_comma": "yes"},
     {"columns": {"Rate": "prize"}}, {"columns": ["Rate"]}, {"columns": {"Rate": 1}}, {"constants": {"prefix": "44"}},
     {"timezone": "Mars/Olympus"}, {"timezone": ""}, {"timezone": "../../etc/passwd"}, {"timezone": 1},
     {"connect_fee": "free"}, {"connect_fee": "-1"},
     {"currency": "usd"}, {"currency": 1}, {"mcd_s": -1}, {"pulse_s": 0}, {"pulse_s": True}, {"rate_seconds": 0},
     {"price_divisor": 1.5}, {"sheet": 1}, {"name": None}, {"npa_nxx": 1}],
)  # fmt: skip
def test_a_mapping_that_cannot_be_is_refused_before_any_file(values: dict[str, object]) -> None:
    """
    A misspelt answer would silently be none.
    """
    with pytest.raises(MappingError):
        Mapping.from_json(values)


def test_a_mapping_finds_the_next_file_by_its_header() -> None:
    """
    One made for a header matches that header only; one made for none matches any.
    """
    header = ["Code", "Rate"]
    assert Mapping(fingerprint=header_fingerprint(header)).matches(["RATE", "code"])
    assert not Mapping(fingerprint=header_fingerprint(header)).matches(["Code", "Price"])
    assert Mapping().matches(["anything"])
