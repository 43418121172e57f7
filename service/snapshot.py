"""
All that a request may read. A snapshot is never changed, only replaced by one assignment.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from ratecards.index import CardIndex
from ratecards.jurisdiction import Places
from ratecards.lcr import Behind, Router
from ratecards.recent import Recent
from service.access.account import TEST, split_qualified
from service.access.directory import Directory
from service.access.identify import Door
from service.dips.dips import Dips
from service.heard import Heard
from service.quota.lender import State
from service.quota.meter import Meter
from service.quota.meters import Meters
from service.store.routings import Routing
from service.watch.seen import Seen

MAX_RENDERED = 100_000
"""Answers of one card kept rendered by prefix, about 400 bytes each, and as many by head, 100; full, the oldest go."""
MAX_NAMED = 65_536
"""Prefixes of carriers' cards kept written with their names, about 300 bytes each, for one customer's card."""


Rendered = tuple[int, int, bytes, int, int, int, int]
"""
What the answers to all numbers with one longest prefix have in common: the unix second from which it holds; the one
from which it no longer does; the JSON from behind the digits of the number to the end; rate and connect fee in units;
first and further increments in seconds.

A plain tuple of plain values, because the garbage collector then has nothing to follow: of a million objects it would
pause for tens of milliseconds.
"""


class LiveCard:
    """
    A card that answers: which revision it is, its index, and the answers rendered so far.

    Attributes:
        until: unix seconds at which another revision takes over; None: none is planned.
        start: how what follows the number begins in every answer.
        terms: by what rules share, the parts of an answer that say it.
        rendered: by longest prefix.
        by_head: the same by the first digits of the number, where those settle the longest prefix.

    """

    __slots__ = ("by_head", "index", "name", "rendered", "revision", "start", "terms", "until")

    def __init__(self, name: str, revision: int, index: CardIndex, until: int | None = None) -> None:
        self.name = name
        self.revision = revision
        self.index = index
        self.until = until
        self.start = b'","card":%b,"revision":%d,"prefix":"' % (orjson.dumps(name), revision)
        self.terms: dict[int, tuple[bytes, bytes]] = {}
        self.rendered: dict[str, Rendered] = {}
        self.by_head: dict[str, Rendered] = {}

    def changing_at(self, until: int | None) -> "LiveCard":
        """
        The same card, now that another revision is planned, or is no longer.
        """
        return LiveCard(self.name, self.revision, self.index, until)


class LiveRoutes:
    """
    The carriers behind a customer's card that answers.

    Attributes:
        routing: what staff said of them.
        router: finds the routes among them.
        names: of their cards, as credentials know them, by the names the store has.
        revisions: of their cards, by the names the store has.
        missing: names of cards that should be among them and do not answer.
        until: unix seconds at which one of the cards is replaced; None: none is planned to be.
        made_from: all that it depends on.
        joint: index of all or some of their cards; None: each is looked up by itself.
        joinable: digests of the cards that belong into one.
        named: prefixes of carriers' cards with their names, as JSON, by seat and prefix.
    """

    __slots__ = (
        "joinable", "joint", "made_from", "missing", "named", "names", "revisions", "router", "routing", "until",
    )  # fmt: skip

    def __init__(
        self, routing: Routing, behind: Behind, revisions: dict[str, int], missing: tuple[str, ...], until: int | None
    ) -> None:
        self.routing = routing
        self.router = Router(behind)
        self.names = {card: split_qualified(card)[1] for card in revisions}
        self.revisions = revisions
        self.missing = tuple(split_qualified(card)[1] for card in missing)
        self.until = until
        self.made_from: tuple[object, ...] = ()
        self.joint = behind.joint
        self.joinable: frozenset[str] = frozenset()
        self.named: Recent[tuple[int, str], bytes] = Recent(MAX_NAMED)


@dataclass(frozen=True, slots=True)
class Loaded:
    """
    A file of numbers that answers.

    Attributes:
        name: as credentials of its environment know it.
        kind: what it holds, as :mod:`service.ops.kinds` names it.
        loaded_at: unix seconds.
        rows: numbers or ranges it holds.
        data: what the kind's file was opened as.
        digest: names its file.
    """

    name: str
    kind: str
    environment: str
    revision: int
    loaded_at: int
    rows: int
    data: Any
    digest: str = ""


def nobody() -> Directory:
    """
    Before anything was read: nobody may ask.
    """
    return Directory((), (), {}, "", Meters(1))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    Attributes:
        access: who may ask.
        cards: of production, by name.
        sandbox: cards of the sandbox, by name.
        routes: what stands behind customer cards, by qualified name.
        broken: cards that should answer but whose file cannot be opened, by qualified name, and why; files of numbers
            likewise, as ``set <kind> <qualified name>``.
        generation: of the store, when this was read.
        until: unix seconds at which some card changes; None: nothing is planned.
        loaded: files of numbers, by qualified name, in the order of their names.

    """

    access: Directory = field(default_factory=nobody)
    cards: dict[str, LiveCard] = field(default_factory=dict)
    sandbox: dict[str, LiveCard] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    places: Places | None = None
    places_digest: str = ""
    generation: int = 0
    until: int | None = None
    routes: dict[str, LiveRoutes] = field(default_factory=dict)
    loaded: Mapping[str, Loaded] = field(default_factory=dict)

    def cards_of(self, environment: str) -> dict[str, LiveCard]:
        return self.sandbox if environment == TEST else self.cards


async def _nothing_to_lend(_meter: Meter) -> None:
    """
    Where limits are kept by this process alone.
    """


@dataclass(frozen=True, slots=True)
class Crowd:
    """
    Connections of this process, at the last sweep.

    Attributes:
        slow: of them, those that hold a request back, an answer up, or have never asked anything.
    """

    open: int = 0
    slow: int = 0


@dataclass(slots=True)
class Desk:
    """
    What one serving process works with: the snapshot of the moment, who is let in, and the time.

    Attributes:
        clock: unix seconds, with their fraction.
        limits: how Redis is; None: there is none to be.
        lend: waits, some 60 ms at most, until a meter has been lent what it needs or it is known that it cannot.
        draining: no new work is wanted.
        heard: what the network answered of late, as far as this process has read.
        dips: who else is asked about numbers, by kind of question.
        https_only: who asks in the clear is refused, unless a proxy that is believed was asked over TLS.
        maintenance: slow services are not to be used now.
        store_away: since when the store has not answered, unix seconds; None: it does.
        seen: what this process has answered; None: nobody wants to know.
        run: folder where the processes of the node tell that; None: they do not.
        logs: decisions are told there too.
        admin_port: where it is told outside.

    """

    snapshot: Snapshot = field(default_factory=Snapshot)
    door: Door = field(default_factory=Door)
    clock: Callable[[], float] = time.time
    lend: Callable[[Meter], Awaitable[None]] = _nothing_to_lend
    limits: Callable[[], State | None] = lambda: None
    draining: bool = False
    heard: Heard = field(default_factory=Heard)
    dips: Mapping[str, Dips] = field(default_factory=dict)
    crowd: Crowd = field(default_factory=Crowd)
    https_only: bool = False
    maintenance: Callable[[], bool] = lambda: False
    store_away: int | None = None
    seen: Seen | None = None
    run: Path | None = None
    logs: bool = False
    admin_port: int = 0
