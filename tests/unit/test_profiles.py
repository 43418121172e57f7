import copy
import json
import pickle
import time

import phonenumbers
import pytest
from support.patience import promised

from ratecards.numbers import NumberError, normalise
from ratecards.profiles import (
    MAX_CHARACTERS,
    PROFILES,
    Length,
    National,
    Profile,
    ProfileError,
    Replace,
    Strip,
    TechPrefix,
    Trace,
    country,
)

DIALLED = {
    "e164": {"+44 (113) 245-6789": "441132456789", "0044 113 245 6789": "441132456789", "12125550100": "12125550100"},
    "us": {
        "(212) 555-0100": "12125550100",
        "1-212-555-0100": "12125550100",
        "011 44 113 245 6789": "441132456789",
        "+44 113 245 6789": "441132456789",
    },
    "uk": {
        "0113 245 6789": "441132456789",
        "(0)113 245 6789": "441132456789",
        "00 1 212 555 0100": "12125550100",
        "+1 212 555 0100": "12125550100",
        "441132456789": "441132456789",
        "0800 1111": "448001111",
    },
    "fr": {"01 23 45 67 89": "33123456789", "00 44 113 245 6789": "441132456789", "33123456789": "33123456789"},
    "de": {"030/123456": "4930123456", "0049 30 123456": "4930123456", "+41 44 668 18 00": "41446681800"},
}
REFUSED = {
    ("e164", "0113 245 6789"): "starts with 0",
    ("us", "555-0100"): "whole number of +1",
    ("us", "911"): "whole number of +1",
    ("us", "1 155 937 8947"): "trunk prefix after country code 1",
    ("us", "+1 212 555 010"): "has 9 digits after country code 1",
    ("us", "1-800-FLOWERS"): "'F' is not a digit",
    ("uk", "1132456789"): "whole number of +44",
    ("uk", "33123456789"): "whole number of +44",
    ("uk", "0113 245"): "whole number of +44",
    ("uk", "+44 (0)113 245 6789"): "'(0)'",
    ("uk", "+44 0113 245 6789"): "trunk prefix after country code 44",
    ("uk", "+0044 113 245 6789"): "starts with 0",
    ("uk", ""): "is empty",
    ("uk", "00"): "whole number of +44",
    ("uk", "00 0113 245 6789"): "starts with 0",
    ("uk", "٠١١٣٢٤٥٦٧٨٩"): "is not a digit",
    ("fr", "112"): "whole number of +33",
}


@pytest.mark.parametrize(
    ("name", "dialled", "digits"),
    [pytest.param(name, *case, id=f"{name} {case[0]}") for name, cases in DIALLED.items() for case in cases.items()],
)
def test_built_in_profiles(name: str, dialled: str, digits: str) -> None:
    """
    What people dial in a country becomes the E.164 digits they mean.
    """
    assert PROFILES[name].normalise(dialled) == digits


@pytest.mark.parametrize(
    ("name", "dialled", "reason"),
    [pytest.param(*case, reason, id=ascii(" ".join(case))) for case, reason in REFUSED.items()],
)
def test_what_is_no_whole_number_is_refused(name: str, dialled: str, reason: str) -> None:
    """
    A local, short, wrongly written or ambiguous number is refused with the reason, never completed by a guess.
    """
    with pytest.raises(NumberError) as refused:
        PROFILES[name].normalise(dialled)
    assert reason in str(refused.value)


def examples() -> list[tuple[str, int]]:
    kinds = range(11)
    return [(iso, k) for iso in sorted(phonenumbers.SUPPORTED_REGIONS) for k in kinds if example(iso, k)]


def example(iso: str, kind: int) -> phonenumbers.PhoneNumber | None:
    return phonenumbers.example_number_for_type(iso, kind)


# Printed without the country's trunk prefix, although no rule of the metadata says so: refused, not misread.
UNDECLARED = {("DE", 8), ("KI", 0), ("KI", 1), ("KI", 2), ("KI", 6), ("ZM", 6)}


def test_every_country_dials_its_own_numbers() -> None:
    """
    An example of every kind of number of every country reads the same as printed in the country, and with a plus.
    """
    cases = examples()
    assert len(cases) > 1300
    for iso, kind in cases:
        number = example(iso, kind)
        assert number is not None
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        profile = country(iso)
        assert profile.normalise(e164) == e164[1:], iso
        national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
        if (iso, kind) in UNDECLARED:
            assert profile.explain(national)[-1].error, iso
        else:
            assert profile.normalise(national) == e164[1:], (iso, kind)


