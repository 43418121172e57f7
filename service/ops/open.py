"""
From a compiled card's file to a card that answers.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from ratecards.artifact import ArtifactError, open_card
from ratecards.index import CardIndex
from ratecards.probe import probe
from service.access.account import split_qualified
from service.lookups.ready import rendered
from service.snapshot import LiveCard
from service.store.catalogue import Revision
from service.store.files import copy_out, fetch, has_file

BREATH_S = 0.0005
WARM_S = 0.6
"""With the period and the opening of a large card still within two seconds of a change."""
WARM_AT_ONCE = 16
COOL_AT_ONCE = 100
UNREADABLE = (ArtifactError, OSError, KeyError, TypeError, ValueError)
"""What a file may raise that is damaged, missing, or of a version that knows more than this one."""
_mapped: "WeakKeyDictionary[CardIndex, str]" = WeakKeyDictionary()
_mapping = Lock()


@dataclass
class Warmth:
    """
    How long new cards may be warmed, all of one change together.

    Attributes:
        at: unix seconds that answers are rendered for.
        left_s: seconds that are left for it.
    """

    at: float
    left_s: float = WARM_S

    def warm(self, card: LiveCard, before: LiveCard) -> None:
        """
        Render what the revision before was asked for, so that the first second of the new one is like any other.

        Without it every request of that second is a first one, and those cost ten times as much.
        """
        start = time.monotonic()
        for count, asked in enumerate([*before.by_head, *before.rendered]):
            if count % WARM_AT_ONCE == 0:
                breathe()
                if time.monotonic() - start > self.left_s:
                    break
            rendered(card, asked, self.at)
        self.left_s -= time.monotonic() - start


def cool(cards: Iterable[LiveCard]) -> None:
    """
    Forget what was rendered of cards that answer no more, a little at a time.

    Let go of at once, a hundred thousand answers hold the interpreter, and with it the loop, for tens of milliseconds.
    """
    for card in cards:
        for kept in (card.rendered, card.by_head):
            while kept:
                for _ in range(min(COOL_AT_ONCE, len(kept))):
                    kept.popitem()
                breathe()


def artifact_path(folder: Path, digest: str) -> Path:
    """
    Where a compiled card lies, by its digest.
    """
    return folder / f"{digest}.card"


def open_live(engine: Engine, folder: Path, revision: Revision) -> LiveCard:
    """
    Open a revision from this node's disk, or from the store where it is not there or damaged.

    Raises:
        UNREADABLE: it is whole in neither place.
    """
    path = artifact_path(folder, revision.digest)
    fetch(engine, revision.digest, path)
    try:
        index = open_card(path, revision.digest, breathe)
    except ArtifactError:
        if not has_file(engine, revision.digest):
            raise
        copy_out(engine, revision.digest, path)
        index = open_card(path, revision.digest, breathe)
    probe(index, int(time.time()), breathe)
    with _mapping:
        _mapped[index] = revision.digest
    return LiveCard(split_qualified(revision.card)[1], revision.number, index, revision.until)


def is_open(card: LiveCard | None, revision: Revision) -> bool:
    """
    Whether a card is this very revision: another one of its name may have been deleted and had the same number.
    """
    return card is not None and card.revision == revision.number and _mapped.get(card.index) == revision.digest


def digest_of(card: LiveCard) -> str:
    """
    What names the file of a card that answers.
    """
    return _mapped[card.index]


def mapped_digests() -> set[str]:
    """
    Of all compiled cards that this process has open.
    """
    with _mapping:
        return set(_mapped.values())


def why(error: Exception) -> str:
    """
    What is wrong with a file, without saying where it lies.
    """
    if isinstance(error, OSError):
        return error.strerror or "cannot be read"
    return str(error).partition(": ")[2] if isinstance(error, ArtifactError) else "cannot be read by this version"


def breathe() -> None:
    """
    Leave the processor to the loop: checking a large card takes tens of milliseconds of one.

    A lower priority for the thread would do it too, and would let any other process hold up this one's whole
    interpreter through it.
    """
    time.sleep(BREATH_S)
