"""
Revisions as a load makes them: rules and compiled card in the store, nothing on any node's disk.
"""

import time
from collections.abc import Iterable
from pathlib import Path

import polars as pl
from sqlalchemy import Engine

from ratecards.artifact import digest_of
from ratecards.model import Rule, Terms
from ratecards.rules import to_frame
from service.manage.rows import compiled, terms_text, with_rows
from service.store.catalogue import Revision, add_revision


def load(
    engine: Engine,
    folder: Path,
    name: str,
    rules: Iterable[Rule] | pl.DataFrame,
    *,
    activate: bool = False,
    at: int | None = None,
) -> Revision:
    """
    Add the next revision of a card.

    Args:
        engine: the store.
        folder: of compiled cards.
        name: of the card.
        rules: of the revision.
        activate: let it answer now.
        at: unix seconds from which it answers.
    """
    frame = rules if isinstance(rules, pl.DataFrame) else to_frame(rules)
    content, digest = artifact(frame)
    made = Revision(
        name, 0, digest, "test", "USD", frame.height, 0, int(time.time()), terms=terms_text(Terms())
    )  # fmt: skip
    made, rows = with_rows(engine, folder, made, frame)
    return add_revision(engine, made, activate=activate, at=at, contents={digest: content, **rows})


def artifact(frame: pl.DataFrame) -> tuple[bytes, str]:
    content = compiled(frame, Terms())
    return content, digest_of(content)
