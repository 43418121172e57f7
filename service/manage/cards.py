"""
From a deck's file to a revision that answers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from ratecards.artifact import digest_of, pack, write_atomically
from ratecards.compile import compile_rules
from ratecards.deck import Deck, Mapping, read_deck
from ratecards.model import Terms
from service.ops.reload import artifact_path
from service.store.catalogue import Revision, add_revision

Progress = Callable[[str, int, int], None]
"""Called with the step, what is done of it, and the whole."""


@dataclass(frozen=True, slots=True)
class Loading:
    """
    What to load, and how.

    Attributes:
        currency: where the deck does not say; None: what the deck says, or USD.
        activate: let it answer at once.
        now: unix seconds.

    """

    name: str
    file: Path
    currency: str | None = None
    mapping: Mapping | None = None
    activate: bool = False
    now: int = 0


def load_card(engine: Engine, folder: Path, loading: Loading, progress: Progress) -> tuple[Deck, Revision | None]:
    """
    Read a deck, compile it, put its file in place and then record it: a crash in between leaves the old state.

    Returns:
        The deck with its report, and the revision; None where the deck is refused and nothing changed.

    """
    deck = read_deck(
        loading.file,
        mapping=loading.mapping,
        now=loading.now,
        currency=loading.currency,
        progress=lambda done, total: progress("reading", done, total),
    )
    if not deck.accepted:
        return deck, None
    progress("compiling", 0, deck.rules.height)
    terms = Terms(currency=deck.currency or "USD")
    artifact = pack(compile_rules(deck.rules, terms))
    progress("compiling", deck.rules.height, deck.rules.height)
    digest = digest_of(artifact)
    write_atomically(artifact_path(folder, digest), artifact)
    revision = Revision(
        card=loading.name,
        number=0,
        digest=digest,
        source=loading.file.name[:255],
        currency=terms.currency,
        rules=deck.rules.height,
        refused=deck.report.rows_refused,
        created=loading.now,
    )
    return deck, add_revision(engine, revision, activate=loading.activate)
