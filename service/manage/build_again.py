"""
Derived cards made again, where they are no longer what they are made from.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Engine

from service.manage.build_parents import Parent
from service.manage.build_recipe import BuildError, Recipe
from service.manage.build_stale import instant_of, living, reasons_of
from service.manage.builds import Built, Order, make_build
from service.manage.cards import Progress
from service.store.audit import SYSTEM, list_changes, record
from service.store.builds import Build
from service.store.catalogue import CatalogueError, active_revisions
from service.store.database import changing
from service.store.schedule import planned

FAILED = "card.build.fail"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """
    What became of a stale card.

    Attributes:
        built: as it was made, or in a dry run would be; None: it could not.
        error: why it could not.
    """

    card: str
    reasons: tuple[str, ...]
    built: Built | None = None
    error: str | None = None


def rebuild(
    engine: Engine,
    folder: Path,
    names: Collection[str] | None,
    progress: Progress,
    *,
    now: int | None = None,
    dry_run: bool = False,
    actor: str = SYSTEM,
    automatic: bool = False,
) -> list[Rebuilt]:
    """
    Make stale cards again, parents before what is made from them; one that cannot be made does not stop the others.

    A card that answers goes on answering with what was made; one that does not only gets a revision.

    Args:
        engine: the store.
        folder: of the compiled cards.
        names: of cards, which are made again with the stale ones beneath them; None: all.
        progress: told of each step.
        now: unix seconds; None: those of the clock.
        dry_run: change nothing, only say what would.
        actor: who asks.
        automatic: only those to be made without anybody asking.

    Raises:
        CatalogueError: a card is not derived.
    """
    order = Order(dry_run=dry_run, unless_same=True, cautious=automatic, actor=actor, note="made again")
    done: list[Rebuilt] = []
    for build in _wanted(living(engine), names):
        order = replace(order, now=instant_of(now))  # what was made a moment ago answers since then
        reasons = reasons_of(engine, build, order.now)
        reasons += tuple(f"card '{name}' would be made again" for name in build.parents if name in order.instead)
        if reasons and (build.automatic or not automatic):
            done.append(_make_again(engine, folder, build, reasons, progress, order))
            order = replace(order, instead={**order.instead, **_as_it_would_be(done[-1], order)})
    return done


def rebuild_automatic(engine: Engine, folder: Path, progress: Progress, *, now: int | None = None) -> list[Rebuilt]:
    """
    Make those stale cards again that are to be without anybody asking.

    One that would leap from what answers is left to people. A failure is in the audit, once for each reason.
    """
    return rebuild(engine, folder, None, progress, now=now, automatic=True)


def _wanted(builds: list[Build], names: Collection[str] | None) -> list[Build]:
    """
    The cards named and what they are made from.
    """
    if names is None:
        return builds
    by_name = {build.card: build for build in builds}
    for name in names:
        if name not in by_name:
            raise CatalogueError(f"card '{name}' is not made from others")
    wanted = set(names)
    for build in reversed(builds):
        if build.card in wanted:
            wanted |= set(build.parents)
    return [build for build in builds if build.card in wanted]


def _make_again(
    engine: Engine, folder: Path, build: Build, reasons: tuple[str, ...], progress: Progress, order: Order
) -> Rebuilt:
    try:
        _refuse_planned(engine, build, order.now)
        answers = bool(active_revisions(engine, build.card))
        recipe = Recipe.from_json(build.recipe)
        built = make_build(engine, folder, build.card, recipe, progress, replace(order, activate=answers))
    except CatalogueError as error:
        if not order.dry_run:
            _note_failure(engine, build.card, str(error), order.actor)
        return Rebuilt(build.card, reasons, error=str(error))
    return Rebuilt(build.card, reasons, built)


def _refuse_planned(engine: Engine, build: Build, now: int) -> None:
    """
    What was made before and is planned would take over from what is made now.
    """
    for plan in planned(engine, build.card, now):
        when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(plan.at))
        raise BuildError(f"revision {plan.revision} of card '{build.card}' is planned for {when}; cancel that first")


def _as_it_would_be(rebuilt: Rebuilt, order: Order) -> dict[str, Parent]:
    built = rebuilt.built
    if not order.dry_run or built is None or (built.before and built.before.digest == built.revision.digest):
        return {}
    return {rebuilt.card: Parent(built.revision, built.source)}


def _note_failure(engine: Engine, card: str, reason: str, actor: str) -> None:
    """
    Once, however often it is tried again.
    """
    last = next(iter(list_changes(engine, f"card {card}", 1)), None)
    if last is not None and (last.action, last.detail.get("reason")) == (FAILED, reason):
        return
    with changing(engine) as connection:
        record(connection, actor, FAILED, f"card {card}", reason=reason)
