"""
Derived cards: what the library reckons is what answers, and what is stale is known and made again in order.
"""

import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from support.cards import NOW, install, random_rules

from ratecards.artifact import digest_of
from ratecards.compact import Source, merge, minimise
from ratecards.durable import write_atomically
from ratecards.exchange import Exchange, ExchangeError
from ratecards.margin import MarginPlan, derive
from ratecards.model import Rule, Terms
from ratecards.money import format_units, parse_units
from ratecards.rules import from_frame, to_frame
from service.manage import builds as manage
from service.manage.build_again import FAILED, rebuild, rebuild_automatic
from service.manage.build_recipe import BuildError, Recipe
from service.manage.build_stale import stale
from service.manage.builds import Built, Order, make_build, note_recipe
from service.manage.cards import rules_of_card
from service.manage.rows import compiled, in_order, open_revision, terms_text, with_rows
from service.ops.reload import artifact_path
from service.store.audit import list_changes
from service.store.builds import find_build, list_builds
from service.store.cards import archive_card, delete_card, find_card
from service.store.catalogue import (
    CatalogueError,
    Revision,
    active_revisions,
    add_revision,
    list_revisions,
    read_generation,
)
from service.store.exchange import drop_rate, list_rates, read_exchange, set_rate
from service.store.files import has_file
from service.store.schedule import list_activations, planned, roll_back
from service.store.tables import metadata

PLAN = MarginPlan.from_json(
    {"decimals": 4, "rules": [{"prefix": "", "percent": "20"}, {"prefix": "447", "absolute": "0.005"}]}
)
HOUR = 3600
one_store = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
"""For what no database can make a difference to."""
Make = Callable[..., Built]


def quiet(_step: str, _done: int, _total: int) -> None:
    pass


def rule(prefix: str, rate: str, name: str = "UK", **fields: object) -> Rule:
    return Rule(prefix, name, parse_units(rate), 0, 60, 60, **fields)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cards"


@pytest.fixture
def load(engine: Engine, folder: Path) -> Callable[..., Revision]:
    """
    Let the next revision of a card answer, as one from a deck does.
    """

    def put(name: str, *rules: Rule, currency: str = "USD") -> Revision:
        frame, terms = to_frame(rules), Terms(currency)
        artifact = compiled(frame, terms)
        digest = digest_of(artifact)
        write_atomically(artifact_path(folder, digest), artifact)
        told = Revision(name, 0, digest, "deck.csv", currency, frame.height, 0, NOW, terms=terms_text(terms))
        revision, rows = with_rows(engine, folder, told, frame)
        return add_revision(engine, revision, activate=True, contents={digest: artifact, **rows})

    return put


@pytest.fixture
def make(engine: Engine, folder: Path) -> Make:
    """
    Make a card from others, and let it answer.
    """

    def put(name: str, *parents: str, recipe: dict[str, object] | None = None, **order: object) -> Built:
        made = Recipe(parents, **{"by": "minimum", **(recipe or {})})
        return make_build(engine, folder, name, made, quiet, Order(**{"activate": True, **order}))

    return put


def prices(engine: Engine, folder: Path, card: str) -> dict[str, str]:
    rules = rules_of_card(engine, folder, card)
    assert rules is not None
    return {row.prefix: row.rate for row in from_frame(rules)}


def everything(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """
    Every row of every table.
    """
    with engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for name, table in metadata.tables.items()
        }


def reasons(engine: Engine, **when: int) -> dict[str, list[str]]:
    return {card.card: list(card.reasons) for card in stale(engine, **when)}


def numbers(engine: Engine) -> dict[str, int]:
    return {revision.card: revision.number for revision in active_revisions(engine)}


