"""
Cards made from others: how, and from what they were last made.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from graphlib import TopologicalSorter
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, delete, select, update

from service.store.audit import SYSTEM, record
from service.store.catalogue import CatalogueError, put_activation
from service.store.database import changing
from service.store.files import sha256
from service.store.tables import builds, cards


@dataclass(frozen=True, slots=True)
class Made:
    """
    What a card was last made from.

    Attributes:
        revision: number of what was made.
        parents: card to the number of its revision; ``digests``: to what names that one's compiled card.
        exchange: ``EUR>USD`` to what one EUR was in USD, as an exact fraction.
        recipe: SHA-256 of how it was made.
        at: unix seconds it was made for.
        until: unix second at which a dated rule of a parent changes the result; None: none is dated.
    """

    revision: int
    parents: Mapping[str, int]
    digests: Mapping[str, str]
    exchange: Mapping[str, str] = field(default_factory=dict)
    recipe: str = ""
    at: int = 0
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Build:
    """
    A derived card.

    Attributes:
        recipe: how it is made, as :class:`service.manage.build_recipe.Recipe` writes it.
        automatic: it is made again without anybody asking.
    """

    card: str
    recipe: dict[str, Any]
    made: Made
    automatic: bool
    archived: int | None = None

    @property
    def parents(self) -> list[str]:
        """
        The cards it is made from.
        """
        return list(self.recipe["parents"])


def digest_of_recipe(recipe: dict[str, Any]) -> str:
    """
    SHA-256 of all in a recipe that the result depends on.
    """
    matters = {name: value for name, value in recipe.items() if name != "automatic"}
    return sha256(orjson.dumps(matters, option=orjson.OPT_SORT_KEYS))


def list_builds(engine: Engine) -> list[Build]:
    """
    Every derived card, parents before what is made from them.
    """
    with engine.connect() as connection:
        return _in_order(_builds(connection))


def find_build(engine: Engine, card: str) -> Build | None:
    """
    How a card is made; None: it is not derived.
    """
    return next((build for build in list_builds(engine) if build.card == card), None)


def refuse_cycle(known: Iterable[Build], card: str, parents: Iterable[str]) -> None:
    """
    Refuse parents that are the card itself, or made from it.

    Raises:
        CatalogueError: naming the cards on the way from it back to it.
    """
    graph = {build.card: build.parents for build in known} | {card: list(parents)}
    ways = [[card, parent] for parent in graph[card]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        if way[-1] == card:
            raise CatalogueError(f"card '{card}' would be made from itself: {' from '.join(way)}")
        if way[-1] not in seen:
            seen.add(way[-1])
            ways += [[*way, parent] for parent in graph.get(way[-1], ())]


def record_build(
    engine: Engine,
    card: str,
    recipe: dict[str, Any],
    made: Made,
    *,
    kind: str = "",
    activate: bool = False,
    at: int | None = None,
    actor: str = SYSTEM,
) -> None:
    """
    Note what a revision was made from, and let it answer: both, or neither.

    Args:
        engine: the store.
        card: that has the revision already.
        recipe: as in :class:`Build`.
        made: from what.
        kind: of the card, where nobody has said it.
        activate: let it answer from now on.
        at: unix seconds from which it answers; None: not by itself.
        actor: who makes it.

    Raises:
        CatalogueError: a parent has meanwhile come to be made from the card.
    """
    with changing(engine) as connection:
        refuse_cycle(_builds(connection), card, recipe["parents"])
        card_id = _id(connection, card)
        _put(connection, card_id, recipe, made)
        told = {"revision": made.revision, "parents": dict(made.parents), "until": made.until, "recipe": recipe}
        record(connection, actor, "card.build", f"card {card}", **told)
        unsaid = update(cards).where(cards.c.id == card_id, cards.c.kind == "")
        connection.execute(unsaid.values(kind=kind))
        if activate or at is not None:
            put_activation(connection, card, card_id, made.revision, None if activate else at, actor)


def change_recipe(engine: Engine, card: str, recipe: dict[str, Any], actor: str = SYSTEM) -> None:
    """
    Say how a derived card is made from now on; it is stale until it is made so.

    Raises:
        CatalogueError: it is not derived, or would be made from itself.
    """
    with changing(engine) as connection:
        known = _builds(connection)
        build = next((build for build in known if build.card == card), None)
        if build is None:
            raise CatalogueError(f"card '{card}' is not made from others")
        refuse_cycle(known, card, recipe["parents"])
        _put(connection, _id(connection, card), recipe, build.made)
        record(connection, actor, "card.recipe", f"card {card}", recipe=recipe)


def _put(connection: Connection, card_id: int, recipe: dict[str, Any], made: Made) -> None:
    values = {"recipe": orjson.dumps(recipe).decode(), "parents": orjson.dumps(asdict(made)).decode()}
    connection.execute(delete(builds).where(builds.c.card_id == card_id))
    connection.execute(builds.insert().values(card_id=card_id, automatic=recipe.get("automatic", False), **values))


def _builds(connection: Connection) -> list[Build]:
    columns = (cards.c.name, cards.c.archived, builds.c.recipe, builds.c.parents, builds.c.automatic)
    rows = connection.execute(select(*columns).join_from(builds, cards)).all()
    return [
        Build(row.name, orjson.loads(row.recipe), Made(**orjson.loads(row.parents)), bool(row.automatic), row.archived)
        for row in rows
    ]


def _in_order(found: list[Build]) -> list[Build]:
    by_name = {build.card: build for build in sorted(found, key=lambda build: build.card)}
    order = TopologicalSorter({name: build.parents for name, build in by_name.items()}).static_order()
    return [by_name[name] for name in order if name in by_name]


def _id(connection: Connection, card: str) -> int:
    card_id = connection.scalar(select(cards.c.id).where(cards.c.name == card))
    if card_id is None:
        raise CatalogueError(f"no card '{card}'")
    return int(card_id)
