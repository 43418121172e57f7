"""
A serving process: made from the settings, run by uvicorn.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import uvicorn
from starlette.applications import Starlette

from service.access.account import Account
from service.http.app import make_app
from service.http.protocol import HotProtocol, PlainProtocol
from service.http.sweep import sweep
from service.ops.reload import follow, load_snapshot
from service.quota.gcra import Gcra
from service.settings import Settings
from service.snapshot import Desk, Snapshot
from service.store.database import connect

KEEP_ALIVE_S = 15
DRAIN_S = 10
SWITCH_S = 0.0005
"""How long the loop may wait for the interpreter while the reload uses it; Python's own default is ten times that."""


def create_app() -> Starlette:
    """
    Make the application of one process from the environment.
    """
    settings = Settings()
    engine = connect(settings.store_url)
    desk = Desk(anonymous=_demo_account(settings) if settings.demo else None)
    desk.snapshot = load_snapshot(engine, settings.cards, Snapshot())
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()  # what is there now stays; a collection need not look at it again

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(follow(desk, engine, settings.cards), name="reload"),
            asyncio.create_task(sweep(HotProtocol.open), name="sweep"),
        ]
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    return make_app(desk, lifespan)


def _demo_account(settings: Settings) -> Account:
    """
    The account of whoever shows no credential: its plan is shared out over the processes.
    """
    share = settings.demo_rps / settings.workers
    return Account("demo", settings.demo_card, Gcra(share, max(1, round(share))), settings.demo_rps)


def serve(settings: Settings) -> None:
    """
    Listen and answer until told to stop. Further processes read their settings from the environment.
    """
    # uvicorn drains, then raises the signal again: having been told to stop is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(
        "service.server:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        http=HotProtocol if settings.hot_door else PlainProtocol,
        loop="uvloop",
        ws="none",
        interface="asgi3",
        lifespan="on",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=DRAIN_S,
        backlog=2048,
    )
