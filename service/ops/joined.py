"""
Joint indexes of the carriers behind a card: found on this node's disk, made where they are missing.

They change how fast ``lcr`` answers, never what. A new revision of one carrier answers at once from its own card, while
the joint index with it is still being made.
"""

import asyncio
import logging
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from weakref import WeakValueDictionary

import orjson

from ratecards.artifact import ArtifactError
from ratecards.lcr import Joint, Provider, joint_name, open_joint
from service.ops.child import SlowError, run_child
from service.ops.open import artifact_path, breathe
from service.snapshot import Desk, LiveRoutes

LEAST = 9
"""Cards from which on one walk is quicker than looking each up."""
PERIOD_S = 5.0
RETRY_S = 300.0
"""What could not be made is tried again so much later."""
LIMIT_S = 600.0
"""Ten million entries take some tens of seconds."""
_COMMAND = (sys.executable, "-P", "-m", "service.manage.join_process")
_log = logging.getLogger("ratedip.reload")
_THREADS = ThreadPoolExecutor(1, "join")
_open: "WeakValueDictionary[str, Joint]" = WeakValueDictionary()


def joined_digests(providers: Iterable[Provider]) -> frozenset[str]:
    """
    Of the cards that belong into one joint index; none, where they are too few.
    """
    digests = frozenset(provider.digest for provider in providers if not provider.index.asks_call)
    return digests if len(digests) >= LEAST else frozenset()


def find_joint(folder: Path, digests: frozenset[str], known: Iterable[LiveRoutes]) -> Joint | None:
    """
    The joint index of some cards; while there is none, the one used before, which may have most of them.
    """
    before = next((routes.joint for routes in known if routes.joint is not None), None)
    if not digests:
        return None
    if before is not None and frozenset(before.digests) == digests:
        return before
    name = joint_name(digests)
    try:
        joint = _open.get(name) or open_joint(joint_path(folder, name), breathe)
    except FileNotFoundError:
        return before
    except (ArtifactError, OSError, ValueError, KeyError) as error:
        _log.warning("a joint index cannot be opened and is made anew: %s", error)
        joint_path(folder, name).unlink(missing_ok=True)
        return before
    _open[name] = joint
    return joint


def joint_path(folder: Path, name: str) -> Path:
    return folder / f"{name}.joint"


def open_joints() -> set[str]:
    """
    Names of those that this process has open.
    """
    return set(_open.keys())


def lacking(routes: Iterable[LiveRoutes]) -> list[frozenset[str]]:
    """
    Of which cards a joint index is still to be made.
    """
    wanted = {one.joinable for one in routes if one.joinable}
    held = {frozenset(one.joint.digests) for one in routes if one.joint is not None}
    return [digests for digests in wanted if digests not in held]


def may_join(folder: Path, routes: Iterable[LiveRoutes]) -> bool:
    """
    Whether one that was lacking has been made meanwhile.
    """
    return any(joint_path(folder, joint_name(digests)).exists() for digests in lacking(routes))


async def keep_joined(desk: Desk, folder: Path) -> None:
    """
    Make what is lacking, until cancelled; in a process of its own, one at a time on a node.
    """
    tried: dict[frozenset[str], float] = {}
    while True:
        await asyncio.sleep(PERIOD_S)
        now = asyncio.get_running_loop().time()
        for digests in lacking(list(desk.snapshot.routes.values())):
            if now - tried.get(digests, -RETRY_S) >= RETRY_S:
                tried = {known: at for known, at in tried.items() if now - at < RETRY_S} | {digests: now}
                await join(folder, digests, int(desk.clock()))


async def join(folder: Path, digests: frozenset[str], as_of: int) -> bool:
    """
    Make one joint index.

    Args:
        as_of: unix seconds it is for, and all later ones.

    Returns:
        False: it could not be made, which was logged; or another process is at it.
    """
    asked = {"folder": str(folder), "digests": sorted(digests), "as_of": as_of}
    try:
        ended = await run_child(_COMMAND, orjson.dumps(asked), limit_s=LIMIT_S, threads=_THREADS)
    except SlowError as error:
        _log.warning("the cards of %d carriers were not joined: %s", len(digests), error)
        return False
    if ended.status:
        _log.warning("the cards of %d carriers were not joined: %s", len(digests), ended.told.strip())
    return ended.status == 0


def card_files(folder: Path, digests: Iterable[str]) -> list[tuple[str, Path]]:
    return [(digest, artifact_path(folder, digest)) for digest in digests]
