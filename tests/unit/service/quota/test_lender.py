"""
One task asks Redis for all, rarely; a request waits a moment at most, and never for a Redis that is lost.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson
import pytest
from support.quota import Clock, plan

from service.quota.breaker import Breaker
from service.quota.lender import Lender
from service.quota.meter import ADMITTED, ASK, REFUSED, Meter, Mode
from service.quota.meters import Meters
from service.quota.plan import Plan
from service.quota.remote import StoreDown
from service.quota.worker import Backing

USED = 40


class Generous:
    """
    A store that grants what is asked; or does not answer, before or after it has done what was asked.
    """

    def __init__(self) -> None:
        self.down = ""
        self.sent: list[list[dict[str, Any]]] = []
        self.before: Callable[[], None] = lambda: None

    async def prepare(self) -> None:
        if self.down:
            raise StoreDown(self.down)

    async def exchange(self, bids: Sequence[tuple[str, bytes]]) -> list[bytes]:
        await asyncio.sleep(0)
        self.sent.append([orjson.loads(text) for _, text in bids])
        self.before()
        if self.down:
            raise StoreDown(self.down)
        return [orjson.dumps({"s": bid["s"], "l": _granted(bid["l"])}) for bid in self.sent[-1]]

    async def acquire(self, slots: Sequence[tuple[str, int]], request: str, ttl_ms: int) -> int:
        return 0

    async def release(self, keys: Sequence[str], request: str) -> None: ...

    async def forget(self) -> None: ...

    async def close(self) -> None: ...


def _granted(limits: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, limit in limits.items():
        grant = max(limit["w"] - limit["k"], limit["e"], 0)
        total = {"t": max(USED, limit["x"]) + limit["u"], "o": 0, "d": limit["d"]} if "d" in limit else {"l": 1.5}
        found[name] = {"g": grant} | total
    return found


class Desk:
    """
    A process with a generous store and clocks moved by hand; nothing runs but what the test says.
    """

    def __init__(self, workers: int = 1) -> None:
        self.clock = Clock()
        self.store = Generous()
        self.meters = Meters(workers, 0, Backing.REDIS, clock=self.clock.wall)
        breaker = Breaker(jitter=lambda _, most: most)
        self.lender = Lender(
            self.store, self.meters.worker, patience_s=5, breaker=breaker, clock_ns=lambda: self.clock.now_ns
        )

    def meter(self, given: Plan) -> Meter:
        return self.meters.of("p:1", given)

    def take(self, meter: Meter, count: int = 1) -> list[int]:
        return [meter.take("rate", self.clock.now_ns) for _ in range(count)]

    async def lend(self, *meters: Meter) -> None:
        waits = [asyncio.create_task(self.lender.lend(meter)) for meter in meters]
        await asyncio.sleep(0)
        await self.lender.exchange()
        await asyncio.gather(*waits)

    async def lose(self, reason: str = "no answer in time") -> None:
        self.store.down = reason
        meter = self.meters.of("p:other", plan(per_second=9))
        for _ in range(3):
            self.take(meter)
            self.meters.worker.enlist(meter)
            self.clock.pass_s(0.6)
            meter.lease.failed = False
            meter.lease.waiting = 1
            await self.lender.exchange()
        assert self.lender.state.word == "degraded"


def run(story: Callable[[Desk], Awaitable[None]], workers: int = 1) -> None:
    async def main() -> None:
        await story(Desk(workers))

    asyncio.run(main())


def test_a_request_without_tokens_waits_once_and_is_let_through() -> None:
    async def story(desk: Desk) -> None:
        meter = desk.meter(plan(per_second=100, per_day=1000))
        assert desk.take(meter) == [ASK]
        await desk.lend(meter)
        assert desk.take(meter, 5) == [ADMITTED] * 5
        assert meter.usage(desk.clock.now_s, desk.clock.now_ns)["limits"][1]["used"] == USED + 5

    run(story)


def test_all_who_wait_are_served_by_one_exchange() -> None:
    async def story(desk: Desk) -> None:
        one, other = desk.meter(plan(per_day=100)), desk.meters.of("s:1", plan(per_day=100))
        desk.take(one, 20)
        desk.take(other, 20)
        await desk.lend(*[one] * 20, *[other] * 20)
        assert len(desk.store.sent) == 1
        assert desk.take(one, 20) + desk.take(other, 20) == [ADMITTED] * 40

    run(story)


def test_what_is_lent_is_not_used_two_seconds_after_it_was_asked_for() -> None:
    async def story(desk: Desk) -> None:
        meter = desk.meter(plan(per_day=1000))
        desk.take(meter)
        await desk.lend(meter)
        desk.clock.pass_s(1.999)
        assert desk.take(meter) == [ADMITTED]
        desk.clock.pass_s(0.002)
        assert desk.take(meter) == [ASK]
        await desk.lend(meter)
        assert desk.store.sent[-1][0]["l"]["day"]["k"] == 0

    run(story)


def test_an_exchange_not_answered_is_repeated_as_it_was_and_what_came_since_is_told_after_it() -> None:
    async def story(desk: Desk) -> None:
        meter = desk.meter(plan(per_day=1000))
        desk.take(meter)
        await desk.lend(meter)
        desk.take(meter, 7)
        desk.clock.pass_s(1)
        desk.store.down = "no answer in time"
        await desk.lender.exchange()
        desk.take(meter, 5)
        desk.store.down = ""
        desk.clock.pass_s(0.5)
        await desk.lender.exchange()
        assert desk.store.sent[1] == desk.store.sent[2] == desk.store.sent[3]
        assert desk.store.sent[3][0]["l"]["day"]["u"] == 7
        desk.clock.pass_s(1)
        await desk.lender.exchange()
        assert (desk.store.sent[4][0]["s"], desk.store.sent[4][0]["l"]["day"]["u"]) == (3, 5)

    run(story)


def test_an_answer_missed_once_sends_nobody_on_by_a_share() -> None:
    """
    Seen to fail without the second question: where a plan of five was asked of four processes, six were let through.
    """

    async def story(desk: Desk) -> None:
        meter = desk.meter(plan(per_day=5))

        def come_back() -> None:
            desk.store.down = "no answer in time" if len(desk.store.sent) == 1 else ""

        desk.store.before = come_back
        assert desk.take(meter) == [ASK]
        await desk.lend(meter)
        assert desk.store.sent[0] == desk.store.sent[1]
        assert not meter.lease.failed
        assert desk.take(meter) == [ADMITTED]
        assert desk.lender.state.word == "up"

    run(story, workers=4)


def test_a_store_that_is_lost_is_asked_once_at_a_time() -> None:
    async def story(desk: Desk) -> None:
        await desk.lose()
        assert len(desk.store.sent) == 4

    run(story)


def test_an_answer_that_comes_late_grants_nothing() -> None:
    async def story(desk: Desk) -> None:
        meter = desk.meter(plan(per_day=1000))
        desk.store.before = lambda: desk.clock.pass_s(2)
        desk.take(meter)
        await desk.lend(meter)
        assert meter.gauges[0].held == 0
        assert desk.take(meter) != [ADMITTED]

    run(story)


def test_a_lost_redis_is_left_alone_and_nobody_waits_for_it() -> None:
    async def story(desk: Desk) -> None:
        await desk.lose()
        sent = len(desk.store.sent)
        meter = desk.meter(plan(per_second=10, per_day=100))
        assert desk.take(meter, 11) == [ADMITTED] * 10 + [REFUSED]
        assert meter.mode is Mode.SHARE
        await desk.lender.lend(meter)
        await desk.lender.exchange()
        assert len(desk.store.sent) == sent

    run(story)


def test_without_redis_a_process_has_its_share_of_what_it_last_heard_was_left() -> None:
    async def story(desk: Desk) -> None:
        meter = desk.meter(plan(per_day=1000))
        desk.take(meter)
        await desk.lend(meter)
        assert desk.take(meter, 10) == [ADMITTED] * 10
        await desk.lose()
        desk.clock.pass_s(2)
        share = (1000 - USED) // 4
        assert sum(taken == ADMITTED for taken in desk.take(meter, 1000)) == share - 10
        assert desk.take(desk.meters.of("p:2", plan(per_day=1000)), 251).count(ADMITTED) == 250

    run(story, workers=4)


def test_a_plan_changed_while_redis_lends_keeps_what_all_have_used() -> None:
    async def story(desk: Desk) -> None:
        meter = desk.meter(plan(per_day=1000))
        desk.take(meter)
        await desk.lend(meter)
        desk.take(meter, 5)
        desk.meter(plan(per_day=200))
        usage = meter.usage(desk.clock.now_s, desk.clock.now_ns)
        assert [(limit["limit"], limit["used"]) for limit in usage["limits"]] == [(200, USED + 5)]
        await desk.lose()
        desk.clock.pass_s(2)
        assert desk.take(meter, 200).count(ADMITTED) == 200 - USED - 5

    run(story)


def test_tokens_used_before_the_loss_count_in_the_share_of_the_second_it_happens_in() -> None:
    async def story(desk: Desk) -> None:
        meter = desk.meter(plan(per_second=100))
        desk.take(meter, 20)
        await desk.lend(*[meter] * 20)
        assert desk.take(meter, 20) == [ADMITTED] * 20
        meter.lease.failed = True
        assert desk.take(meter, 100).count(ADMITTED) == 100 // 4 - 20

    run(story, workers=4)


def test_after_the_loss_redis_learns_everything_that_was_let_through() -> None:
    async def story(desk: Desk) -> None:
        meter = desk.meter(plan(per_day=1000))
        desk.take(meter)
        await desk.lend(meter)
        desk.take(meter, 10)
        await desk.lose()
        desk.clock.pass_s(2)
        desk.take(meter, 30)
        desk.store.down = ""
        for _ in range(4):
            desk.clock.pass_s(1)
            await desk.lender.exchange()
        assert desk.lender.state.word == "up"
        mine = {bid["s"]: bid["l"]["day"]["u"] for sent in desk.store.sent for bid in sent if "day" in bid["l"]}
        assert sum(mine.values()) == 40
        assert meter.mode is Mode.REDIS

    run(story)


def test_an_answer_that_comes_late_does_not_divide_anew_what_was_left() -> None:
    async def story(desk: Desk) -> None:
        meter = desk.meter(plan(per_day=1000))
        desk.take(meter)
        await desk.lend(meter)
        assert desk.take(meter, 10) == [ADMITTED] * 10
        desk.store.down = "no answer in time"
        desk.clock.pass_s(1)
        await desk.lender.exchange()
        desk.clock.pass_s(2)
        assert desk.take(meter, 1000).count(ADMITTED) == (1000 - USED) // 4 - 10
        desk.store.down = ""
        await desk.lender.exchange()
        assert meter.mode is Mode.SHARE
        assert desk.take(meter, 1000).count(ADMITTED) == 0

    run(story, workers=4)


def test_after_a_loss_a_process_tells_everything_before_it_asks_for_more() -> None:
    async def story(desk: Desk) -> None:
        meter = desk.meter(plan(per_day=1000))
        desk.take(meter)
        await desk.lend(meter)
        desk.take(meter, 10)
        desk.clock.pass_s(1)
        desk.store.down = "no answer in time"
        await desk.lender.exchange()
        assert desk.take(meter, 1000).count(ADMITTED) == (1000 - USED) // 4 - 10
        desk.store.down = ""
        modes, asked = [], []
        for _ in range(3):
            desk.clock.pass_s(0.5)
            await desk.lender.exchange()
            modes.append(meter.mode)
            asked.append(desk.store.sent[-1][0]["l"]["day"])
            desk.take(meter, 5)
        assert modes == [Mode.SHARE, Mode.SHARE, Mode.REDIS]
        assert [day["u"] for day in asked] == [10, 230, 0]
        assert (asked[1]["w"], asked[1]["e"]) == (0, 0)
        assert asked[2]["w"] > 0

    run(story, workers=4)


def test_the_breaker_waits_longer_each_time_and_a_quiet_process_notices_the_return() -> None:
    async def story(desk: Desk) -> None:
        await desk.lose()
        desk.meters.worker.active.clear()
        desk.store.down = ""
        await desk.lender.exchange()
        assert desk.lender.state.word == "degraded"
        desk.clock.pass_s(0.5)
        await desk.lender.exchange()
        assert desk.lender.state.word == "up"

    run(story)


def test_a_process_that_nobody_asks_notices_the_loss_and_the_return_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Seen to fail with nothing sent while there is nothing to ask: the process said for ever that all was well.
    """
    monkeypatch.setattr("service.quota.lender.HEARTBEAT_S", 0.01)
    monkeypatch.setattr("service.quota.lender.TICK_S", 0.01)

    async def story(desk: Desk) -> None:
        running = asyncio.create_task(desk.lender.run())
        await asyncio.sleep(0.005)
        for down, word in (("no answer in time", "degraded"), ("", "up")):
            desk.store.down = down
            for _ in range(500):
                desk.clock.pass_s(0.1)
                await asyncio.sleep(0.01)
                if desk.lender.state.word == word:
                    break
            assert desk.lender.state.word == word
        assert desk.store.sent == []
        running.cancel()

    run(story)


