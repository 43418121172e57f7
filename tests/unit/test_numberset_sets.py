"""
A set of numbers holds exactly the numbers put in, on disk too, and a damaged file is refused.
"""

import os
from array import array
from pathlib import Path
from random import Random

import orjson
import pytest
from pyroaring import BitMap64

from ratecards.numbers import NumberError
from ratecards.numberset import CheckpointError, NumberSet
from ratecards.numberset.checkpoint import writing
from ratecards.numberset.sets import KIND, PIECE

LISTED = ["1", "10", "44", "441132456789", "4411324567890", "12125551234", "999999999999999"]


def real_numbers(seed: int, count: int) -> set[str]:
    """
    Numbers as they are given out: close together within a few ranges.
    """
    rng = Random(seed)
    ranges = [f"{rng.choice(['1212', '44791', '3361', '4917'])}{rng.randrange(1000)}" for _ in range(count // 20_000)]
    return {f"{rng.choice(ranges)}{rng.randrange(10**5):05}" for _ in range(count)}


@pytest.mark.parametrize("number", LISTED)
def test_what_was_put_in_is_listed(number: str) -> None:
    assert number in NumberSet(LISTED)


@pytest.mark.parametrize(
    "number",
    [
        *("100", "0", "01", "010", "044", "4", "440", "44113245678", "44113245678900", "99999999999999"),
        *("", " 44", "44 ", "+44", "4_4", "4e1", "\u0664\u0664", "4\u0664", "\u00b2", "1" * 16, "9" * 400, "44\n"),
        *(44, None, b"44"),
    ],
    ids=repr,
)
def test_a_number_is_never_taken_for_another(number: object) -> None:
    """
    Nor is what is no number: with zeros in front, of another length, in other digits, with anything around it.
    """
    assert number not in NumberSet(LISTED)


@pytest.mark.parametrize("number", ["", "0", "044", "+44", "44 1", "\u0664\u0664", "1" * 16])
def test_what_is_no_number_cannot_be_put_in(number: str) -> None:
    with pytest.raises(NumberError, match="is not 1 to 15 digits"):
        NumberSet(["44", number])


def test_numbers_come_out_once_each_and_in_order() -> None:
    numbers = NumberSet([*reversed(LISTED), *LISTED])
    assert list(numbers) == sorted(LISTED, key=int)
    assert len(numbers) == len(LISTED)


def test_combining_sets_leaves_them_as_they_were() -> None:
    one, other = NumberSet(["1", "2", "3"]), NumberSet(["3", "4"])
    assert [list(one | other), list(one & other), list(one - other)] == [["1", "2", "3", "4"], ["3"], ["1", "2"]]
    assert [list(one), list(other)] == [["1", "2", "3"], ["3", "4"]]


@pytest.mark.parametrize("numbers", [[], LISTED, real_numbers(1, 60_000)], ids=["none", "few", "many"])
def test_a_set_read_back_from_disk_is_the_same_set(numbers: list[str], tmp_path: Path) -> None:
    NumberSet(numbers).save(tmp_path / "a.set")
    opened = NumberSet.open(tmp_path / "a.set")
    assert set(opened) == set(numbers)
    assert opened == NumberSet(numbers)
    assert opened != NumberSet([*numbers, "7"])


def test_numbers_of_real_ranges_take_two_and_a_half_bytes_each_at_most(tmp_path: Path) -> None:
    numbers = NumberSet(real_numbers(2, 100_000))
    numbers.save(tmp_path / "a.set")
    assert (tmp_path / "a.set").stat().st_size <= 2.5 * len(numbers)


def damaged(rng: Random, whole: bytes) -> bytes:
    """
    One flipped bit, a cut, a piece moved, or a piece of zeros.
    """
    kind, at = rng.randrange(4), rng.randrange(len(whole))
    if kind == 0:
        return whole[:at] + bytes([whole[at] ^ (1 << rng.randrange(8))]) + whole[at + 1 :]
    if kind == 1:
        return whole[:at]
    start, length = rng.randrange(len(whole)), rng.randrange(1, 4096)
    return whole[:at] + (whole[start : start + length] + whole[at:] if kind == 2 else bytes(length) + whole[at:])


@pytest.mark.fault
def test_seven_hundred_damaged_files_are_all_refused(tmp_path: Path) -> None:
    rng, path = Random(13), tmp_path / "a.set"
    NumberSet(real_numbers(3, 20_000)).save(path)
    whole = path.read_bytes()
    for _ in range(700):
        path.write_bytes(damaged(rng, whole))
        with pytest.raises(CheckpointError, match=r"a\.set: "):
            NumberSet.open(path)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda a: b"", "too short"),
        (lambda a: b"PK\x03\x04" + a[4:], "not a checkpoint"),
        (lambda a: a.replace(b"\r\n\x1a", b"\n\x1a", 1), "not a checkpoint"),
        (lambda a: a.replace(b"numbers\0", b"answers\0", 1), "not a checkpoint of numbers"),
        (lambda a: a[:24] + bytes([9]) + a[25:], "format 9, this program reads 2"),
        (lambda a: a + b"\0", "bytes long, should be"),
        (lambda a: a[:28] + bytes([5]) + a[29:], "SHA-256"),
        (lambda a: a[:100] + bytes([a[100] ^ 1]) + a[101:], "SHA-256"),
    ],
    ids=["empty", "a zip", "sent as text", "answers", "a later format", "longer", "sections", "a bit"],
)
def test_a_refusal_says_what_the_file_is(change: object, why: str, tmp_path: Path) -> None:
    path = tmp_path / "a.set"
    NumberSet(LISTED).save(path)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(CheckpointError, match=why):
        NumberSet.open(path)


def test_a_file_that_holds_other_than_it_says_is_refused(tmp_path: Path) -> None:
    """
    Whole, and yet not what was meant.
    """
    with writing(tmp_path / "a.set", KIND) as file:
        file.section("meta")
        file.write(orjson.dumps({"numbers": 8}))
        file.section("bitmaps")
        file.write(whole := BitMap64(range(7)).serialize())
        file.section("ends")
        file.write(array("Q", [len(whole)]))
    with pytest.raises(CheckpointError, match="holds 7 numbers, not as many as it says"):
        NumberSet.open(tmp_path / "a.set")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.set"
    NumberSet(["44"]).save(path)

    def no_space(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        NumberSet(["49"]).save(path)
    assert list(NumberSet.open(path)) == ["44"]
    assert list(tmp_path.iterdir()) == [path]


def test_whoever_opens_a_large_file_can_do_other_things_meanwhile(tmp_path: Path) -> None:
    """
    It is asked after every MiB checked, and after every half million numbers read.
    """
    paused: list[None] = []
    some = NumberSet(str(number) for number in range(10**6, 2 * 10**9, 2_000))
    some.save(tmp_path / "a.set")
    assert NumberSet.open(tmp_path / "a.set", pause=lambda: paused.append(None)) == some
    pieces = -(-len(some) // PIECE)
    assert len(paused) == -(-(tmp_path / "a.set").stat().st_size // 2**20) + pieces
    assert pieces > 1