@pytest.mark.parametrize(("kind", "margin"), [("minimum", None), ("maximum", PLAN), ("average", PLAN)])
def test_a_derived_card_is_to_the_last_rule_what_the_library_makes(
    engine: Engine, folder: Path, load: Callable[..., Revision], make: Make, kind: str, margin: MarginPlan | None
) -> None:
    first, second = random_rules(1, 400), random_rules(2, 400)
    load("a", *first)
    load("b", *second, currency="EUR")
    set_rate(engine, "EUR", "0.92")
    now = int(time.time())
    built = make("c", "a", "b", recipe={"by": kind, "margin": margin}, now=now)
    sources = [Source("a", to_frame(first)), Source("b", to_frame(second), Terms("EUR"))]
    merged = merge(sources, kind, now, Exchange("USD", {"EUR": Decimal("0.92")}))
    sold = merged.rules if margin is None else derive(merged.rules, margin)
    wanted = in_order(minimise(sold).rules)
    answers = rules_of_card(engine, folder, "c")
    assert answers is not None
    assert answers.equals(wanted)
    (revision,) = active_revisions(engine, "c")
    card = open_revision(engine, folder, revision)
    assert all(
        card.quote(found.prefix, now).rule.rate_units == found.rate_units
        for found in from_frame(wanted)
        if not found.blocked
    )
    assert (built.made.until, card.terms.currency) == (merged.until, "USD")
    assert revision.source == f"{kind} of a r1, b r1{'; margin plan' if margin else ''}"


@one_store
def test_a_card_is_made_with_the_terms_the_prefixes_and_the_names_its_recipe_says(
    engine: Engine, folder: Path, load: Callable[..., Revision], make: Make
) -> None:
    load("a", rule("44", "0.01"), rule("441", "0.01"), rule("442", "0.01", "London"))
    for names, recipe in (
        (["44", "442"], {}),
        (["44"], {"keep_names": False}),
        (["44", "441", "442"], {"minimise": False}),
    ):
        make("c", "a", recipe={"precision": 4, "rounding": "up", **recipe})
        assert sorted(prices(engine, folder, "c")) == names
    (revision,) = active_revisions(engine, "c")
    terms = open_revision(engine, folder, revision).terms
    assert (terms.precision, terms.rounding, revision.number) == (4, "up", 3)


@one_store
def test_only_a_card_with_margins_is_a_customer_s(engine: Engine, load: Callable[..., Revision], make: Make) -> None:
    load("a", rule("44", "0.01"))
    make("merged", "a")
    make("retail", "a", recipe={"margin": PLAN})
    assert [find_card(engine, name).kind for name in ("merged", "retail")] == ["", "customer"]


@one_store
def test_what_is_made_says_what_it_changes_and_a_change_of_currency_compares_nothing(
    engine: Engine, load: Callable[..., Revision], make: Make
) -> None:
    load("a", rule("44", "0.01"), rule("49", "0.02"))
    first = make("c", "a")
    assert first.before is None
    load("a", rule("44", "0.02"), rule("49", "0.01"))
    second = make("c", "a")
    assert second.diff is not None
    assert (second.diff.summary.raised, second.diff.summary.lowered) == (1, 1)
    set_rate(engine, "EUR", "0.5")
    third = make("c", "a", recipe={"currency": "EUR"})
    assert (third.before and third.before.number, third.diff) == (2, None)


def test_parents_that_do_not_answer_are_named(
    engine: Engine, folder: Path, load: Callable[..., Revision], make: Make
) -> None:
    load("a", rule("44", "0.01"))
    load("old", rule("44", "0.01"))
    archive_card(engine, "old")
    make("silent", "a", activate=False)
    before = everything(engine)
    for parent, said in (
        ("missing", "no card 'missing'"),
        ("old", "card 'old' is archived"),
        ("silent", "card 'silent' has no revision that answers"),
        ("test/a", "card 'test/a' is not of the environment of 'c'"),
        ("c", "card 'c' would be made from itself: c from c"),
    ):
        with pytest.raises(CatalogueError, match=said):
            make("c", "a", parent)
    with pytest.raises(CatalogueError, match="no rate of exchange for EUR"):
        make("c", "a", recipe={"currency": "EUR"})
    with pytest.raises(CatalogueError, match="is not a card name"):
        make("-c", "a")
    assert everything(engine) == before


