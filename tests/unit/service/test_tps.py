"""
A number is told to be on exactly the lists that have it; a list that cannot be read is never taken for an empty one.
"""

import time

import pytest

from ratecards.numberset import NumberSet
from service.access.account import Refusing, qualified
from service.errors import ApiError
from service.lookups.loaded import broken_key, loaded_of
from service.lookups.tps import answer_tps, refuse_listed
from service.snapshot import Loaded, Snapshot

LISTED, OTHER = "441132456789", "441132456780"


def loaded(name: str, *numbers: str, environment: str = "live", kind: str = "numbers") -> tuple[str, Loaded]:
    data = NumberSet(numbers) if kind == "numbers" else object()
    return qualified(name, environment), Loaded(name, kind, environment, 1, int(time.time()), len(numbers), data)


def snapshot(*sets: tuple[str, Loaded], broken: tuple[str, ...] = ()) -> Snapshot:
    return Snapshot(loaded=dict(sets), broken=dict.fromkeys(broken, "is damaged"))


FULL = snapshot(
    loaded("dnc", LISTED, OTHER),
    loaded("dno", OTHER),
    loaded("empty"),
    loaded("us", kind="lrn"),
    loaded("dno", LISTED, environment="test"),
)


@pytest.mark.parametrize(
    ("number", "names", "found"),
    [
        (LISTED, None, ["dnc"]),
        (OTHER, None, ["dnc", "dno"]),
        ("44", None, []),
        (OTHER, ["dno"], ["dno"]),
        (LISTED, ["dno", "empty"], []),
        (OTHER, ["dno", "dnc", "dno"], ["dno", "dnc"]),
    ],
)
def test_the_lists_that_have_a_number_are_named(number: str, names: list[str] | None, found: list[str]) -> None:
    assert answer_tps(number, FULL, "live", names) == {"listed": bool(found), "list": found}


def test_the_sandbox_knows_its_own_lists_only() -> None:
    assert answer_tps(LISTED, FULL, "test") == {"listed": True, "list": ["dno"]}
    assert answer_tps(OTHER, FULL, "test", ["dno"]) == {"listed": False, "list": []}
    with pytest.raises(ApiError, match="Not Found"):
        answer_tps(OTHER, FULL, "test", ["dnc"])


@pytest.mark.parametrize("name", ["nope", "us", "test/dno"])
def test_a_list_that_is_none_is_said_to_be_none(name: str) -> None:
    with pytest.raises(ApiError) as refused:
        answer_tps(LISTED, FULL, "live", [name])
    assert (refused.value.status, refused.value.more["detail"]) == (404, f"no set of numbers '{name}'")


def test_where_no_list_is_loaded_it_is_not_said_that_a_number_is_on_none() -> None:
    with pytest.raises(ApiError) as refused:
        answer_tps(LISTED, snapshot(loaded("us", kind="lrn")), "live")
    assert (refused.value.status, refused.value.reason) == (404, "Not configured")


def test_a_list_that_cannot_be_read_is_not_taken_for_an_empty_one() -> None:
    torn = snapshot(loaded("dnc", OTHER), broken=(broken_key("numbers", "dno"), broken_key("lrn", "us")))
    for names in (None, ["dnc", "dno"]):
        with pytest.raises(ApiError) as refused:
            answer_tps(LISTED, torn, "live", names)
        assert (refused.value.status, refused.value.more["detail"]) == (503, "set 'dno' cannot be read")
    assert answer_tps(OTHER, torn, "live", ["dnc"])["listed"]


def test_a_list_that_is_damaged_and_was_read_before_goes_on_answering() -> None:
    torn = snapshot(loaded("dno", OTHER), broken=(broken_key("numbers", "dno"),))
    assert answer_tps(OTHER, torn, "live") == {"listed": True, "list": ["dno"]}


def test_what_cannot_be_read_in_one_environment_does_not_matter_in_the_other() -> None:
    torn = snapshot(loaded("dnc", OTHER), broken=(broken_key("numbers", "test/dno"),))
    assert answer_tps(OTHER, torn, "live")["listed"]
    with pytest.raises(ApiError, match="Starting"):
        answer_tps(OTHER, torn, "test")


@pytest.mark.parametrize(
    ("number", "cli", "reason"),
    [
        (LISTED, "", "Number listed in 'dnc'"),
        (LISTED, "12125551234", "Number listed in 'dnc'"),
        ("44", OTHER, "Caller listed in 'dno'"),
        (LISTED, OTHER, "Caller listed in 'dno'"),
    ],
)
def test_a_call_to_or_from_a_listed_number_is_refused(number: str, cli: str, reason: str) -> None:
    with pytest.raises(ApiError) as refused:
        refuse_listed(number, cli, Refusing(("dnc",), ("dno",)), FULL, "live")
    error = refused.value
    assert (error.status, error.reason, error.more["verdict"], error.more["sip_code"]) == (403, reason, "blocked", 603)


@pytest.mark.parametrize(("number", "cli"), [("44", ""), ("44", LISTED), ("44", "44")])
def test_other_calls_pass_and_a_withheld_caller_is_on_no_list(number: str, cli: str) -> None:
    refuse_listed(number, cli, Refusing(("dnc", "gone"), ("dno",)), FULL, "live")


def test_no_call_is_let_through_by_chance_while_a_list_cannot_be_read() -> None:
    torn = snapshot(broken=(broken_key("numbers", "dnc"),))
    with pytest.raises(ApiError, match="Starting"):
        refuse_listed("44", "", Refusing(("dnc",)), torn, "live")


def test_files_of_one_kind_are_found_by_environment() -> None:
    assert [one.name for one in loaded_of(FULL, "live", "numbers")] == ["dnc", "dno", "empty"]
    assert [one.name for one in loaded_of(FULL, "live", "lrn")] == ["us"]
