"""
What a process publishes of itself each second.
"""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import create_engine
from support.inside import guest_desk

from service.http.overload import Load
from service.http.respond import Head, respond
from service.ops.publish import Publisher
from service.quota.plan import Limits, Plan
from service.snapshot import Desk
from service.watch.decision import unpack
from service.watch.exposition import write_metrics
from service.watch.run import Place, read_rings, read_samples
from service.watch.sample import join_samples
from service.watch.seen import Seen


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path / "run", 64)
    yield made
    made.leave()


def publisher(place: Place, kept: int = 1024, one_in: int = 1) -> Publisher:
    desk = guest_desk()
    desk.seen = Seen(kept)
    return Publisher(desk, desk.seen, place, Load(), create_engine("sqlite://"), one_in)


def ask(desk: Desk, number: int) -> None:
    respond(desk, b"GET", b"/api/rate.json?number=44113%07d" % number, Head())


def publish(one: Publisher) -> dict[str, float]:
    """
    Values of what has no labels, as the metrics have it afterwards.
    """
    asyncio.run(one.publish())
    text = write_metrics(join_samples("node", *read_samples(one.place.folder))).decode()
    return {
        row.name: row.value
        for family in text_string_to_metric_families(text)
        for row in family.samples
        if not row.labels
    }


def logged(one: Publisher) -> list[str]:
    (records,) = read_rings(one.place.folder).values()
    return [decision.number[5:] for decision in unpack(records)]


def test_decisions_are_in_the_log_once_each_in_their_order(place: Place) -> None:
    one = publisher(place)
    for number in range(5):
        ask(one.desk, number)
    publish(one)
    ask(one.desk, 5)
    publish(one)
    publish(one)
    assert logged(one) == [f"{number:07d}" for number in range(6)]


@pytest.mark.parametrize("bursts", [(10,), (3, 3, 3, 1), (1,) * 10])
def test_of_so_many_decisions_one_is_logged_however_they_come(place: Place, bursts: tuple[int, ...]) -> None:
    one, number, figures = publisher(place, one_in=3), 0, {}
    for burst in bursts:
        for _ in range(burst):
            ask(one.desk, number)
            number += 1
        figures = publish(one)
    assert logged(one) == ["0000002", "0000005", "0000008"]
    assert figures["ratedip_decisions_unlogged_total"] == 7


def test_what_the_log_could_not_keep_is_counted(place: Place) -> None:
    one = publisher(place, kept=4)
    for number in range(10):
        ask(one.desk, number)
    assert publish(one)["ratedip_decisions_unlogged_total"] == 6
    assert logged(one) == [f"{number:07d}" for number in range(6, 10)]


def test_a_log_that_is_off_keeps_nothing(place: Place) -> None:
    one = publisher(place, kept=0, one_in=0)
    ask(one.desk, 1)
    publish(one)
    assert logged(one) == []


def test_what_an_account_used_is_told_without_settling_it(place: Place) -> None:
    one = publisher(place)
    guest = one.desk.door.anonymous
    assert guest is not None
    guest.meter.change(Plan(Limits(per_day=100)))
    for _ in range(7):
        guest.meter.take("rate", time.monotonic_ns())
    asyncio.run(one.publish())
    series = join_samples("node", *read_samples(place.folder)).series
    assert series["ratedip_account_requests"] == {("guest", "live", "admitted"): 7}
    assert series["ratedip_quota_limit"] == {("guest", "live", "", "day"): 100}
    assert series["ratedip_quota_used"] == {("guest", "live", "", "day"): 7}
    assert guest.meter.usage(one.desk.clock())["limits"][0]["used"] == 7


def test_a_worst_delay_is_told_once(place: Place) -> None:
    one = publisher(place)
    one.seen.note_lag(30_000_000)
    assert publish(one)["ratedip_loop_lag_worst_seconds"] == 0.03
    assert publish(one)["ratedip_loop_lag_worst_seconds"] == 0
