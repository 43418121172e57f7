"""
A set of numbers behaves as a plain set of texts, whatever is put in and asked.
"""

import tempfile
from pathlib import Path

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ratecards.numberset import NumberSet, Refusals, read_set
from ratecards.numberset.packed import SIGNATURES

NUMBERS = st.from_regex(r"[1-9][0-9]{0,14}", fullmatch=True)
SETS = st.sets(NUMBERS | st.integers(4_411_300, 4_411_310).map(str), max_size=30)
TEXTS = NUMBERS | st.text("0123456789+ \u0664", max_size=17) | st.text(max_size=5)


@given(numbers=SETS, other=SETS, asked=st.lists(TEXTS, max_size=20))
def test_a_set_of_numbers_is_a_set(numbers: set[str], other: set[str], asked: list[str]) -> None:
    """
    In membership, length, order, union, intersection and difference.
    """
    one, two = NumberSet(numbers), NumberSet(other)
    for text in [*asked, *numbers, *other]:
        assert (text in one) == (text in numbers)
    assert (list(one), len(one)) == (sorted(numbers, key=int), len(numbers))
    assert set(one | two) == numbers | other
    assert set(one & two) == numbers & other
    assert set(one - two) == numbers - other
    assert (one == two) == (numbers == other)


@settings(deadline=None)
@given(numbers=SETS)
def test_what_is_saved_is_what_is_opened(numbers: set[str]) -> None:
    """
    Number for number.
    """
    with tempfile.TemporaryDirectory() as folder:
        NumberSet(numbers).save(Path(folder) / "a.set")
        assert set(NumberSet.open(Path(folder) / "a.set")) == numbers


@settings(deadline=None)
@given(content=st.binary(max_size=200) | st.text('0123456789,;+ "\n\r\t#a', max_size=200).map(str.encode))
def test_every_line_of_any_file_is_a_number_or_a_refusal_or_says_nothing(content: bytes) -> None:
    """
    None is lost, whatever the bytes, unless they are those of a packed file; the first may be a header.
    """
    assume(not content.startswith(SIGNATURES))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "list").write_bytes(content)
        refusals = Refusals()
        numbers = read_set(Path(folder) / "list", refusals)
    text = content.removeprefix(b"\xef\xbb\xbf").decode(errors="replace")
    says = [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
    assert refusals.count <= len(says)
    assert len(numbers) + refusals.count <= len(says)
    has_header = bool(says) and not any(character.isdigit() for character in says[0])
    doubles = len(says) - has_header - refusals.count - len(numbers)
    assert doubles >= 0
    assert doubles == 0 or len(numbers) > 0