def test_a_change_of_state_is_logged_once_and_says_why(caplog: pytest.LogCaptureFixture) -> None:
    async def story(desk: Desk) -> None:
        await desk.lose("read-only replica")
        for _ in range(20):
            desk.clock.pass_s(3)
            await desk.lender.exchange()
        assert (desk.lender.state.word, desk.lender.state.reason) == ("degraded", "read-only replica")
        desk.store.down = ""
        desk.clock.pass_s(5)
        await desk.lender.exchange()

    with caplog.at_level(logging.INFO, "ratedip.quota"):
        run(story)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "read-only replica" in caplog.text


@pytest.mark.parametrize("rate", [1, 30, 500])
def test_an_account_in_use_is_asked_for_at_most_twice_a_second_and_an_idle_one_never(rate: int) -> None:
    async def story(desk: Desk) -> None:
        meter = desk.meter(plan(per_second=1000, per_day=10**6))
        for step in range(10 * 20):
            desk.clock.pass_s(0.05)
            asked = [taken for taken in desk.take(meter, rate // 20 if rate >= 20 else step % 20 == 0) if taken == ASK]
            await (desk.lend(meter) if asked else desk.lender.exchange())
        assert len(desk.store.sent) <= 2 * 10 + 3
        for _ in range(40):
            desk.clock.pass_s(0.1)
            await desk.lender.exchange()
        assert not desk.meters.worker.active
        assert desk.store.sent[-1][0]["l"]["day"]["k"] == 0

    run(story)


def test_a_process_that_stops_gives_back_what_it_holds() -> None:
    async def story(desk: Desk) -> None:
        meter = desk.meter(plan(per_day=1000))
        desk.take(meter)
        await desk.lend(meter)
        desk.take(meter, 3)
        await desk.lender.close()
        told = [bid["l"]["day"] for sent in desk.store.sent for bid in sent]
        assert sum(day["u"] for day in told) == 3
        assert (told[-1]["k"], told[-1]["w"]) == (0, 0)

    run(story)


def test_a_request_that_is_not_answered_in_time_goes_on_by_the_share() -> None:
    async def story(desk: Desk) -> None:
        meter = desk.meter(plan(per_second=100))
        lender = Lender(desk.store, desk.meters.worker, patience_s=0, clock_ns=lambda: desk.clock.now_ns)
        assert desk.take(meter) == [ASK]
        await lender.lend(meter)
        assert desk.take(meter) == [ADMITTED]
        assert meter.mode is Mode.SHARE

    run(story)
