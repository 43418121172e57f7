"""
The rules of every revision, kept as what sets them apart from the revision before.

A compiled card can be made again from its rules and terms, byte for byte, so that of old revisions only the rules are
kept; and of those, since a carrier's next deck is mostly the last one, only what was added and what went.
"""

from dataclasses import asdict, replace
from pathlib import Path

import orjson
import polars as pl
from sqlalchemy import Engine

from ratecards.artifact import ArtifactError, digest_of, open_card, pack, verify
from ratecards.compile import compile_rules
from ratecards.durable import write_atomically
from ratecards.index import CardIndex
from ratecards.model import Terms
from ratecards.rules import to_frame
from service.manage.delta import apply, difference, from_part, from_whole, in_order, to_part, to_whole
from service.ops.reload import artifact_path
from service.store.audit import SYSTEM
from service.store.catalogue import CatalogueError, ForgottenError, Revision, activate_revision, list_revisions
from service.store.database import changing
from service.store.files import FileMissingError, drop_files, get_checked, get_file, has_file, put_file, sha256
from service.store.needed import idle_files

__all__ = ["compiled", "ensure_compiled", "in_order", "let_answer", "open_revision", "rules_of", "terms_text", "tidy",
           "with_rows"]  # fmt: skip

MAX_CHAIN = 32
"""Parts that are put together, at most, to find the rules of one revision."""


def compiled(rules: pl.DataFrame, terms: Terms) -> bytes:
    """
    The compiled card of rules: the same bytes whenever it is made, and whatever the order of the rules.
    """
    return pack(compile_rules(rules, terms))


def terms_text(terms: Terms) -> str:
    return orjson.dumps(asdict(terms)).decode()


def with_rows(
    engine: Engine, folder: Path, revision: Revision, rules: pl.DataFrame
) -> tuple[Revision, dict[str, bytes]]:
    """
    Say in a new revision where its rules are.

    Returns:
        The revision, and the file to keep with it, by digest.
    """
    rules = in_order(rules)
    every = list_revisions(engine, revision.card)
    if every and len(_chain(every, every[-1])) <= MAX_CHAIN:
        part = _part(engine, folder, every[-1], rules)
        if part is not None:
            return replace(revision, rows_digest=sha256(part), base=every[-1].number), {sha256(part): part}
    whole = to_whole(rules)
    return replace(revision, rows_digest=sha256(whole)), {sha256(whole): whole}


def rules_of(engine: Engine, folder: Path, revision: Revision) -> pl.DataFrame:
    """
    The rules of any revision.

    Raises:
        CatalogueError: they are nowhere any more.
    """
    if revision.rows_digest is None:
        return in_order(to_frame(open_revision(engine, folder, revision)))
    first, *later = [revision]
    if revision.base is not None:
        first, *later = _chain(list_revisions(engine, revision.card), revision)
    try:
        found = get_checked(engine, [r.rows_digest for r in (first, *later) if r.rows_digest])
    except FileMissingError as error:
        what = f"the rules of revision {revision.number} of card '{revision.card}'"
        raise CatalogueError(f"{what} cannot be read: the file of one {error.strerror}") from error
    whole = found.get(first.rows_digest or "")
    base = to_frame(open_revision(engine, folder, first)) if whole is None else from_whole(whole)
    return apply(base, [from_part(found[str(r.rows_digest)]) for r in later])


def open_revision(engine: Engine, folder: Path, revision: Revision) -> CardIndex:
    """
    The compiled card of any revision, made again if need be.

    Raises:
        CatalogueError: it cannot be made again as it was.
    """
    path = artifact_path(folder, revision.digest)
    if not _is_whole(path, revision.digest):
        write_atomically(path, _find(engine, folder, revision))
    return open_card(path, revision.digest)


def ensure_compiled(engine: Engine, folder: Path, revision: Revision) -> None:
    """
    See to it that the store has the compiled card of a revision, before it is to answer.

    Raises:
        CatalogueError: it cannot be made again as it was.
    """
    if has_file(engine, revision.digest):
        return
    content = _find(engine, folder, revision)
    with changing(engine) as connection:
        put_file(connection, revision.digest, content)


def let_answer(engine: Engine, folder: Path, revision: Revision, actor: str = SYSTEM, at: int | None = None) -> None:
    """
    Let a revision answer, its compiled card made again if need be, though others tidy up at the same moment.

    Args:
        at: unix seconds; None: now.

    Raises:
        CatalogueError: it cannot be made again as it was; nothing was changed.
    """
    try:
        activate_revision(engine, revision.card, revision.number, actor, at)
    except ForgottenError:
        contents = {revision.digest: _find(engine, folder, revision)}
        activate_revision(engine, revision.card, revision.number, actor, at, contents)


def tidy(engine: Engine) -> int:
    """
    Forget compiled cards that can be made again and neither answer, nor will, nor did last, nor are their card's
    latest.

    Returns:
        How many.
    """
    with changing(engine) as connection:
        idle = idle_files(connection)
        drop_files(connection, idle)
    return len(idle)


def _find(engine: Engine, folder: Path, revision: Revision) -> bytes:
    """
    A compiled card: this node's, the store's, or made again.
    """
    path = artifact_path(folder, revision.digest)
    if _is_whole(path, revision.digest):
        return path.read_bytes()
    if has_file(engine, revision.digest):
        content = get_file(engine, revision.digest)
        if _agrees(content, revision.digest):
            return content
    return _compile_again(engine, folder, revision)


def _is_whole(path: Path, digest: str) -> bool:
    return path.exists() and _agrees(path.read_bytes(), digest)


def _agrees(content: bytes, digest: str) -> bool:
    try:
        verify(memoryview(content), expected=digest)
    except ArtifactError:
        return False
    return True


def _compile_again(engine: Engine, folder: Path, revision: Revision) -> bytes:
    if revision.terms is None or revision.rows_digest is None:
        raise CatalogueError(f"revision {revision.number} of card '{revision.card}' has no compiled card any more")
    terms = Terms(**orjson.loads(revision.terms))
    content = compiled(rules_of(engine, folder, revision), terms)
    if digest_of(content) != revision.digest:
        raise CatalogueError(f"revision {revision.number} of card '{revision.card}' cannot be made again as it was")
    return content


def _part(engine: Engine, folder: Path, base: Revision, rules: pl.DataFrame) -> bytes | None:
    """
    What sets rules apart from those of a revision; None where that is most of them, or its rules cannot be found.
    """
    try:
        before = rules_of(engine, folder, base)
    except (CatalogueError, ArtifactError, OSError):
        return None
    part = difference(before, rules)
    return to_part(part) if part is not None and part.height * 2 < rules.height else None


def _chain(every: list[Revision], last: Revision) -> list[Revision]:
    """
    The revisions that the rules of one are put together from, the whole one first.
    """
    by_number, chain = {revision.number: revision for revision in every}, [last]
    while chain[-1].base is not None:
        if chain[-1].base not in by_number:
            raise CatalogueError(f"card '{last.card}' has no revision {chain[-1].base} any more")
        chain.append(by_number[chain[-1].base])
    return chain[::-1]
