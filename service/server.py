"""
A serving process: made from the settings, run by uvicorn.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette

from service.access.account import LIVE, LOOKUP, Account, Identity
from service.access.identify import Door
from service.access.networks import Networks, read_network
from service.heard import heard_by
from service.http.app import make_app
from service.http.protocol import HotProtocol, PlainProtocol
from service.http.sweep import sweep
from service.manage.build_worker import keep_made
from service.manage.cdr_worker import keep_days
from service.ops.answers_keep import keep_answers
from service.ops.joined import keep_joined
from service.ops.limits import booked, lent, stop
from service.ops.reload import follow, load_snapshot
from service.quota.meters import Meters
from service.quota.plan import Limits, Plan
from service.quota.worker import Backing
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
    url = settings.redis_url.get_secret_value()
    meters = Meters(settings.shares, backing=Backing.REDIS if url else Backing.LEDGER)
    desk = Desk(door=_door(settings, meters), heard=heard_by(settings))
    desk.snapshot = load_snapshot(engine, settings.cards, Snapshot(), meters)
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()  # what is there now stays; a collection need not look at it again

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(follow(desk, engine, settings.cards, meters), name="reload"),
            asyncio.create_task(sweep(HotProtocol.open), name="sweep"),
            asyncio.create_task(keep_made(), name="builds"),
            asyncio.create_task(keep_joined(desk, settings.cards), name="joint indexes"),
            asyncio.create_task(keep_days(), name="call records kept"),
            asyncio.create_task(keep_answers(desk, engine, settings.checkpoints), name="numbers' answers"),
        ]
        async with lent(desk, meters, url) if url else booked(meters, engine):
            yield
        await stop(tasks)

    return make_app(desk, lifespan)


def _door(settings: Settings, meters: Meters) -> Door:
    proxies = Networks({read_network(text): True for text in settings.trusted_proxies.split(",") if text.strip()})
    return Door(_guest(settings, meters) if settings.demo else None, proxies)


def _guest(settings: Settings, meters: Meters) -> Identity:
    """
    Whoever shows no credential, as the demo has it.
    """
    plan = Plan(Limits(per_second=settings.demo_rps, burst=settings.demo_rps))
    cards = None if settings.demo_cards == "*" else frozenset(settings.demo_cards.split(","))
    account = Account(0, "demo", settings.demo_card, cards, plan=plan)
    return Identity(account, LIVE, frozenset({LOOKUP}), meters.of("demo", plan))


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
