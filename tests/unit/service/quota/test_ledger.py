"""
Without Redis, totals outlive a restart and processes learn of each other's use.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence

from support.quota import Clock, plan

from service.quota.ledger import Bookkeeper, Entry
from service.quota.meter import ADMITTED, Meter
from service.quota.meters import Meters
from service.quota.remote import StoreDown
from service.quota.worker import Backing


class Book:
    def __init__(self) -> None:
        self.used: dict[tuple[str, str, int], int] = {}
        self.lost_add = self.lost_load = False

    def load(self, keys: Collection[str]) -> Iterable[Entry]:
        if self.lost_load:
            raise StoreDown("locked")
        return [Entry(*row, used) for row, used in self.used.items() if row[0] in keys]

    def add(self, entries: Sequence[Entry]) -> None:
        if self.lost_add:
            raise StoreDown("locked")
        for key, limit, window, used in entries:
            self.used[key, limit, window] = self.used.get((key, limit, window), 0) + used


class Process:
    def __init__(self, book: Book, clock: Clock, workers: int = 1, index: int = 0) -> None:
        self.clock = clock
        self.meters = Meters(workers, index, Backing.LEDGER, clock=clock.wall)
        self.meter: Meter = self.meters.of("p:1", plan(per_day=100, per_month=1000))
        self.keeper = Bookkeeper(book, self.meters, lambda: clock.now_ns)

    def take(self, tries: int) -> int:
        return sum(self.meter.take("rate", self.clock.now_ns) == ADMITTED for _ in range(tries))

    def balance(self, *, everything: bool = False) -> None:
        asyncio.run(self.keeper.balance(everything=everything))


def test_a_process_started_anew_goes_on_counting() -> None:
    book, clock = Book(), Clock()
    before = Process(book, clock)
    assert before.take(70) == 70
    before.balance()
    after = Process(book, clock)
    after.balance(everything=True)
    assert after.take(70) == 30
    clock.pass_s(86_400)
    assert after.take(200) == 100


def test_what_is_left_is_divided_anew_with_each_look() -> None:
    book, clock = Book(), Clock()
    one, other = (Process(book, clock, 2, index) for index in range(2))
    assert one.take(200) == 50
    for _ in range(9):
        one.balance()
        one.take(200)
    assert 95 <= one.take(0) + sum(used for (_, limit, _), used in book.used.items() if limit == "day") <= 100
    other.balance(everything=True)
    assert other.take(200) <= 100 - 95


def test_what_could_not_be_written_down_is_kept_and_counted_once() -> None:
    book, clock = Book(), Clock()
    process = Process(book, clock)
    process.take(60)
    book.lost_add = True
    process.balance()
    assert process.take(60) == 40
    book.lost_add, book.lost_load = False, True
    process.balance()
    book.lost_load = False
    process.balance()
    assert {limit: used for (_, limit, _), used in book.used.items()} == {"day": 100, "month": 100}
    assert process.take(9) == 0


def test_nothing_is_asked_of_the_ledger_for_accounts_not_in_use() -> None:
    book, clock = Book(), Clock()
    process = Process(book, clock)
    process.take(1)
    process.balance()
    book.lost_add = book.lost_load = True
    process.balance()
    assert not process.meters.worker.active
