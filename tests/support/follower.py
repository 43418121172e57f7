"""
A serving process without its server: what the store says, followed by a clock that stands until it is moved.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from sqlalchemy import Engine

from ratecards.model import Rule
from service.lookups.ready import rate_json
from service.ops.reload import Follower, load_snapshot
from service.snapshot import Desk, Snapshot
from support.patience import FAIL_SAFE_S
from support.revisions import load

NUMBER = "441132456789"


class Node:
    """
    A serving process: its own folder, and a clock that stands until it is moved.

    Attributes:
        start: unix seconds from which its clock counts: some time after the test began, so that what is said while
            that clock stands has been said by then, however long it takes.
        now: seconds since then.
        skew: by how many seconds its clock is ahead.
    """

    def __init__(self, engine: Engine, folder: Path, skew: float = 0.0, start: int | None = None) -> None:
        self.engine = engine
        self.folder = folder
        self.start = start or int(time.time() + FAIL_SAFE_S)
        self.now = 0.0
        self.skew = skew
        self.desk = Desk(clock=lambda: self.start + self.now + self.skew)
        self.desk.snapshot = load_snapshot(engine, folder, Snapshot(), at=self.desk.clock())
        self.follower = Follower(self.desk, engine, folder)

    def units(self, card: str = "c") -> int | None:
        """
        The price of a call to +44 now, as a kept answer has it.
        """
        live = self.desk.snapshot.cards.get(card)
        answer = None if live is None else rate_json(live, NUMBER, self.desk.clock())
        return None if answer is None else int(json.loads(answer)["rate"].removeprefix("0.").lstrip("0"))

    async def at(self, now: float) -> int | None:
        """
        Move the clock, look as the follower does, and ask.
        """
        self.now = now
        self.follower.turn()
        await self.follower.look()
        await self.follower.prepared()
        return self.units()


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def told() -> None:
        await story()

    asyncio.run(told())


def plan(node: Node, units: int, after: int, name: str = "c") -> int:
    """
    Load a revision with a price, to answer so many seconds after the start.
    """
    return load(node.engine, node.folder, name, [Rule("44", "UK", units)], at=node.start + after).number


async def sees(node: Node, prices: dict[int, int]) -> None:
    for now, units in prices.items():
        assert await node.at(now) == units, now