def test_country_by_code_or_name() -> None:
    """
    A profile is made for any country, named as it was asked for, and an unknown one is refused.
    """
    assert country("it").normalise("06 6982") == "39066982"
    assert (country("uk"), country("GB").name) == (PROFILES["uk"], "gb")
    with pytest.raises(ProfileError, match="'XX' is not an ISO 3166 code"):
        country("xx")


STEPS = (
    TechPrefix("9001#"),
    Strip("-"),
    Replace(r"^0(\d{3,})$", r"44\1"),
    Length(11, 13),
)
DOCUMENT = {
    "name": "acme",
    "steps": [
        {"step": "tech_prefix", "prefix": "9001#", "required": True},
        {"step": "strip", "characters": "-"},
        {"step": "replace", "pattern": r"^0(\d{3,})$", "replacement": r"44\1"},
        {"step": "length", "minimum": 11, "maximum": 13},
    ],
}


def test_steps_run_in_order_and_are_shown() -> None:
    """
    Every step's work can be seen, up to the E.164 digits.
    """
    profile = Profile("acme", STEPS)
    assert profile.explain("9001#0113-245-6789") == [
        Trace("tech_prefix", "9001#0113-245-6789", "0113-245-6789"),
        Trace("strip", "0113-245-6789", "01132456789"),
        Trace("replace", "01132456789", "441132456789"),
        Trace("length", "441132456789", "441132456789"),
        Trace("e164", "441132456789", "441132456789"),
    ]


@pytest.mark.parametrize(
    ("dialled", "step", "error"),
    [
        ("0113-245-6789", "tech_prefix", "does not start with the tech prefix '9001#' (step 1, tech_prefix)"),
        ("9001#0113", "length", "has 5 characters, not 11 to 13 (step 4, length)"),
        ("9001#441132456x8", "e164", "'x' is not a digit (step 5, e164)"),
        ("9" * 65, "tech_prefix", "has 65 characters, not 0 to 64 (step 1, tech_prefix)"),
    ],
)
def test_the_step_that_refuses_is_named(dialled: str, step: str, error: str) -> None:
    """
    An error says what is wrong and at which step, and the trace ends there.
    """
    profile = Profile("acme", STEPS)
    last = profile.explain(dialled)[-1]
    assert (last.step, last.after, last.error) == (step, "", error)
    with pytest.raises(NumberError) as refused:
        profile.normalise(dialled)
    assert str(refused.value) == error


def test_an_optional_tech_prefix_may_be_missing() -> None:
    """
    A tech prefix that is not required is dropped where it stands in front, once, and nowhere else.
    """
    step = TechPrefix("99", required=False)
    assert [step.apply(text) for text in ("9999441", "441", "44199")] == ["99441", "441", "44199"]


def test_documents() -> None:
    """
    A profile is read from JSON and written back the same, and it survives pickling.
    """
    profile = Profile.from_json(json.loads(json.dumps(DOCUMENT)))
    assert profile == Profile("acme", STEPS)
    assert profile.as_json() == DOCUMENT
    assert pickle.loads(pickle.dumps(profile)) == profile  # noqa: S301
    assert Profile.from_json({"name": "plain"}) == Profile("plain")
    for built_in in PROFILES.values():
        assert Profile.from_json(built_in.as_json()) == built_in


STEP_ERRORS = [
    ({"step": "shout"}, "step 2: 'step' is not one of strip, tech_prefix, replace, length, national"),
    ("strip", "step 2: 'step' is not one of"),
    ({"step": ["strip"]}, "step 2: 'step' is not one of"),
    ({"step": "strip", "characters": ""}, "step 2 (strip): there are no characters to strip"),
    ({"step": "strip", "letters": "x"}, "step 2 (strip): 'letters' is not one of characters"),
    ({"step": "tech_prefix"}, "step 2 (tech_prefix): 'prefix' is missing"),
    ({"step": "tech_prefix", "prefix": ""}, "step 2 (tech_prefix): the prefix is empty"),
    ({"step": "tech_prefix", "prefix": "9", "required": 1}, "step 2 (tech_prefix): 'required' is not of type bool"),
    ({"step": "length", "minimum": True}, "step 2 (length): 'minimum' is not of type int"),
    ({"step": "length", "minimum": 9, "maximum": 8}, "step 2 (length): 9 to 8 is not a span"),
    ({"step": "national", "country": "UK"}, "step 2 (national): 'UK' is not an ISO 3166 code"),
    ({"step": "replace", "pattern": "("}, "step 2 (replace): the pattern is not one of RE2: missing )"),
    ({"step": "replace", "pattern": "(a)", "replacement": r"\2"}, "step 2 (replace): the replacement names a group"),
    ({"step": "replace", "pattern": "a", "replacement": r"\n"}, "step 2 (replace): the replacement is not up to 64"),
    ({"step": "replace", "pattern": "a", "replacement": "é"}, "step 2 (replace): the replacement is not up to 64"),
    ({"step": "replace", "pattern": "\ud800"}, "step 2 (replace): the pattern is not one of RE2: not Unicode text"),
]


