"""
The numbering plans say of every number what phonenumbers says of it.
"""

from itertools import pairwise
from random import Random

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType, carrier, geocoder, phonenumberutil, timezone
from support.examples import some

from ratecards.numbering.plan import Facts, plan

KINDS = [value for value in PhoneNumberType.values() if value != PhoneNumberType.UNKNOWN]
RANDOM = some(6_000)
NOWHERE = "Etc/Unknown"


def examples() -> list[str]:
    """
    A number of each kind of each region, as phonenumbers gives them.
    """
    made = [phonenumbers.example_number_for_type(r, k) for r in sorted(phonenumbers.SUPPORTED_REGIONS) for k in KINDS]
    codes = sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS)
    made += [phonenumbers.example_number_for_non_geo_entity(code) for code in codes]
    return [phonenumbers.format_number(one, phonenumbers.PhoneNumberFormat.E164)[1:] for one in made if one]


def changed(numbers: list[str], count: int, seed: int = 1) -> list[str]:
    """
    The same with some of their digits others, some longer, some shorter.
    """
    rng = Random(seed)
    found = []
    for number in rng.choices(numbers, k=count):
        kept = rng.randrange(1, len(number) + 1)
        length = max(kept, len(number) + rng.choice((-1, 0, 0, 0, 0, 1)))
        found.append(number[:kept] + "".join(rng.choices("0123456789", k=length - kept)))
    return found


def said(number: str) -> Facts | None:
    """
    What phonenumbers says; None: it reads other digits in it than there are, and is asked about another number.
    """
    try:
        parsed = phonenumbers.parse(f"+{number}")
    except phonenumbers.NumberParseException:
        return None
    if f"{parsed.country_code}{phonenumberutil.national_significant_number(parsed)}" != number:
        return None
    kind = phonenumberutil.number_type(parsed)
    zones = tuple(zone for zone in timezone.time_zones_for_number(parsed) if zone != NOWHERE)
    return Facts(
        "",
        phonenumberutil.region_code_for_number(parsed),
        geocoder.description_for_number(parsed, "en"),
        carrier.name_for_number(parsed, "en"),
        PhoneNumberType.to_string(kind).lower(),
        zones,
    )


def differing(numbers: list[str]) -> tuple[dict[str, tuple[object, object]], int]:
    """
    Numbers of which something else is said here, and how many were compared.
    """
    found, compared = {}, 0
    for number in numbers:
        theirs, ours = said(number), plan().find(number)
        if theirs is None or ours is None:
            continue
        compared += 1
        if ours[1:] != theirs[1:]:
            found[number] = (ours, theirs)
    return found, compared


@pytest.fixture(scope="module")
def numbers() -> list[str]:
    return examples()


def test_every_kind_of_number_of_every_country_is_told_as_phonenumbers_tells_it(numbers: list[str]) -> None:
    different, compared = differing(numbers)
    assert different == {}
    assert compared > 1_000


@pytest.mark.many
def test_so_are_numbers_that_are_almost_like_them(numbers: list[str]) -> None:
    different, compared = differing(changed(numbers, RANDOM))
    assert different == {}
    assert compared > RANDOM // 2


def test_the_prefix_is_the_beginning_of_the_number_and_as_long_as_its_country_code_at_least(
    numbers: list[str],
) -> None:
    for number in numbers:
        facts = plan().find(number)
        assert facts is not None
        assert number.startswith(facts.prefix)
        assert len(facts.prefix) >= len(str(phonenumbers.parse(f"+{number}").country_code))


@pytest.mark.parametrize("number", ["999", "0", "2109", "21"])
def test_digits_that_begin_with_no_country_code_are_nobody_s(number: str) -> None:
    assert plan().find(number) is None


def test_one_digit_alone_is_told_without_a_fault() -> None:
    facts = plan().find("1")
    assert facts is not None
    assert (facts.country, facts.line_type) == (None, "unknown")


def test_the_table_is_of_the_phonenumbers_that_is_installed() -> None:
    assert plan().made_of == f"phonenumbers {phonenumbers.__version__}"


def test_equal_questions_in_any_order_have_equal_answers(numbers: list[str]) -> None:
    """
    What is kept of one number tells nothing of another.
    """
    some = numbers[::7]
    first = [plan().find(number) for number in some]
    assert [plan().find(number) for number in reversed(some)] == first[::-1]
    assert len({one and one.country for one, _ in pairwise(first)}) > 50