@one_store
def test_a_sandbox_card_is_made_from_sandbox_cards_be_they_of_before_rules_were_kept(
    engine: Engine, folder: Path, tmp_path: Path, make: Make
) -> None:
    install(tmp_path, "test/a", [rule("44", "0.01")], engine=engine)
    make("test/c", "test/a")
    assert prices(engine, folder, "test/c") == {"44": "0.01"}


@one_store
def test_a_card_of_nothing_in_force_is_refused(engine: Engine, load: Callable[..., Revision], make: Make) -> None:
    load("a", rule("44", "0.01", expires=1))
    with pytest.raises(BuildError, match="would be empty"):
        make("c", "a")


@one_store
def test_a_card_that_was_loaded_from_a_deck_is_not_taken_for_one_to_be_made(
    engine: Engine, folder: Path, load: Callable[..., Revision], make: Make
) -> None:
    """
    Else a forgotten name would overwrite the first carrier's card with the second's.
    """
    load("a", rule("44", "0.01"))
    load("b", rule("44", "0.02"))
    with pytest.raises(BuildError, match="'a' was loaded from a deck"):
        make("a", "b")
    make("a", "b", force=True)
    assert prices(engine, folder, "a") == {"44": "0.02"}


def test_no_card_comes_to_be_made_from_itself(engine: Engine, load: Callable[..., Revision], make: Make) -> None:
    load("a", rule("44", "0.01"))
    make("b", "a")
    make("c", "a", "b")
    with pytest.raises(CatalogueError, match="card 'b' would be made from itself: b from c from b"):
        make("b", "a", "c")
    with pytest.raises(CatalogueError, match="card 'a' would be made from itself"):
        make("a", "c", force=True)
    with pytest.raises(CatalogueError, match="b from c from b"):
        note_recipe(engine, "b", Recipe(("c",), "minimum"))


