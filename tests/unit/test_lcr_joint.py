"""
The joint index: built from cards on disk, opened whole and undamaged or not at all, and never more than a shortcut.
"""

import random
from pathlib import Path

import pytest
from support.lcr import NOW, Card, compiled

from ratecards.artifact import ArtifactError, digest_of, pack
from ratecards.durable import write_atomically
from ratecards.index import CardIndex
from ratecards.lcr import (
    Ask,
    Behind,
    Conditions,
    Provider,
    Router,
    joint_name,
    open_joint,
)
from ratecards.lcr.build import MAX_INCREMENTS, JointError, join_cards
from ratecards.lcr.join import build_joint
from ratecards.lcr.joint import Joint
from ratecards.model import Rule

CARDS = {
    name: Card(name, (Rule("44", "UK", rate), Rule("4411", "Leeds", rate + 1))) for name, rate in (("a", 5), ("b", 3))
}


def on_disk(folder: Path, cards: dict[str, Card]) -> list[tuple[str, Path]]:
    """
    The digest and the file of each card.
    """
    files = []
    for name, card in cards.items():
        artifact = pack(compiled(card)[1])
        write_atomically(folder / name, artifact)
        files.append((digest_of(artifact), folder / name))
    return files


def routed(joint: Joint, cards: dict[str, Card], number: str) -> list[tuple[str, str, int]]:
    providers = []
    for name, card in cards.items():
        digest, sections = compiled(card)
        providers.append(Provider(name, CardIndex(sections), digest))
    retail = CardIndex(compiled(Card("retail", (Rule("4", "all", 100),)))[1])
    found = Router(Behind(retail, tuple(providers), Conditions(), joint=joint)).route(Ask(number, NOW))
    return [(one.provider.card, one.prefix, one.charge.rate_units) for one in found.routes]


def joined(*cards: Card) -> Joint:
    return Joint(join_cards(dict(map(compiled, cards)), NOW))


def test_a_joint_index_read_back_from_disk_routes_as_its_cards_do(tmp_path: Path) -> None:
    files = on_disk(tmp_path, CARDS)
    path = tmp_path / joint_name(digest for digest, _ in files)
    assert build_joint(path, files, NOW) == path.stat().st_size
    joint = open_joint(path)
    assert set(joint.digests) == {digest for digest, _ in files}
    assert routed(joint, CARDS, "4411") == [("b", "4411", 4), ("a", "4411", 6)]
    assert routed(joint, CARDS, "4420") == [("b", "44", 3), ("a", "44", 5)]
    assert routed(joint, CARDS, "49") == []


def test_a_joint_index_is_named_by_the_cards_in_it_in_any_order() -> None:
    assert joint_name(["a", "b"]) == joint_name(iter(["b", "a", "b"]))
    assert joint_name(["a", "b"]) != joint_name(["a", "c"])
    assert len(joint_name([])) == 64


def test_the_same_cards_in_any_order_make_the_same_file() -> None:
    both = dict(map(compiled, CARDS.values()))
    assert pack(join_cards(both, NOW)) == pack(join_cards(dict(reversed(both.items())), NOW))


def test_a_card_of_another_revision_is_not_answered_for() -> None:
    """
    The joint index holds a at 5; the revision that answers now asks 7.
    """
    now = CARDS | {"a": Card("a", (Rule("44", "UK", 7),))}
    assert routed(joined(*CARDS.values()), now, "4420") == [("b", "44", 3), ("a", "44", 7)]


def test_a_joint_index_may_hold_cards_that_are_nobody_s() -> None:
    assert routed(joined(*CARDS.values()), {"a": CARDS["a"]}, "4420") == [("a", "44", 5)]


def test_a_joint_index_of_no_cards_is_one() -> None:
    assert routed(joined(), CARDS, "4420") == [("b", "44", 3), ("a", "44", 5)]


def test_a_card_whose_price_depends_on_the_caller_is_refused_by_its_digest() -> None:
    digest, sections = compiled(Card("a", (Rule("44", "UK", 1, origin="49"),)))
    with pytest.raises(JointError, match=digest):
        join_cards({digest: sections}, NOW)


def test_rules_beyond_what_is_kept_are_left_to_their_card() -> None:
    """
    Increments by the hundred, and a price of which a minute costs more than 64 bits hold.
    """
    odd = [Rule(f"44{place}", "UK", 1, 0, place, 1) for place in range(100, 100 + 2 * MAX_INCREMENTS)]
    card = Card("a", (*odd, Rule("449", "dear", 2**61)))
    joint = joined(card)
    for place in (100, 150, 199, 227):
        charge = Router(behind(card, joint)).route(Ask(f"44{place}", NOW)).routes[0].charge
        assert charge == (1, 0, place, 1)
    assert Router(behind(card, joint)).route(Ask("449", NOW)).verdict == "no_margin"


def behind(card: Card, joint: Joint) -> Behind:
    digest, sections = compiled(card)
    retail = CardIndex(compiled(Card("retail", (Rule("4", "all", 10**6),)))[1])
    return Behind(retail, (Provider(card.name, CardIndex(sections), digest),), joint=joint)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    """
    One flipped bit anywhere, or a cut.
    """
    files = on_disk(tmp_path, CARDS)
    path = tmp_path / "joint"
    build_joint(path, files, NOW)
    whole, rng = path.read_bytes(), random.Random(5)
    for _ in range(100):
        at = rng.randrange(len(whole))
        flipped = whole[:at] + bytes([whole[at] ^ (1 << rng.randrange(8))]) + whole[at + 1 :]
        path.write_bytes(rng.choice((flipped, whole[:at])))
        with pytest.raises(ArtifactError):
            open_joint(path)


def test_a_card_is_not_taken_for_a_joint_index(tmp_path: Path) -> None:
    (_, path), *_ = on_disk(tmp_path, CARDS)
    with pytest.raises(ArtifactError, match="not a joint index"):
        open_joint(path)


def test_a_card_that_is_not_the_one_its_digest_names_stops_the_build_and_leaves_the_old_file(tmp_path: Path) -> None:
    (_, path), (digest, _) = on_disk(tmp_path, CARDS)
    target = tmp_path / "joint"
    target.write_bytes(b"old")
    with pytest.raises(ArtifactError, match="SHA-256"):
        build_joint(target, [(digest, path)], NOW)
    assert target.read_bytes() == b"old"


def test_an_entry_takes_few_bytes() -> None:
    """
    Two for its card, four for what it says, and its part of the prefix.
    """
    rules = tuple(Rule(str(prefix), "", prefix % 50) for prefix in range(100_000, 120_000))
    cards = [Card(str(name), (*rules, Rule("9", "", name))) for name in range(10)]
    sections = join_cards(dict(map(compiled, cards)), NOW)
    assert len(pack(sections)) / sum(len(card.rules) for card in cards) < 8


def test_walks_are_remembered_within_bounds() -> None:
    """
    Where they went on from a prefix that others share.
    """
    rules = tuple(Rule(f"44{place:02}{last}", "", place) for place in range(100) for last in ("", "5"))
    joint = joined(Card("a", rules))
    joint._max_heads = 20
    before = [joint.say(joint.walk(f"44{place:02}5")) for place in range(100)]
    assert len(joint._heads) == 20
    assert [joint.say(joint.walk(f"44{place:02}5")) for place in range(100)] == before
