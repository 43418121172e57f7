"""
From cards to a card made from them: merged, marked up, minimised, and a revision like any other.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Engine

from ratecards.artifact import ArtifactError, digest_of
from ratecards.compact import Source
from ratecards.diff import Diff, compare
from ratecards.durable import write_atomically
from ratecards.rules import SCHEMA
from service.manage.build_parents import Parent, exchanged, read_parents, refuse_elsewhere, refusing
from service.manage.build_prices import Result, put_together, refuse_leap, told
from service.manage.build_recipe import BuildError, Recipe
from service.manage.cards import Progress, find_revision
from service.manage.rows import compiled, rules_of, terms_text, tidy, with_rows
from service.ops.reload import artifact_path
from service.store.audit import SYSTEM
from service.store.builds import (
    Made,
    change_recipe,
    digest_of_recipe,
    find_build,
    list_builds,
    record_build,
    refuse_cycle,
)
from service.store.catalogue import CARD_NAME, CatalogueError, Revision, add_revision, list_revisions
from service.store.exchange import read_exchange


@dataclass(frozen=True, slots=True)
class Order:
    """
    What is to become of a card once it is made.

    Attributes:
        now: unix seconds; 0: those of the clock.
        activate: let it answer at once.
        at: unix seconds from which it answers, and for which it is made; None: for now, and not by itself.
        dry_run: change nothing, only say what would.
        force: although the card's revisions were loaded from decks so far.
        unless_same: add no revision where the one that answers is the same to the byte.
        cautious: refuse a leap from what answers; for what nobody looks at.
        note: what for.
        actor: who makes it.
        instead: parents to be taken as they would be, by name.
    """

    now: int = 0
    activate: bool = False
    at: int | None = None
    dry_run: bool = False
    force: bool = False
    unless_same: bool = False
    cautious: bool = False
    note: str = ""
    actor: str = SYSTEM
    instead: Mapping[str, Parent] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Built:
    """
    A card as it was made, or would be.

    Attributes:
        revision: that was added; in a dry run: that would be.
        source: its rules and terms.
        made: from what.
        before: revision that answered; None: none did.
        diff: against that one; None: it was in another currency, or its rules are not there any more.
        prefixes_before: of the card before it was minimised.
        added: a revision was added.
    """

    revision: Revision
    source: Source
    made: Made
    before: Revision | None
    diff: Diff | None
    prefixes_before: int
    added: bool


def make_build(
    engine: Engine, folder: Path, name: str, recipe: Recipe, progress: Progress, order: Order | None = None
) -> Built:
    """
    Make a card from others, and add it as its next revision: a crash before the end leaves what answers as it was.

    Args:
        engine: the store.
        folder: of the compiled cards.
        name: of the card.
        recipe: how it is made.
        progress: told of each step.
        order: what is to become of it; None: a revision that does not answer by itself.

    Raises:
        CatalogueError: it cannot be made; nothing was changed.
    """
    order = _ordered(order or Order())
    _refuse(engine, name, recipe, order)
    at = order.now if order.at is None else order.at
    parents = read_parents(engine, folder, recipe.parents, at, order.instead, progress)
    recipe = replace(recipe, currency=recipe.currency or parents[0].source.terms.currency)
    exchange = read_exchange(engine)
    with refusing():
        result = put_together(recipe, [parent.source for parent in parents], exchange, at, progress)
        used = exchanged(exchange, [p.source.terms.currency for p in parents], result.terms.currency)
        before, diff = _compared(engine, folder, name, result, at, progress)
    if order.cautious and before is not None and diff is not None:
        refuse_leap(diff)
    progress("compiling", 0, 1)
    artifact = compiled(result.rules, result.terms)
    revision = _revision(name, recipe, parents, result, order, digest_of(artifact))
    made = _made(recipe, parents, used, at, result.until)
    progress("compiling", 1, 1)
    built = Built(revision, Source(name, result.rules, result.terms), made, before, diff, result.prefixes_before, False)
    if order.dry_run:
        return _numbered(built, _highest(engine, name) + 1)
    return _keep(engine, folder, built, recipe, order, artifact)


def note_recipe(engine: Engine, name: str, recipe: Recipe, actor: str = SYSTEM) -> None:
    """
    Say how a derived card is made from now on; the next rebuild makes it so.

    Raises:
        CatalogueError: it is not derived, or cannot be made so.
    """
    refuse_elsewhere(name, recipe.parents)
    build = find_build(engine, name)
    currency = recipe.currency or (build.recipe["currency"] if build else None)
    change_recipe(engine, name, replace(recipe, currency=currency).as_json(), actor)


def _ordered(order: Order) -> Order:
    order = replace(order, now=order.now or int(time.time()))
    if order.activate and order.at is not None:
        raise BuildError("it answers either at once or from an instant to come, not both")
    if order.at is not None and order.at <= order.now:
        raise BuildError("the instant from which it is to answer is past; let it answer at once")
    return order


def _refuse(engine: Engine, name: str, recipe: Recipe, order: Order) -> None:
    """
    Refuse by names alone, before anything is read.
    """
    if not CARD_NAME.fullmatch(name):
        raise BuildError(f"'{name}' is not a card name: lower-case letters, digits, dots, dashes; at most 59")
    refuse_elsewhere(name, recipe.parents)
    refuse_cycle(list_builds(engine), name, recipe.parents)
    if not order.force and find_build(engine, name) is None and find_revision(engine, name) is not None:
        raise BuildError(
            f"card '{name}' was loaded from a deck, not made from others; another name was meant, or it takes force"
        )


def _compared(
    engine: Engine, folder: Path, name: str, result: Result, at: int, progress: Progress
) -> tuple[Revision | None, Diff | None]:
    before = find_revision(engine, name)
    if before is not None and before.currency != result.terms.currency:
        return before, None
    try:
        present = SCHEMA.to_frame() if before is None else rules_of(engine, folder, before)
    except (CatalogueError, ArtifactError, OSError):
        return before, None
    return before, compare(present, result.rules, at, told(progress, "comparing"))


def _revision(name: str, recipe: Recipe, parents: list[Parent], result: Result, order: Order, digest: str) -> Revision:
    named = ", ".join(f"{parent.source.name} r{parent.revision.number}" for parent in parents)
    return Revision(
        card=name,
        number=0,
        digest=digest,
        source=f"{recipe.by} of {named}{'; margin plan' if recipe.margin else ''}"[:255],
        currency=result.terms.currency,
        rules=result.rules.height,
        refused=0,
        created=order.now,
        note=order.note[:255],
        terms=terms_text(result.terms),
    )


def _made(recipe: Recipe, parents: list[Parent], used: dict[str, str], at: int, until: int | None) -> Made:
    numbers = {parent.source.name: parent.revision.number for parent in parents}
    digests = {parent.source.name: parent.revision.digest for parent in parents}
    return Made(0, numbers, digests, used, digest_of_recipe(recipe.as_json()), at, until)


def _keep(engine: Engine, folder: Path, built: Built, recipe: Recipe, order: Order, artifact: bytes) -> Built:
    """
    The file, then the revision, which does not answer, then what it was made from and when it answers, in one.
    """
    revision, before = built.revision, built.before
    if order.unless_same and before is not None and before.digest == revision.digest:
        kept = replace(_numbered(built, before.number), revision=before)
    else:
        write_atomically(artifact_path(folder, revision.digest), artifact)
        revision, rows = with_rows(engine, folder, revision, built.source.rules)
        contents = {revision.digest: artifact, **rows}
        revision = add_revision(engine, revision, actor=order.actor, contents=contents)
        kept = replace(_numbered(built, revision.number), revision=revision, added=True)
    activate = order.activate and kept.added
    record_build(
        engine,
        revision.card,
        recipe.as_json(),
        kept.made,
        kind="customer" if recipe.margin is not None else "",
        activate=activate,
        at=order.at,
        actor=order.actor,
    )
    tidy(engine)
    return replace(kept, revision=replace(kept.revision, active=activate or not kept.added))


def _numbered(built: Built, number: int) -> Built:
    revision = replace(built.revision, number=number)
    return replace(built, revision=revision, made=replace(built.made, revision=number))


def _highest(engine: Engine, name: str) -> int:
    return max((revision.number for revision in list_revisions(engine, name)), default=0)