def test_two_who_make_each_other_s_parent_at_once_are_not_both_let(
    engine: Engine, load: Callable[..., Revision], make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    load("a", rule("44", "0.01"))
    make("b", "a")
    make("c", "a")
    add = manage.add_revision

    def meanwhile(*arguments: object, **named: object) -> Revision:
        monkeypatch.setattr(manage, "add_revision", add)
        make("c", "b")
        return add(*arguments, **named)

    monkeypatch.setattr(manage, "add_revision", meanwhile)
    with pytest.raises(CatalogueError, match="b from c from b"):
        make("b", "c")
    assert numbers(engine) == {"a": 1, "b": 1, "c": 2}


def test_a_chain_is_stale_from_its_first_card_on_and_made_again_in_order(
    engine: Engine, folder: Path, load: Callable[..., Revision], make: Make
) -> None:
    load("a", rule("44", "0.01"))
    for name, parent in (("z", "a"), ("y", "z"), ("x", "y")):
        make(name, parent)
    assert stale(engine) == []
    load("a", rule("44", "0.03"))
    why = reasons(engine)
    assert list(why) == ["z", "y", "x"]
    assert why == {
        "z": ["card 'a' is at revision 2, was at 1"],
        "y": ["card 'z' is stale"],
        "x": ["card 'y' is stale"],
    }
    done = rebuild(engine, folder, None, quiet, actor="cli:me")
    assert [(card.card, card.error) for card in done] == [("z", None), ("y", None), ("x", None)]
    assert prices(engine, folder, "x") == {"44": "0.03"}
    assert stale(engine) == []
    assert find_build(engine, "x").made.parents == {"y": 2}
    assert list_changes(engine, "card x", 1)[0].actor == "cli:me"


def test_one_card_is_made_again_with_what_is_stale_beneath_it_and_nothing_else(
    engine: Engine, folder: Path, load: Callable[..., Revision], make: Make
) -> None:
    load("a", rule("44", "0.01"))
    for name, parent in (("b", "a"), ("c", "b"), ("d", "c"), ("other", "a")):
        make(name, parent)
    load("a", rule("44", "0.02"))
    assert [card.card for card in rebuild(engine, folder, ["c"], quiet)] == ["b", "c"]
    assert set(reasons(engine)) == {"d", "other"}
    with pytest.raises(CatalogueError, match="card 'a' is not made from others"):
        rebuild(engine, folder, ["a"], quiet)


def test_a_dry_run_shows_what_would_be_and_changes_nothing(
    engine: Engine, folder: Path, load: Callable[..., Revision], make: Make
) -> None:
    load("a", rule("44", "0.01"))
    make("b", "a")
    make("c", "b")
    load("a", rule("44", "0.02"))
    before, files = everything(engine), sorted(folder.iterdir())
    preview = make("b", "a", dry_run=True)
    assert preview.diff is not None
    assert (preview.revision.number, preview.diff.summary.raised, preview.added) == (2, 1, False)
    made = rebuild(engine, folder, None, quiet, dry_run=True)
    assert [card.built.source.rules["rate_units"].to_list() for card in made] == [[parse_units("0.02")]] * 2
    assert made[1].built.revision.source == "minimum of b r2"
    assert everything(engine) == before
    assert sorted(folder.iterdir()) == files


def test_a_crash_between_compiling_and_recording_leaves_what_answers_as_it_was(
    engine: Engine,
    folder: Path,
    load: Callable[..., Revision],
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    load("a", rule("44", "0.01"))
    make("c", "a")
    load("a", rule("44", "0.02"))
    before = (read_generation(engine), numbers(engine), find_build(engine, "c"), list_activations(engine))

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for where in ("write_atomically", "with_rows", "add_revision", "record_build"):
        with monkeypatch.context() as broken:
            broken.setattr(manage, where, crash)
            with pytest.raises(KeyboardInterrupt):
                make("c", "a")
        assert (read_generation(engine), numbers(engine), find_build(engine, "c"), list_activations(engine)) == before
    assert prices(engine, folder, "c") == {"44": "0.01"}
    assert list(reasons(engine)) == ["c"]
    rebuild(engine, folder, None, quiet)
    assert prices(engine, folder, "c") == {"44": "0.02"}


def test_what_answers_and_what_it_was_made_from_change_in_one(
    engine: Engine, load: Callable[..., Revision], make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A crash inside the last change: neither the note nor the activation is there.
    """
    load("a", rule("44", "0.01"))
    make("c", "a")
    load("a", rule("44", "0.02"))
    before = (numbers(engine), find_build(engine, "c"))

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("service.store.builds.put_activation", crash)
        with pytest.raises(KeyboardInterrupt):
            make("c", "a")
    assert (numbers(engine), find_build(engine, "c")) == before


def test_a_card_is_stale_once_a_dated_rule_takes_effect(
    engine: Engine, folder: Path, load: Callable[..., Revision], make: Make
) -> None:
    now = int(time.time())
    load("a", rule("44", "0.01", expires=now + HOUR), rule("44", "0.02", effective=now + HOUR))
    built = make("c", "a")
    assert built.made.until == now + HOUR
    assert reasons(engine, now=now + HOUR - 1) == {}
    assert reasons(engine, now=now + HOUR) == {"c": ["a dated rule of a card it is made from took effect or ended"]}
    rebuild(engine, folder, None, quiet, now=now + HOUR)
    assert prices(engine, folder, "c") == {"44": "0.02"}
    assert reasons(engine, now=now + HOUR) == {}


def test_a_card_made_for_an_instant_to_come_is_of_that_instant(
    engine: Engine, folder: Path, load: Callable[..., Revision], make: Make
) -> None:
    now = int(time.time())
    load("a", rule("44", "0.01", expires=now + HOUR), rule("44", "0.02", effective=now + HOUR))
    make("c", "a")
    coming = make("c", "a", activate=False, at=now + HOUR)
    assert [(plan.revision, plan.at) for plan in planned(engine, "c")] == [(2, now + HOUR)]
    assert prices(engine, folder, "c") == {"44": "0.01"}
    assert coming.source.rules["rate_units"].to_list() == [parse_units("0.02")]
    assert reasons(engine, now=now + 2 * HOUR) == {}
    for order, said in (({"at": now - 1}, "is past"), ({"at": now + HOUR, "activate": True}, "not both")):
        with pytest.raises(BuildError, match=said):
            make("c", "a", **{"activate": False, **order})


def test_what_is_planned_does_not_take_over_from_what_is_made_later(
    engine: Engine, folder: Path, load: Callable[..., Revision], make: Make
) -> None:
    load("a", rule("44", "0.01"))
    make("c", "a")
    make("c", "a", activate=False, at=int(time.time()) + HOUR)
    load("a", rule("44", "0.02"))
    (failed,) = rebuild(engine, folder, None, quiet)
    assert "revision 2 of card 'c' is planned for" in (failed.error or "")
    assert numbers(engine)["c"] == 1


def test_a_recipe_noted_for_later_makes_a_card_stale_until_it_is_made_so(
    engine: Engine, folder: Path, load: Callable[..., Revision], make: Make
) -> None:
    load("a", rule("44", "0.01"))
    load("b", rule("44", "0.02"))
    make("c", "a", "b")
    note_recipe(engine, "c", Recipe(("a", "b"), "minimum", automatic=True))
    assert (reasons(engine), find_build(engine, "c").automatic) == ({}, True)
    note_recipe(engine, "c", Recipe(("a", "b"), "maximum"))
    assert reasons(engine) == {"c": ["its recipe changed"]}
    rebuild(engine, folder, None, quiet)
    assert (prices(engine, folder, "c"), reasons(engine)) == ({"44": "0.02"}, {})
    with pytest.raises(CatalogueError, match="card 'a' is not made from others"):
        note_recipe(engine, "a", Recipe(("b",), "maximum"))


def test_a_rate_of_exchange_that_was_used_makes_a_card_stale(
    engine: Engine, folder: Path, load: Callable[..., Revision], make: Make
) -> None:
    load("a", rule("44", "0.01"))
    load("b", rule("44", "0.01"), rule("49", "0.01"), currency="EUR")
    set_rate(engine, "EUR", "0.80")
    set_rate(engine, "GBP", "0.7")
    make("c", "a", "b")
    make("d", "a")
    assert prices(engine, folder, "c") == {"44": "0.01", "49": "0.0125"}
    set_rate(engine, "GBP", "0.9")
    set_rate(engine, "EUR", "0.8")
    assert reasons(engine) == {}
    set_rate(engine, "EUR", "0.5")
    assert reasons(engine) == {"c": ["the rate of exchange of EUR to USD changed"]}
    rebuild(engine, folder, None, quiet)
    assert prices(engine, folder, "c") == {"44": "0.01", "49": "0.02"}
    drop_rate(engine, "EUR")
    assert list(reasons(engine)) == ["c"]


def test_rates_of_exchange_are_kept_to_the_digit_with_one_base_and_their_history(engine: Engine) -> None:
    assert read_exchange(engine) == Exchange("USD", {})
    before = read_generation(engine)
    set_rate(engine, "EUR", "0.9200000001", actor="cli:me")
    set_rate(engine, "EUR", "0.93")
    set_rate(engine, "CHF", "0.90")
    assert [(rate.currency, rate.per_base, rate.base) for rate in list_rates(engine)] == [
        ("CHF", "0.90", "USD"),
        ("EUR", "0.93", "USD"),
    ]
    told = [(c.actor, c.detail["per_base"], c.detail["before"]) for c in list_changes(engine, "exchange EUR")]
    assert told == [("system", "0.93", "0.9200000001"), ("cli:me", "0.9200000001", None)]
    assert read_generation(engine) == before + 3
    for refused in (("EUR", "1e3"), ("EUR", "0"), ("EUR", "-1"), ("USD", "1"), ("eur", "1"), ("EUR", "1", "GBP")):
        with pytest.raises(ExchangeError):
            set_rate(engine, *refused)
    assert drop_rate(engine, "CHF")
    assert not drop_rate(engine, "CHF")
    assert set_rate(engine, "EUR", "1.15", "GBP").base == "GBP"
    assert read_exchange(engine) == Exchange("GBP", {"EUR": Decimal("1.15")})


def test_only_cards_that_are_to_be_are_made_again_by_themselves(
    engine: Engine, folder: Path, load: Callable[..., Revision], make: Make
) -> None:
    load("a", rule("44", "0.01"))
    make("by-hand", "a")
    make("itself", "a", recipe={"automatic": True})
    make("above", "by-hand", recipe={"automatic": True})
    load("a", rule("44", "0.02"))
    assert [card.card for card in rebuild_automatic(engine, folder, quiet)] == ["itself"]
    assert numbers(engine) == {"a": 2, "above": 1, "by-hand": 1, "itself": 2}
    assert list(reasons(engine)) == ["by-hand", "above"]
    rebuild(engine, folder, ["by-hand"], quiet)
    assert [card.card for card in rebuild_automatic(engine, folder, quiet)] == ["above"]


@one_store
def test_a_leap_that_nobody_looked_at_is_left_to_people(
    engine: Engine, folder: Path, load: Callable[..., Revision], make: Make
) -> None:
    load("a", rule("44", "0.01"), rule("49", "0.02"), rule("33", "0.03", "France"))
    make("c", "a", recipe={"automatic": True})
    for rules, said in (
        ([rule("44", "0.0201"), rule("49", "0.009"), rule("33", "0.03", "France")], "2 of its 3 rules would more than"),
        ([rule("44", "0.01"), rule("49", "0.02")], "1 of its 3 rules would go"),
    ):
        load("a", *rules)
        (card,) = rebuild_automatic(engine, folder, quiet)
        assert said in (card.error or "")
        assert numbers(engine)["c"] == 1
    assert rebuild(engine, folder, None, quiet)[0].error is None
    assert prices(engine, folder, "c") == {"44": "0.01", "49": "0.02"}


def test_a_card_that_cannot_be_made_is_told_once_and_stops_no_other(
    engine: Engine, folder: Path, load: Callable[..., Revision], make: Make
) -> None:
    for name in ("a", "b"):
        load(name, rule("44", "0.01"))
    make("c", "a", recipe={"automatic": True})
    make("d", "b", recipe={"automatic": True})
    load("b", rule("44", "0.02"))
    load("a", rule("44", "0.02", origin="1242"))
    for _ in range(3):
        done = {card.card: card.error for card in rebuild_automatic(engine, folder, quiet)}
        assert "its rule for 44 is for certain callers" in done["c"]
    assert prices(engine, folder, "c") == {"44": "0.01"}
    assert prices(engine, folder, "d") == {"44": "0.02"}
    archive_card(engine, "a")
    rebuild_automatic(engine, folder, quiet)
    told = [change.detail["reason"] for change in list_changes(engine, "card c") if change.action == FAILED]
    assert [reason.partition(";")[0] for reason in told] == [
        "card 'a' is archived",
        "card a: its rule for 44 is for certain callers (origin) only",
    ]
    assert reasons(engine) == {"c": ["card 'a' no longer answers"]}


def test_a_card_that_comes_out_as_it_was_gets_no_revision_and_makes_none_above_it_stale(
    engine: Engine, folder: Path, load: Callable[..., Revision], make: Make
) -> None:
    load("a", rule("44", "0.01"))
    load("b", rule("44", "0.02"))
    make("c", "a", "b")
    make("d", "c")
    load("b", rule("44", "0.03"))
    (card,) = rebuild(engine, folder, None, quiet)
    assert (card.card, card.built.added, numbers(engine)["c"]) == ("c", False, 1)
    assert stale(engine) == []
    make("c", "a", "b")
    assert numbers(engine)["c"] == 2


def test_a_card_that_does_not_answer_is_made_again_without_answering(
    engine: Engine, folder: Path, load: Callable[..., Revision], make: Make
) -> None:
    load("a", rule("44", "0.01"))
    make("c", "a", activate=False)
    load("a", rule("44", "0.02"))
    rebuild(engine, folder, None, quiet)
    assert [revision.number for revision in list_revisions(engine, "c")] == [1, 2]
    assert (numbers(engine), stale(engine)) == ({"a": 2}, [])


def test_a_parent_rolled_back_archived_or_another_of_its_name_makes_stale_what_an_archived_card_is_not(
    engine: Engine, folder: Path, load: Callable[..., Revision], make: Make
) -> None:
    load("a", rule("44", "0.01"))
    load("a", rule("44", "0.02"))
    make("c", "a")
    roll_back(engine, "a")
    assert reasons(engine) == {"c": ["card 'a' is at revision 1, was at 2"]}
    rebuild(engine, folder, None, quiet)
    archive_card(engine, "a")
    assert reasons(engine) == {"c": ["card 'a' no longer answers"]}
    archive_card(engine, "c")
    assert stale(engine) == []
    archive_card(engine, "c", archived=False)
    with engine.begin() as connection:  # as a store that was put back, or a name used anew
        connection.exec_driver_sql("UPDATE cards SET name = 'was' WHERE name = 'a'")
    load("a", rule("44", "0.07"))
    assert reasons(engine) == {"c": ["card 'a' is another card of that name"]}


@one_store
def test_the_recipe_of_a_card_goes_with_it(engine: Engine, load: Callable[..., Revision], make: Make) -> None:
    load("a", rule("44", "0.01"))
    make("c", "a")
    archive_card(engine, "c")
    delete_card(engine, "c")
    assert list_builds(engine) == []


def test_a_recipe_is_read_back_as_it_was_written() -> None:
    for recipe in (
        Recipe(("a",), "minimum"),
        Recipe(("a", "b"), "average", "EUR", PLAN, False, False, 4, "up", True),
    ):
        assert Recipe.from_json(recipe.as_json()) == recipe


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "a recipe is an object"),
        ({"by": "minimum"}, "without 'parents'"),
        ({"parents": ["a"]}, "without 'by'"),
        ({"parents": ["a"], "by": "minimum", "color": 1}, "unknown field 'color'"),
        ({"parents": "a", "by": "minimum"}, "not a list of card names"),
        ({"parents": [], "by": "minimum"}, "no card is named"),
        ({"parents": ["a", "a"], "by": "minimum"}, "card 'a' is named twice"),
        ({"parents": ["../a"], "by": "minimum"}, "'../a' is not a card name"),
        ({"parents": ["a"], "by": "median"}, "not by 'median'"),
        ({"parents": ["a"], "by": "minimum", "currency": "usd"}, "'usd' is not a currency"),
        ({"parents": ["a"], "by": "minimum", "precision": True}, "not a whole number"),
        ({"parents": ["a"], "by": "minimum", "precision": 11}, "0 to 10 decimals"),
        ({"parents": ["a"], "by": "minimum", "rounding": "even"}, "rounding is one of"),
        ({"parents": ["a"], "by": "minimum", "automatic": 1}, "not true or false"),
        ({"parents": ["a"], "by": "minimum", "margin": {"rules": []}}, "no margin rule for every number"),
        ({"parents": [f"a{n}" for n in range(65)], "by": "minimum"}, "at most 64"),
    ],
)
def test_a_recipe_that_is_none_says_why(data: object, said: str) -> None:
    with pytest.raises(BuildError, match=said):
        Recipe.from_json(data)


@one_store
def test_prices_that_fall_below_nothing_are_refused_by_the_rule_that_makes_them(
    engine: Engine, load: Callable[..., Revision], make: Make
) -> None:
    load("a", rule("44", "0.01"))
    plan = MarginPlan.from_json({"rules": [{"prefix": "", "absolute": "-0.02"}]})
    with pytest.raises(BuildError, match=f"44 costs {format_units(parse_units('0.01'))} and would sell for -0.01"):
        make("c", "a", recipe={"margin": plan})
    assert list(numbers(engine)) == ["a"]


@one_store
def test_a_revision_made_again_has_its_rules_without_its_compiled_card(
    engine: Engine, folder: Path, load: Callable[..., Revision], make: Make
) -> None:
    """
    Old revisions are kept as rows only, as those loaded from decks are.
    """
    for rate in ("0.01", "0.02", "0.03"):
        load("a", rule("44", rate))
        make("c", "a")
    for file in folder.iterdir():
        file.unlink()
    first = list_revisions(engine, "c")[0]
    assert not has_file(engine, first.digest)
    card = open_revision(engine, folder, first)
    assert card.quote("441", NOW).rule.rate == "0.01"