@pytest.mark.parametrize(("step", "error"), STEP_ERRORS, ids=lambda value: ascii(value)[:60])
def test_a_bad_step_is_named(step: object, error: str) -> None:
    """
    A profile that cannot be used is refused with the number and the kind of the step.
    """
    with pytest.raises(ProfileError) as refused:
        Profile.from_json({"name": "x", "steps": [{"step": "strip"}, step]})
    assert str(refused.value).startswith(error)


@pytest.mark.parametrize(
    "document",
    [
        *({}, {"name": 1}, {"name": ""}, {"name": "A b"}, {"name": "x", "steps": {}}, {"name": "x", "rules": []}),
        {"name": "x", "steps": [{"step": "strip"}] * 17},
    ],
    ids=lambda document: str(document)[:40],
)
def test_a_bad_profile_is_refused(document: dict[str, object]) -> None:
    """
    A profile without a plain name, without a list of steps, with more than 16 or with anything else is refused.
    """
    with pytest.raises(ProfileError):
        Profile.from_json(document)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(1)\1",
        r"(?=1)1",
        r"(?<!1)1",
        f"[{'1' * 255}]",
        "(" * 100 + ")" * 100,
        "(1)" * 10,
        r"(?:1{0,30}){0,30}$x",
        r"\pL{500}",
        "1{1001}",
    ],
    ids=lambda pattern: pattern[:20],
)
def test_a_hostile_pattern_is_refused(pattern: str) -> None:
    """
    Back-references, look-around, and patterns that are or become too big are refused when the profile is made.
    """
    with pytest.raises(ProfileError, match="the pattern"):
        Replace(pattern)


@pytest.mark.timed
@pytest.mark.parametrize(
    "pattern",
    ["(1+)+x", "(1|1)*x", "(1*)*x", "(1|11)+x", "1*1*1*1*1*1*1*1*1*x", "(?:(?:1?){9}){9}x|", "(1*)(1*)(1*)(1*)(1*)x|"],
)
def test_a_hostile_pattern_is_bounded(pattern: str) -> None:
    """
    Patterns on which a backtracking engine takes years end at once, in every step, on the longest text there is.
    """
    profile = Profile("hostile", (Replace(pattern, ""),) * 16)
    started = time.process_time()  # which a busy machine does not lengthen
    trace = profile.explain("1" * MAX_CHARACTERS)
    assert time.process_time() - started < promised(1)
    assert len(trace) == 17


def test_a_replacement_cannot_grow_without_bound() -> None:
    """
    Steps that multiply the text are stopped at the longest text there is.
    """
    profile = Profile("grow", (Replace(".", r"\0" * 32),) * 16)
    assert profile.explain("1")[-1].error == "has 1024 characters, not 0 to 64 (step 3, replace)"


def test_replacement_groups_have_one_digit() -> None:
    r"""
    ``\1`` followed by a digit is the first group and that digit, and ``\0`` is the whole match.
    """
    assert Replace("^0(1)(2)$", r"\10\2\0").apply("012") == "102012"


def test_text_that_is_no_text_is_refused() -> None:
    """
    A lone surrogate, which no encoding has, is an error of the number, not a crash.
    """
    with pytest.raises(NumberError, match=r"is not Unicode text \(step 1, replace\)"):
        Profile("x", (Replace("1", "2"),)).normalise("1\ud800")


def test_profiles_do_not_change() -> None:
    """
    Profiles, their steps and the list of built-in ones can be shared: nothing can be assigned to them.
    """
    for owner, name in ((PROFILES["uk"], "steps"), (National("GB"), "country"), (Strip(), "characters")):
        with pytest.raises(AttributeError):
            setattr(copy.copy(owner), name, "x")
    with pytest.raises(TypeError):
        PROFILES["x"] = PROFILES["uk"]  # type: ignore[index]
    assert PROFILES["e164"].steps == ()
    assert PROFILES["e164"].normalise("+441") == normalise("+441")
