"""
ratedip's latency while a large card takes over from the one that answers.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from bench import child, decks
from bench.latency import Latency, pace
from bench.oracle import CARD
from bench.servers import Server, load_card, target
from bench.workspace import Workspace
from service.settings import Settings
from service.store.catalogue import activate_revision
from service.store.database import connect

USUAL, LARGE = 1, 2  # revisions of the card
TAKE_OVER_LIMIT_S: Final = 10.0
LEAST_S: Final = 4  # a new revision is noticed within a second, and opened in another


@dataclass(frozen=True, slots=True)
class Load:
    """
    The paced load a swap happens under.
    """

    rate_per_s: float
    seconds: int
    core: int


def prepare(server: Server, work: Workspace, prefixes: int, seed: int, console: Console) -> None:
    """
    Load the large deck as the card's next revision, which does not answer yet.
    """
    console.print(f"Loading a revision of {prefixes:,} prefixes to swap in")
    path = work.directory / "large.csv"
    decks.write_deck(path, decks.az_deck(prefixes, seed))
    load_card(path, CARD, server.environment, activate=False)


def pace_during_swap(server: Server, work: Workspace, load: Load) -> Latency:
    """
    Run the paced load; a third of the way through, let the large revision answer; afterwards go back to the usual one.

    The switch is asked for from this process, which is idle otherwise; opening and verifying the card is the server's.
    """
    engine = connect(Settings(data=Path(server.environment["RATEDIP_DATA"])).store_url)
    switch = threading.Timer(load.seconds / 3, activate_revision, (engine, CARD, LARGE))
    switch.start()
    latency = pace(server, work.numbers_file, load.rate_per_s, load.seconds, load.core)
    switch.join()
    swapped = _revision(server, work) == LARGE
    activate_revision(engine, CARD, USUAL)
    _wait_for(server, work, USUAL)
    engine.dispose()
    if swapped or latency.failure:
        return latency
    return Latency(load.rate_per_s, 0.0, 0.0, 0.0, "the large revision did not answer before the load ended")


def there_and_back(server: Server, work: Workspace) -> None:
    """
    Let the large revision answer, and then the usual one again.
    """
    engine = connect(Settings(data=Path(server.environment["RATEDIP_DATA"])).store_url)
    for revision in (LARGE, USUAL):
        activate_revision(engine, CARD, revision)
        _wait_for(server, work, revision)
        time.sleep(1)
    engine.dispose()


def _wait_for(server: Server, work: Workspace, revision: int) -> None:
    give_up = time.monotonic() + TAKE_OVER_LIMIT_S
    while _revision(server, work) != revision:
        if time.monotonic() > give_up:
            raise child.ServerFailedError(f"revision {revision} did not answer within {TAKE_OVER_LIMIT_S:.0f} s")
        time.sleep(0.1)


def _revision(server: Server, work: Workspace) -> int:
    _, body = child.get(server, target(work.load_numbers[0]))
    revision: int = json.loads(body)["revision"]
    return revision
