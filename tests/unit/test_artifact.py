"""
A compiled card is opened whole and undamaged, or not at all.
"""

import os
import random
from pathlib import Path

import pytest
from support.cards import NOW, RETAIL, random_rules

from ratecards.artifact import FORMAT, ArtifactError, digest_of, open_card, pack, verify
from ratecards.compile import compile_card, compile_rules
from ratecards.durable import write_atomically
from ratecards.model import Rule, Terms
from ratecards.rules import from_frame, to_frame


@pytest.fixture(scope="module")
def artifact() -> bytes:
    return pack(compile_rules(to_frame(random_rules(3, 3000)), Terms()))


def test_a_card_read_back_from_disk_is_the_same_card(tmp_path: Path) -> None:
    terms = Terms("EUR", 4, "up", rates_by_lrn=True)
    path = tmp_path / "a.card"
    write_atomically(path, pack(compile_rules(to_frame(RETAIL), terms)))
    card = open_card(path)
    assert card.terms == terms
    assert sorted(card, key=repr) == sorted(RETAIL, key=repr)
    assert card.quote("441132456789", NOW) == compile_card(to_frame(RETAIL), terms).quote("441132456789", NOW)


def test_every_attribute_of_a_rule_survives(tmp_path: Path) -> None:
    rule = Rule("1212", "N\u00e9w  York\n", 1, 2, 0, 7, -5, 2**40, True, "1 44", 3, 4, None, 10, 11)
    path = tmp_path / "a.card"
    write_atomically(path, pack(compile_rules(to_frame([rule]), Terms())))
    assert list(from_frame(to_frame(open_card(path)))) == [rule]


def test_the_same_rules_in_any_order_make_the_same_file() -> None:
    rules = random_rules(5, 2000)
    again = rules[:]
    random.Random(1).shuffle(again)
    assert pack(compile_rules(to_frame(rules), Terms())) == pack(compile_rules(to_frame(again), Terms()))


def damaged(rng: random.Random, whole: bytes) -> bytes:
    """
    One flipped bit, a cut, a piece moved, or a piece of zeros.
    """
    kind = rng.randrange(4)
    at = rng.randrange(len(whole))
    if kind == 0:
        return whole[:at] + bytes([whole[at] ^ (1 << rng.randrange(8))]) + whole[at + 1 :]
    if kind == 1:
        return whole[:at]
    start, length = rng.randrange(len(whole)), rng.randrange(1, 4096)
    if kind == 2:
        return whole[:at] + whole[start : start + length] + whole[at:]
    return whole[:at] + bytes(length) + whole[at + length :]


@pytest.mark.fault
def test_seven_hundred_damaged_files_are_all_refused(tmp_path: Path, artifact: bytes) -> None:
    rng = random.Random(13)
    path = tmp_path / "a.card"
    refused = 0
    for _ in range(700):
        broken = damaged(rng, artifact)
        if broken == artifact:
            continue
        path.write_bytes(broken)
        with pytest.raises(ArtifactError):
            open_card(path)
        refused += 1
    assert refused > 680


def test_a_damaged_trie_is_caught_by_the_digest_and_not_by_luck(artifact: bytes) -> None:
    """
    The trie itself would load: it carries no checksum.
    """
    at = artifact.index(b"We love Marisa") + 400
    broken = artifact[:at] + bytes([artifact[at] ^ 1]) + artifact[at + 1 :]
    with pytest.raises(ArtifactError, match="SHA-256"):
        verify(memoryview(broken))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda a: b"", "too short"),
        (lambda a: b"PK\x03\x04" + a[4:], "not a compiled card"),
        (lambda a: a[:8] + (FORMAT + 1).to_bytes(4, "little") + a[12:], "format 2, this program reads 1"),
        (lambda a: a + b"\0", "bytes long, should be"),
        (lambda a: a.replace(b"\r\n\x1a", b"\n\x1a", 1), "not a compiled card"),
    ],
    ids=["empty", "a zip", "a later format", "longer", "sent as text"],
)
def test_a_refusal_says_what_the_file_is(artifact: bytes, change: object, why: str, tmp_path: Path) -> None:
    path = tmp_path / "a.card"
    path.write_bytes(change(artifact))
    with pytest.raises(ArtifactError, match=why):
        open_card(path)


def test_a_whole_file_under_another_s_name_is_refused(artifact: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.card"
    path.write_bytes(artifact)
    assert open_card(path, expected=digest_of(artifact)).rules > 0
    with pytest.raises(ArtifactError, match="damaged"):
        open_card(path, expected="0" * 64)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.card"
    write_atomically(path, b"old")

    def no_space(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_million_like_rules_take_few_bytes_each(artifact: bytes) -> None:
    """
    Counted on fewer, of one kind: prefixes of one length, a handful of prices.
    """
    rules = [Rule(str(prefix), f"Place {prefix % 97}", prefix % 50) for prefix in range(100_000, 150_000)]
    sections = compile_rules(to_frame(rules), Terms())
    assert len(sections["trie"]) / len(rules) <= 4
    assert len(pack(sections)) / len(rules) <= 48
