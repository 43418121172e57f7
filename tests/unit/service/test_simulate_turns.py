"""
Simulations of one process are few at a time, and leave most of it to look-ups.
"""

import asyncio
import threading
import time
from collections.abc import Callable

from support.patience import FAIL_SAFE_S, until

from service.errors import ApiError
from service.http.respond import Response
from service.http.simulate import AT_ONCE, REST, Turns

DONE = Response(200, b"text/plain", b"")


def test_no_more_than_a_few_wait_and_one_runs() -> None:
    go, running = threading.Event(), []

    def work() -> Response:
        running.append(1)
        assert go.wait(FAIL_SAFE_S)
        return DONE

    async def crowd(turns: Turns) -> None:
        tasks = [asyncio.create_task(turns.take(work)) for _ in range(AT_ONCE)]
        await until(lambda: running)
        refused = await asyncio.wait_for(asyncio.gather(turns.take(work), return_exceptions=True), FAIL_SAFE_S)
        reason = f"Rate Limiting Applied. {AT_ONCE} active requests are already in progress."
        assert [(type(one), str(one)) for one in refused] == [(ApiError, reason)]
        assert len(running) == 1
        go.set()
        assert await asyncio.gather(*tasks) == [DONE] * AT_ONCE
        assert await turns.take(work) is DONE

    try:
        asyncio.run(crowd(Turns()))
    finally:
        go.set()


def test_a_rest_follows_that_is_longer_than_the_work() -> None:
    spans = []

    def work() -> Response:
        start_s = time.monotonic()
        time.sleep(0.02)
        spans.append((start_s, time.monotonic()))
        return DONE

    take_in_turn(work, 2)
    (start_s, end_s), (next_s, _) = spans
    assert next_s - end_s > (REST - 1) * (end_s - start_s)


def test_work_that_fails_gives_its_turn_back() -> None:
    def work() -> Response:
        raise ApiError(400, "no")

    results = take_in_turn(work, AT_ONCE + 1)
    assert [str(result) for result in results] == ["no"] * (AT_ONCE + 1)


def take_in_turn(work: Callable[[], Response], times: int) -> list[Response | ApiError]:
    """
    Wait for each turn before the next is asked for.
    """

    async def ask(turns: Turns) -> list[Response | ApiError]:
        results: list[Response | ApiError] = []
        for _ in range(times):
            try:
                results.append(await turns.take(work))
            except ApiError as error:
                results.append(error)
        return results

    return asyncio.run(ask(Turns()))
