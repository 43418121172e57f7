"""
What runs beside the requests of a process ends when the process does.
"""

import asyncio
from contextlib import suppress

from service.ops.limits import stop


def test_a_task_that_loses_a_cancellation_is_ended_by_the_next() -> None:
    lost = []

    async def deaf() -> None:
        for _ in range(2):
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(3600)
            lost.append(1)
        await asyncio.sleep(3600)

    async def main() -> bool:
        task = asyncio.create_task(deaf())
        await asyncio.sleep(0)
        await stop([task])
        return task.cancelled()

    assert asyncio.run(main())
    assert len(lost) == 2
