"""
What few ask for is made ready once the process answers: neither its start nor a look-up waits for it.
"""

import asyncio

from service.render.html import pages

LATE_S = 2.0


async def make_late() -> None:
    """
    Make what pages are made of, beside the loop.
    """
    await asyncio.sleep(LATE_S)
    await asyncio.to_thread(pages)
