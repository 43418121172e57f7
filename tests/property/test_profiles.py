"""
Whatever is dialled, a profile answers with E.164 digits or a reason, and reads a country as its metadata does.
"""

import re

import phonenumbers
from hypothesis import example, given
from hypothesis import strategies as st

from ratecards.numbers import NumberError, normalise
from ratecards.profiles import PROFILES, Length, National, Profile, Replace, Strip, TechPrefix

anything = st.text(st.characters(), max_size=100)
dialled = st.text("0123456789+#*() -./x", max_size=30)
countries = st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS))
steps = st.one_of(
    st.builds(Strip, st.text("0123456789+#*() -./x", min_size=1)),
    st.builds(TechPrefix, st.text("0123456789#*", min_size=1, max_size=4), st.booleans()),
    st.builds(National, countries),
    st.builds(Replace, st.sampled_from([r"^0+", r"\D", r"(\d)(\d)", "x*", "."]), st.sampled_from(["", "44", r"\0\0"])),
    st.builds(Length, st.integers(0, 8), st.integers(8, 64)),
)
profiles = st.builds(Profile, st.just("made"), st.lists(steps, max_size=6).map(tuple))
TRUNKS = {"us": ("US", "1", "011"), "uk": ("GB", "0", "00"), "fr": ("FR", "0", "00"), "de": ("DE", "0", "00")}


def answer(profile: Profile, text: str) -> str | None:
    try:
        return profile.normalise(text)
    except NumberError:
        return None


@given(st.sampled_from(sorted(PROFILES)), anything | dialled)
@example("uk", "\ud800")
@example("uk", "+")
@example("uk", "00")
@example("us", "+9" + "0" * 15)
def test_built_in_profiles_give_e164_or_a_reason(name: str, text: str) -> None:
    """
    Any string is 1 to 15 ASCII digits that do not start with 0, or a NumberError.
    """
    digits = answer(PROFILES[name], text)
    assert digits is None or re.fullmatch(r"[1-9][0-9]{0,14}", digits, re.ASCII)


@given(profiles, anything | dialled)
def test_made_profiles_give_e164_or_a_reason(profile: Profile, text: str) -> None:
    """
    The same holds for any steps in any order, and what is shown is what is done.
    """
    digits = answer(profile, text)
    assert digits is None or re.fullmatch(r"[1-9][0-9]{0,14}", digits, re.ASCII)
    trace = profile.explain(text)
    assert trace[-1].after == (digits or "")
    assert bool(trace[-1].error) == (digits is None)
    assert [shown.before for shown in trace] == [text, *(shown.after for shown in trace)][: len(trace)]


@given(profiles)
def test_documents_read_back(profile: Profile) -> None:
    """
    Any profile reads back equal from its document.
    """
    assert Profile.from_json(profile.as_json()) == profile


@given(anything | dialled)
def test_e164_is_plain_normalisation(text: str) -> None:
    """
    The default profile is normalisation without a profile: same digits, same reasons.
    """
    try:
        expected, reason = normalise(text), ""
    except NumberError as error:
        expected, reason = "", str(error)
    (only,) = PROFILES["e164"].explain(text)
    assert (only.after, only.error) == (expected, reason)


@given(st.sampled_from(sorted(TRUNKS)), st.from_regex(r"[1-9][0-9]{2,12}", fullmatch=True))
def test_national_numbers_read_as_phonenumbers_reads_them(name: str, rest: str) -> None:
    """
    A number dialled with the trunk prefix, once taken, is the one phonenumbers parses; one it calls valid is taken.
    """
    iso, trunk, international = TRUNKS[name]
    text = trunk + rest
    parsed = phonenumbers.parse(text, iso)
    expected = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)[1:]
    assert not text.startswith(international)
    assert answer(PROFILES[name], text) in (expected, None)
    if phonenumbers.is_valid_number(parsed) and not rest.startswith(trunk):
        assert answer(PROFILES[name], text) == expected


@given(st.sampled_from(sorted(TRUNKS)), st.from_regex(r"(?:7|20|3[0-469]|66|86|971)[1-9][0-9]{4,9}", fullmatch=True))
def test_international_numbers_pass_as_dialled(name: str, foreign: str) -> None:
    """
    A foreign number after a plus or the international prefix is taken as it is.
    """
    international = TRUNKS[name][2]
    own = str(phonenumbers.country_code_for_region(TRUNKS[name][0]))
    if not foreign.startswith(own):
        assert PROFILES[name].normalise(f"+{foreign}") == foreign
        assert PROFILES[name].normalise(international + foreign) == foreign
