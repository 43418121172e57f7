"""
Files of numbers, wherever they come from, built and loaded into their sets.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ratecards.numberset import ListError
from ratecards.profiles import Profile, ProfileError
from service.manage.ratecards import BadValueError, MissingError, Shelf
from service.manage.set_build import BUILDS, Reading, Report
from service.manage.set_order import SetOrder
from service.ops.kinds import KINDS, Kind, digest_of_file
from service.ops.sets import set_path
from service.store.catalogue import CatalogueError
from service.store.files import put_large
from service.store.sets import SetRevision, add_set_revision, begin_file, check_set

REFUSED_SHARE = 20
"""Of so many lines one may be refused; of a file with more the column is not the right one, or much else is wrong."""
Step = Callable[[str, int, int], None]
"""Called with the step, what is done of it, and the whole, as far as it is known."""


@dataclass(frozen=True, slots=True)
class SetLoaded:
    """
    What became of a file.

    Attributes:
        reasons: why it was refused whole; empty: it was not.
        revision: there is now; None: it was refused, or only looked at.
    """

    report: Report
    reasons: list[str]
    revision: SetRevision | None


def load_set(shelf: Shelf, order: SetOrder, step: Step | None = None) -> SetLoaded:
    """
    Build a file, and unless it is a dry run or refused, let it answer; when this returns all of it is on disk.

    Raises:
        BadValueError: no such kind, profile or column.
        CatalogueError: the set cannot have it; nothing was changed.
        OSError: a file cannot be read or written.
    """
    stored, kind, reading = _stored(shelf, order.name), _kind(order), _reading(order)
    check_set(shelf.engine, stored, order.kind)
    with _target(shelf.folder) as target:
        report = _built(order, target, reading, step)
        reasons = why_refused(report)
        if reasons or order.dry_run:
            return SetLoaded(report, reasons, None)
        digest, size = digest_of_file(target), target.stat().st_size
        kind.open(target, digest)  # what cannot be opened never becomes a revision
        target.replace(set_path(shelf.folder, digest))
    revision = _kept(shelf, SetRevision(
        stored, order.kind, 0, digest, Path(order.file).name, report.rows, report.refusals.count, size, int(time.time())
    ), step)  # fmt: skip
    return SetLoaded(report, reasons, revision)


def load_set_view(shelf: Shelf, order: SetOrder) -> dict[str, Any]:
    """
    As :func:`load_set`: what is told of it.
    """
    return loaded_json(order, load_set(shelf, order))


def loaded_json(order: SetOrder, done: SetLoaded) -> dict[str, Any]:
    """
    What became of a file, as everybody is told.
    """
    refusals = done.report.refusals
    return {
        "name": order.name,
        "kind": order.kind,
        "revision": done.revision and done.revision.number,
        "dry_run": order.dry_run,
        "accepted": not done.reasons,
        "rows": done.report.rows,
        "refused": refusals.count,
        "reasons": done.reasons,
        "problems": [{"line": one.line, "reason": one.reason} for one in refusals.listed],
    }


def why_refused(report: Report) -> list[str]:
    """
    Why a file is refused whole; nothing: it is not.
    """
    refused = report.refusals.count
    if not report.rows:
        return ["no row of it can be used"]
    if refused * REFUSED_SHARE > report.rows + refused:
        return [f"{refused:,} of its lines are refused, more than one in {REFUSED_SHARE}"]
    return []


def _stored(shelf: Shelf, name: str) -> str:
    try:
        return shelf.stored(name)
    except MissingError:
        raise BadValueError("name", "is no set's name: lower-case letters, digits, dots, dashes; at most 59") from None


def _kind(order: SetOrder) -> Kind:
    kind = KINDS.get(order.kind)
    if kind is None:
        raise BadValueError("kind", f"is none of {', '.join(KINDS)}")
    if not kind.reads and (order.profile is not None or order.column is not None):
        raise BadValueError("country" if order.column is None else "column", f"is not for a file of kind {order.kind}")
    return kind


def _reading(order: SetOrder) -> Reading:
    try:
        profile = None if order.profile is None else Profile.from_json(order.profile)
    except ProfileError as error:
        raise BadValueError("country", str(error)) from None
    return Reading(profile, order.column)


def _built(order: SetOrder, target: Path, reading: Reading, step: Step | None) -> Report:
    told = None if step is None else (lambda rows: step("rows", rows, rows))
    try:
        return BUILDS[order.kind](Path(order.file), target, reading, told)
    except ListError as error:
        raise CatalogueError(str(error)) from None


@contextmanager
def _target(folder: Path) -> Iterator[Path]:
    """
    Where a file is built; what is left there is gone when the block ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f".new.set.{os.getpid()}-{time.monotonic_ns()}"
    try:
        yield target
    finally:
        target.unlink(missing_ok=True)


def _kept(shelf: Shelf, revision: SetRevision, step: Step | None) -> SetRevision:
    """
    Put a built file into the store, and then let it answer.
    """
    path = set_path(shelf.folder, revision.digest)
    told = None if step is None else (lambda kept: step("bytes", kept, revision.bytes))
    begin_file(shelf.engine, revision.digest)
    put_large(shelf.engine, revision.digest, path, told)
    return add_set_revision(shelf.engine, revision, shelf.actor)
