"""
Every revision's rules come back exactly, old ones cost what changed in them, and a forgotten card is made again.
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select
from support.cards import NOW, random_rules
from support.examples import examples
from support.patience import promised
from support.revisions import artifact, load

from ratecards.diff import compare
from ratecards.model import Rule, Terms
from ratecards.rules import SCHEMA, to_frame
from service.manage import rows
from service.manage.delta import apply, difference, from_part, from_whole, in_order, to_part, to_whole
from service.manage.rows import ensure_compiled, let_answer, open_revision, rules_of, terms_text, tidy, with_rows
from service.ops.reload import artifact_path
from service.store.cards import archive_card
from service.store.catalogue import (
    CatalogueError,
    ForgottenError,
    Revision,
    activate_revision,
    active_revisions,
    add_revision,
    list_revisions,
    read_generation,
)
from service.store.files import get_file, has_file, sha256
from service.store.schedule import before_this, roll_back
from service.store.tables import files, revisions

CHANGED = 50
EDITS = 36
QUICK_S = 0.1


def deck(count: int) -> pl.DataFrame:
    rng = random.Random(5)
    rates = [rng.randrange(10**6) * 10**4 for _ in range(count)]
    return to_frame(
        Rule(str(10_000_000 + i * 37), f"Place {i // 40}", rates[i // 40], 0, 60, 6, NOW) for i in range(count)
    )


def edited(frame: pl.DataFrame, rng: random.Random) -> pl.DataFrame:
    """
    Some rules dearer, a few gone, a few new: fifty of them in all.
    """
    dearer, gone = rng.sample(range(frame.height), CHANGED - 10), set(rng.sample(range(frame.height), 5))
    prices = frame["rate_units"].to_list()
    for at in dearer:
        prices[at] += 10_000 * rng.randrange(1, 100)
    changed = frame.with_columns(pl.Series("rate_units", prices, pl.Int64))
    new = to_frame(Rule(f"7{rng.randrange(10**9):09d}", "New", 5, 0, 60, 6, NOW) for _ in range(5))
    return pl.concat([changed.filter(pl.Series([i not in gone for i in range(frame.height)])), new])


def took(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def stored(engine: Engine, column: str = "rows_digest") -> int:
    """
    Bytes of the store's files of one kind.
    """
    digests = select(revisions.c[column]).distinct()
    with engine.connect() as connection:
        return connection.scalar(select(func.sum(func.length(files.c.data))).where(files.c.digest.in_(digests))) or 0


@pytest.mark.timed
@pytest.mark.parametrize(
    ("count", "size", "most"), [(40, 5_000, 0.15), pytest.param(200, 20_000, 0.05, marks=pytest.mark.long)]
)
def test_many_revisions_of_a_large_card_are_small_and_quick(
    tmp_path: Path, engine: Engine, count: int, size: int, most: float, record_property: Callable[[str, object], None]
) -> None:
    """
    Two hundred of a card of twenty thousand rules take the room of ten.
    """
    rng, frame, every = random.Random(1), deck(size), []
    for number in range(count):
        every.append(add(engine, tmp_path, frame, whole=number in {7, count - 2, count - 1}))
        kept, frame = frame, edited(frame, rng)
    assert rules_of(engine, tmp_path, every[-1]).equals(in_order(kept))

    share = stored(engine) / count / len(to_whole(in_order(kept)))
    assert share < most
    with engine.begin() as connection:  # as if all that had been long ago
        connection.exec_driver_sql("UPDATE activations SET at = at - 7200, made = made - 7200")
    assert tidy(engine) == 1

    listing = min(took(lambda: list_revisions(engine, "c")) for _ in range(3))
    pairs = [(5, 6), (30, 31), (count - 2, count - 1), (3, count - 10)]
    compared = [took(lambda pair=pair: diff(engine, tmp_path, every, *pair)) for pair in pairs for _ in range(2)]
    back = took(lambda: roll_back(engine, "c"))
    assert active_revisions(engine, "c")[0].number == count - 1
    far = took(lambda: let_answer(engine, tmp_path, every[7]))
    figures = {"share": share, "list": listing, "diff": max(compared), "rollback": back, "far back": far}
    record_property("figures", {name: round(value, 4) for name, value in figures.items()})
    print(figures)  # noqa: T201
    assert max(listing, back) < promised(QUICK_S * 2)
    assert sorted(compared)[len(compared) // 2] < promised(QUICK_S * 4)
    assert far < promised(QUICK_S * 10)


def add(engine: Engine, folder: Path, frame: pl.DataFrame, *, whole: bool) -> Revision:
    """
    A revision whose compiled card is there, and answers, or was forgotten long ago.
    """
    if whole:
        return load(engine, folder, "c", frame, activate=True)
    digest = sha256(repr(frame["rate_units"].to_list()).encode())
    made = Revision("c", 0, digest, "test", "USD", frame.height, 0, NOW, terms=terms_text(Terms()))
    made, contents = with_rows(engine, folder, made, frame)
    return add_revision(engine, made, contents=contents)


def diff(engine: Engine, folder: Path, every: list[object], old: int, new: int) -> None:
    compared = compare(rules_of(engine, folder, every[old]), rules_of(engine, folder, every[new]), NOW)
    assert compared.changes.height > 0


rules = st.builds(
    Rule,
    prefix=st.from_regex(r"[1-9][0-9]{0,3}", fullmatch=True),
    name=st.sampled_from(["", "A", "B \u00fc", '"', ","]),
    rate_units=st.integers(0, 3),
    connect_fee_units=st.integers(0, 1),
    mcd_s=st.sampled_from([1, 60]),
    pulse_s=st.sampled_from([1, 60]),
    effective=st.sampled_from([None, -5, 0, NOW]),
    expires=st.sampled_from([None, NOW + 1, NOW + 2]),
    blocked=st.booleans(),
    origin=st.sampled_from(["", "1212", "44"]),
    rate_inter_units=st.sampled_from([None, 0, 1]),
    rate_intra_units=st.sampled_from([None, 2]),
    rate_indeterminate_units=st.sampled_from([None, 3]),
    min_digits=st.sampled_from([None, 5]),
    max_digits=st.sampled_from([None, 15]),
)


@pytest.mark.many
@given(
    st.lists(st.lists(rules, max_size=12), min_size=2, max_size=6)
    | st.lists(rules, min_size=1, max_size=2).flatmap(
        lambda pool: st.lists(st.lists(st.sampled_from(pool), max_size=4), min_size=2, max_size=6)
    )
)
@examples(60)
def test_any_rules_come_back_from_the_parts_of_all_revisions(decks: list[list[Rule]]) -> None:
    """
    Also the same rule more than once, which is where nothing but all of the rules will do.
    """
    base, parts = None, []
    for deck_ in decks:
        after = in_order(to_frame(deck_))
        part = None if base is None else difference(apply(base, parts), after)
        if part is None:
            base, parts = from_whole(to_whole(after)), []
        else:
            parts.append(from_part(to_part(part)))
        back = apply(base, parts)
        assert back.schema == SCHEMA
        assert back.equals(after)


def edits(seed: int, frame: list[Rule]) -> Iterator[list[Rule]]:
    """
    Decks that follow one another: prices, dates, origins, blocked, jurisdictions changed; rules gone, back and new.
    """
    rng, first = random.Random(seed), list(frame)
    for _ in range(EDITS):
        for _ in range(rng.randrange(6)):
            at = rng.randrange(len(frame))
            frame[at] = replace(frame[at], **rng.choice(CHANGES)(rng))
        del frame[rng.randrange(len(frame))]
        frame.append(rng.choice(first))
        yield list(dict.fromkeys(frame))


CHANGES: list[Callable[[random.Random], dict[str, object]]] = [
    lambda rng: {"rate_units": rng.randrange(10**10)},
    lambda rng: {"effective": rng.choice((None, NOW, NOW + rng.randrange(10**6)))},
    lambda rng: {"expires": rng.choice((None, NOW + rng.randrange(10**6)))},
    lambda rng: {"origin": rng.choice(("", "1212", "44"))},
    lambda rng: {"blocked": rng.random() < 0.5},
    lambda rng: {"rate_inter_units": rng.choice((None, rng.randrange(100)))},
    lambda rng: {"min_digits": rng.choice((None, 3)), "max_digits": rng.choice((None, 12))},
    lambda rng: {"name": rng.choice(("", "Ny \u2019by", "=1+1"))},
]


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_every_revision_comes_back_as_it_was_and_compiles_to_the_same_bytes(
    tmp_path: Path, engine: Engine, seed: int
) -> None:
    made = [(load(engine, tmp_path, "c", deck_), deck_) for deck_ in edits(seed, random_rules(seed, 300))]
    assert any(revision.base is None for revision, _ in made[1:])  # the chain of parts has an end
    tidy(engine)
    for revision, deck_ in made:
        frame = to_frame(deck_)
        assert rules_of(engine, tmp_path, revision).equals(in_order(frame))
        ensure_compiled(engine, tmp_path, revision)
        assert get_file(engine, revision.digest) == artifact(frame)[0]


@pytest.mark.many
@examples(20)
@given(st.lists(rules, min_size=1, max_size=30, unique=True), st.randoms())
def test_a_compiled_card_does_not_depend_on_the_order_of_its_rules(deck_: list[Rule], rng: random.Random) -> None:
    first = artifact(to_frame(deck_))
    rng.shuffle(deck_)
    assert artifact(to_frame(deck_)) == first


def small(engine: Engine, folder: Path, units: int, **when: object) -> object:
    return load(engine, folder, "c", [Rule("44", "UK", units), *random_rules(1, 50)], **when)


def kept(engine: Engine) -> set[int]:
    """
    Numbers of the revisions whose compiled cards the store has.
    """
    return {r.number for r in list_revisions(engine, "c") if has_file(engine, r.digest)}


def test_tidy_keeps_what_answers_did_last_or_will_and_the_latest(tmp_path: Path, engine: Engine) -> None:
    later = int(time.time()) + 10_000
    for units in range(1, 10):
        small(engine, tmp_path, units, activate=units in {2, 4}, at=later if units == 6 else None)
    with engine.begin() as connection:  # as if it had been said long ago
        connection.exec_driver_sql("UPDATE activations SET at = at - 7200, made = made - 7200 WHERE revision IN (2, 4)")
    assert tidy(engine) == 5
    assert kept(engine) == {2, 4, 6, 9}
    assert tidy(engine) == 0


def test_tidy_keeps_what_an_archived_card_would_answer_with(tmp_path: Path, engine: Engine) -> None:
    for units in range(1, 4):
        small(engine, tmp_path, units, activate=units == 1)
    archive_card(engine, "c")
    tidy(engine)
    assert kept(engine) == {1, 3}


def forgotten(engine: Engine, folder: Path) -> tuple[object, bytes]:
    """
    A revision whose compiled card is nowhere, and what it was.
    """
    old = small(engine, folder, 1)
    content = get_file(engine, old.digest)
    for units in (2, 3):
        small(engine, folder, units, activate=True)
    tidy(engine)
    assert not has_file(engine, old.digest)
    return old, content


def test_a_forgotten_card_is_made_again_byte_for_byte(tmp_path: Path, engine: Engine) -> None:
    old, content = forgotten(engine, tmp_path)
    let_answer(engine, tmp_path, old)
    assert get_file(engine, old.digest) == content
    assert active_revisions(engine, "c")[0].number == old.number


def test_a_forgotten_card_cannot_be_let_answer_without_being_made_again(tmp_path: Path, engine: Engine) -> None:
    old, _ = forgotten(engine, tmp_path)
    before = read_generation(engine)
    with pytest.raises(ForgottenError, match="must be made again first"):
        activate_revision(engine, "c", old.number)
    assert (read_generation(engine), active_revisions(engine, "c")[0].number) == (before, 3)


def test_one_that_cannot_be_made_again_as_it_was_is_refused_and_nothing_changes(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, _ = forgotten(engine, tmp_path)
    before = read_generation(engine)
    other = Terms(precision=2)
    monkeypatch.setattr(rows, "compiled", lambda frame, _terms, make=rows.compiled: make(frame, other))
    for make in (let_answer, ensure_compiled):
        with pytest.raises(CatalogueError, match="cannot be made again as it was"):
            make(engine, tmp_path, old)
    assert (read_generation(engine), active_revisions(engine, "c")[0].number) == (before, 3)
    assert not has_file(engine, old.digest)


@pytest.mark.fault
@pytest.mark.parametrize("harm", ["flipped", "gone"])
def test_rules_damaged_in_the_store_are_never_taken_for_rules(tmp_path: Path, engine: Engine, harm: str) -> None:
    old, _ = forgotten(engine, tmp_path)
    with engine.begin() as connection:
        where = files.c.digest == old.rows_digest
        if harm == "gone":
            connection.execute(files.delete().where(where))
        else:
            data = bytearray(connection.scalar(select(files.c.data).where(where)))
            data[len(data) // 2] ^= 1
            connection.execute(files.update().where(where).values(data=bytes(data)))
    for use in (rules_of, let_answer):
        with pytest.raises(CatalogueError, match="cannot be read"):
            use(engine, tmp_path, old)
    new = small(engine, tmp_path, 9)  # and the next deck is kept whole
    assert (new.base, rules_of(engine, tmp_path, new)["rate_units"].is_in([9]).any()) == (None, True)


@pytest.mark.fault
def test_a_damaged_file_on_disk_is_not_put_into_the_store(tmp_path: Path, engine: Engine) -> None:
    old, content = forgotten(engine, tmp_path)
    artifact_path(tmp_path, old.digest).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    ensure_compiled(engine, tmp_path, old)
    assert get_file(engine, old.digest) == content


@pytest.mark.fault
def test_loading_a_deck_again_puts_right_what_was_damaged_in_the_store(tmp_path: Path, engine: Engine) -> None:
    first = small(engine, tmp_path, 1, activate=True)
    content = get_file(engine, first.digest)
    with engine.begin() as connection:
        connection.execute(files.update().where(files.c.digest == first.digest).values(data=content[:-1]))
    small(engine, tmp_path, 1)
    assert get_file(engine, first.digest) == content


def test_looking_at_an_old_revision_puts_nothing_into_the_store(tmp_path: Path, engine: Engine) -> None:
    old, _ = forgotten(engine, tmp_path)
    assert open_revision(engine, tmp_path, old).rules == old.rules
    assert not has_file(engine, old.digest)


def test_a_forgotten_one_that_others_forget_again_meanwhile_answers(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Somebody tidies up between looking for the compiled card and letting it answer.
    """
    old, content = forgotten(engine, tmp_path)
    ensure_compiled(engine, tmp_path, old)
    tidy(engine)
    let_answer(engine, tmp_path, old)
    assert get_file(engine, old.digest) == content
    assert before_this(engine, "c") == 3
