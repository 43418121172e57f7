"""
Cards that answer no more are let go, though who asked for them never asks again.
"""

import asyncio
import gc
import weakref
from dataclasses import replace

import pytest
from support.cards import RETAIL
from support.corpus import get
from support.inside import Place, door, guest_desk, run
from support.patience import until

from ratecards.compile import compile_card
from ratecards.model import Terms
from ratecards.rules import to_frame
from service.http.protocol import HotProtocol
from service.http.sweep import sweep
from service.snapshot import LiveCard

PATH = "/api/rate.json?number=441132456789"
KEY = "Authorization: Bearer nobody"


def exchanged(place: Place) -> weakref.ref[object]:
    """
    Put another revision in the place of the one that answers.
    """
    snapshot = place.desk.snapshot
    before = weakref.ref(snapshot.cards["retail"].index)
    card = LiveCard("retail", 2, compile_card(to_frame(RETAIL), Terms()))
    place.desk.snapshot = replace(snapshot, cards={"retail": card})
    return before


@pytest.mark.parametrize("asks", [[""], ["X-A: 1", "X-A: 2"]])
def test_a_card_goes_with_its_snapshot_however_it_was_asked(asks: list[str]) -> None:
    """
    Seen to fail without :meth:`HotProtocol.let_go`: each key that was used once held every card of its day open.
    """

    async def main() -> None:
        async with door(guest_desk()) as place:
            kept = []
            for header in asks:
                reader, writer = await place.connect()
                kept.append((reader, writer))
                for _ in range(3):
                    writer.write(get(PATH, header))
                    assert b'"revision":1,' in await reader.readuntil(b"}")
            (kind,) = {type(connection) for connection in place.connections}
            assert issubclass(kind, HotProtocol)
            assert sum(len(connection.here) for connection in place.connections) == len(asks)
            before = exchanged(place)
            kind.let_go(place.desk.snapshot)
            gc.collect()
            assert before() is None
            for reader, writer in kept:
                writer.write(get(PATH, asks[0]))
                assert b'"revision":2,' in await reader.readuntil(b"}")

    run(main())


def test_whoever_sweeps_says_so_once_for_each_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.http.sweep.PERIOD_S", 0.01)

    async def main() -> None:
        async with door() as place:
            told: list[object] = []
            sweeping = asyncio.create_task(sweep(place.desk, place.connections, told.append))
            for count in (1, 2):
                await asyncio.sleep(0.05)
                assert len(told) == count - 1
                exchanged(place)
                await until(lambda: len(told) == count)  # noqa: B023
            assert told[-1] is place.desk.snapshot
            sweeping.cancel()

    run(main())
