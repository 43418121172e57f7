"""
A serving process: made from the settings, run by uvicorn.
"""

import asyncio
import gc
import resource
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from uvicorn.config import STARTUP_FAILURE, Config

from ratecards.numbering.plan import plan
from service.access.account import LIVE, LOOKUP, Account, Identity
from service.access.identify import Door
from service.access.networks import Networks, read_network
from service.dips.configure import dips_by
from service.heard import heard_by
from service.http.app import make_app
from service.http.guarded import GuardedProtocol
from service.http.limits import IDLE_S
from service.http.protocol import HotProtocol
from service.http.sweep import sweep
from service.manage.build_worker import keep_made
from service.manage.cdr_worker import keep_days
from service.ops.answers_keep import keep_answers
from service.ops.joined import keep_joined
from service.ops.last_known import keep_last_known, load_first
from service.ops.late import make_late
from service.ops.limits import booked, lent, stop
from service.ops.logs import set_up_logging
from service.ops.publish import watched
from service.ops.reload import follow
from service.quota.meters import Meters
from service.quota.plan import Limits, Plan
from service.quota.worker import Backing
from service.serving.listen import listen, listen_admin
from service.serving.notify import Notifier
from service.serving.parent import Parent
from service.serving.tls import make_context
from service.serving.worker import Worker
from service.settings import Settings
from service.snapshot import Desk
from service.store.database import connect

SELDOM = (20_000, 10, 10)
"""Objects and collections between collections: answers kept are many, and none of them is part of a circle."""
MAX_OPEN = 65_536
"""Files and connections of one process."""
MAINTENANCE = "maintenance"
"""Name of the file in the data directory that lets slow services rest."""
SWITCH_S = 0.0005
"""How long the loop may wait for the interpreter while the reload uses it; Python's own default is ten times that."""


def create_app() -> Starlette:
    """
    Make the application of one process from the environment.
    """
    settings = Settings()
    set_up_logging(settings.log_level)
    engine = connect(settings.store_url)
    url = settings.redis_url.get_secret_value()
    meters = Meters(settings.shares, backing=Backing.REDIS if url else Backing.LEDGER)
    desk = Desk(door=_door(settings, meters), heard=heard_by(settings), https_only=settings.require_https)
    desk.dips = dips_by(settings)
    desk.maintenance = lambda: settings.maintenance or (settings.data / MAINTENANCE).exists()
    desk.snapshot = load_first(desk, engine, settings, meters)
    plan().warm()
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()  # what is there now stays; a collection need not look at it again
    gc.set_threshold(*SELDOM)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(follow(desk, engine, settings.cards, meters), name="reload"),
            asyncio.create_task(sweep(desk, GuardedProtocol.open, HotProtocol.let_go), name="sweep"),
            asyncio.create_task(keep_made(), name="builds"),
            asyncio.create_task(keep_joined(desk, settings.cards), name="joint indexes"),
            asyncio.create_task(keep_days(), name="call records kept"),
            asyncio.create_task(keep_last_known(desk, settings), name="last known"),
            asyncio.create_task(make_late(), name="pages"),
            asyncio.create_task(keep_answers(desk, engine, settings.checkpoints), name="numbers' answers"),
        ]
        counted = lent(desk, meters, url) if url else booked(meters, engine)
        async with counted, watched(desk, engine, settings, GuardedProtocol.load):
            yield
        await stop(tasks)
        for dips in desk.dips.values():
            await dips.close()

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

    Raises:
        CertificateError: the certificate that the settings name cannot be used.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until somebody drains there is nothing to
    set_up_logging(settings.log_level)
    _allow_connections()
    config = Config(
        "service.server:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        http=HotProtocol if settings.hot_door else GuardedProtocol,
        loop="uvloop",
        ws="none",
        interface="asgi3",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=IDLE_S,
        backlog=2048,
        ssl_context_factory=_context if settings.ssl_certfile else None,
    )
    if settings.ssl_certfile:
        make_context(settings)  # what is wrong with it shows before anything starts
    sockets, notifier = [*listen(config), *listen_admin(settings)], Notifier()
    if settings.workers > 1:
        Parent(config, sockets, notifier).run()
        return
    worker = Worker(config, notifier)
    worker.run(sockets)
    if not worker.started:
        sys.exit(STARTUP_FAILURE)


def _allow_connections() -> None:
    """
    Have as many open as the system lets a process have; what it gives at first is for programs with few.
    """
    least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_OPEN if most == resource.RLIM_INFINITY else min(most, MAX_OPEN)
    if wanted > least:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _context(_config: Config, _default: object) -> ssl.SSLContext:
    return make_context(Settings())
