"""
How far quotas are off, by how much a process is lent at a time: simulated, on a clock of its own.

Run alone: ``python -m bench.quota_error``. Meters and lenders are the service's, and so is the script that Redis runs,
but for its clock: a redis-server of the run's own executes it with the time of the simulation. Requests of one account
come at random from a seed, spread over the processes, until half as many again as its limit a day have come.
"""

from __future__ import annotations

import asyncio
import logging
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

from redis import Redis

from bench import leases
from service.quota.gcra import NS
from service.quota.lender import Lender
from service.quota.meter import ADMITTED, ASK, Meter
from service.quota.meters import Meters
from service.quota.plan import Limits, Plan
from service.quota.redis_store import _SCRIPTS
from service.quota.remote import StoreDown, key_of
from service.quota.worker import Backing, Worker

LIMIT: Final = 10_000
REQUESTS_PER_S: Final = 500
STEP_S: Final = 0.05
FRACTIONS: Final = (0.02, 0.05, 0.1, 0.2, 0.5)
"""Of the limit that all processes hold together at least; the service's is a tenth."""
PROCESSES: Final = (2, 8, 32)
SEEDS: Final = (1, 2, 3, 4, 5)
UP, FORGETS, LOST = "Redis up", "Redis forgets all", "Redis is lost"
PICTURE: Final = Path(__file__).resolve().parents[1] / "docs" / "quota-error.svg"


class Lent(Worker):
    """
    A process that holds another part of a limit than the service's do.
    """

    __slots__ = ("fraction",)
    fraction: float

    def block(self, amount: int) -> int:
        return max(1, round(amount * self.fraction / self.count))


class Script:
    """
    A store that runs the service's script with the simulation's clock.
    """

    def __init__(self, redis: Redis) -> None:
        text = _SCRIPTS["exchange"].decode()
        assert text.count("redis.call('TIME')") == 1  # noqa: S101 - otherwise the clock would be the machine's
        self._redis = redis
        self._run: Any = redis.register_script(text.replace("redis.call('TIME')", "{ARGV[2], ARGV[3]}"))
        self.now_s = 1_800_000_000.0
        self.is_lost = False

    async def prepare(self) -> None:
        self._check()

    async def exchange(self, bids: Sequence[tuple[str, bytes]]) -> list[bytes]:
        self._check()
        second, micros = divmod(round(self.now_s * 1_000_000), 1_000_000)
        return [self._run([key_of(meter, "quota")], [text, second, micros]) for meter, text in bids]

    async def acquire(self, slots: Sequence[tuple[str, int]], request: str, ttl_ms: int) -> int:
        raise NotImplementedError

    async def release(self, keys: Sequence[str], request: str) -> None:
        raise NotImplementedError

    async def forget(self) -> None: ...

    async def close(self) -> None: ...

    def forget_all(self) -> None:
        self._redis.flushdb()

    def _check(self) -> None:
        if self.is_lost:
            raise StoreDown("is lost")


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    Attributes:
        early_percent: of the limit, unused when a request was first refused.
        over_percent: of the limit, let through beyond it; negative: never let through.
    """

    what: str
    processes: int
    fraction: float
    early_percent: float
    over_percent: float


@dataclass(slots=True)
class Process:
    meter: Meter
    lender: Lender

    async def take(self, now_ns: int) -> bool:
        """
        As a request does it.
        """
        taken = self.meter.take("rate", now_ns)
        if taken == ASK and self.meter.worker.up:
            self.meter.worker.enlist(self.meter)
            await self.lender.exchange()
            taken = self.meter.take("rate", now_ns)
        return taken == ADMITTED


async def simulate(redis: Redis, what: str, count: int, fraction: float, seed: int) -> Outcome:
    """
    Let an account use up its day, and half as much again.

    Args:
        what: happens when a part of the limit is used that the seed draws, three to eight tenths.
        count: processes.
        fraction: of the limit that is lent at a time, to all of them together.
    """
    redis.flushdb()
    store, rng, start_s = Script(redis), random.Random(seed), 1_800_000_000.0
    processes = [_process(store, count, index, fraction) for index in range(count)]
    asked = admitted = refused_at = 0
    turn, has_forgotten = LIMIT * rng.uniform(0.3, 0.8), False
    while asked < LIMIT * 3 // 2:
        store.now_s += STEP_S
        now_ns = round((store.now_s - start_s) * NS) + NS * 1000
        for _ in range(_arrivals(rng)):
            asked += 1
            is_admitted = await rng.choice(processes).take(now_ns)
            admitted += is_admitted
            refused_at = refused_at or (0 if is_admitted else admitted)
        store.is_lost = what is LOST and admitted >= turn
        if what is FORGETS and admitted >= turn and not has_forgotten:
            has_forgotten = True
            store.forget_all()
        for one in processes:
            await one.lender.exchange()
    over = 100 * (admitted - LIMIT) / LIMIT
    return Outcome(what, count, fraction, 100 * max(0, LIMIT - refused_at) / LIMIT, over)


def _process(store: Script, count: int, index: int, fraction: float) -> Process:
    meters = Meters(count, index, Backing.REDIS)
    worker = Lent(count, index, Backing.REDIS, lambda: store.now_s)
    worker.fraction = fraction
    meters.worker = worker
    clock_ns = lambda: round((store.now_s - 1_800_000_000.0) * NS) + NS * 1000  # noqa: E731
    return Process(meters.of("p:account", Plan(Limits(per_day=LIMIT))), Lender(store, worker, clock_ns=clock_ns))


def _arrivals(rng: random.Random) -> int:
    """
    Requests of one step: exponential gaps.
    """
    count, at = 0, rng.expovariate(REQUESTS_PER_S)
    while at < STEP_S:
        count, at = count + 1, at + rng.expovariate(REQUESTS_PER_S)
    return count


def all_outcomes(redis: Redis) -> Iterator[Outcome]:
    """
    Every case, the worst over the seeds of both figures.
    """
    for what, count, fraction in product((UP, FORGETS, LOST), PROCESSES, FRACTIONS):
        runs = [asyncio.run(simulate(redis, what, count, fraction, seed)) for seed in SEEDS]
        early, over = max(run.early_percent for run in runs), max(run.over_percent for run in runs)
        yield Outcome(what, count, fraction, early, over)


def main() -> None:
    """
    Simulate, print the table, draw the picture.
    """
    logging.getLogger("ratedip.quota").setLevel(logging.ERROR)  # which is told of each Redis that is lost
    with tempfile.TemporaryDirectory() as folder, leases._redis(Path(folder)) as port:  # noqa: SLF001
        found = list(all_outcomes(Redis(port=port)))
    for one in found:
        print(
            f"{one.what:<18} {one.processes:>3} processes {one.fraction:>5.0%} lent: "
            f"first refused at {one.early_percent:>5.2f} % left, let through {one.over_percent:+.2f} %"
        )
    from bench.plot_quota import draw  # noqa: PLC0415 - who only simulates needs nothing that draws

    draw(found, PICTURE)


if __name__ == "__main__":
    main()
