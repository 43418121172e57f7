"""
ASR, ACD and PDD as they are shown: a row for each card, carrier and destination, or for fewer of these together.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine

from service.lookups.quality import country_of, destination_of, destination_on
from service.ops.answers_file import ends_of
from service.quality import Counts, Key, Quality, Wanted, add_up, read_windows, window_name
from service.render.table import FIRST_PAGE, Page, Row, Table
from service.settings import Settings
from service.snapshot import Snapshot
from service.store.attempts import AT_ONCE, attempts_after, position_at

BY = ("card", "carrier", "destination")
COUNTED_BY = ("account", *BY)
MEASURES = ("attempts", "answered", "asr_percent", "acd_s", "pdd_ms")
Step = Callable[[str, int, int], None]
"""Called with the step, what is done of it, and the whole."""


def quality_view(
    quality: Quality,
    snapshot: Snapshot,
    wanted: Wanted,
    *,
    window_s: int,
    now: int,
    by: tuple[str, ...] = BY,
    page: Page = FIRST_PAGE,
) -> Table:
    """
    The most called first.

    Args:
        wanted: a destination of digits stands for whatever a row's card calls it.
        now: unix seconds.
        by: of :data:`COUNTED_BY`.
    """
    together: dict[tuple[str, ...], list[Counts]] = {}
    for key, counts in quality.rows(_by_name(wanted), window_s):
        if _is_there(snapshot, wanted, key, now):
            together.setdefault(tuple(getattr(key, name) for name in by), []).append(counts)
    rows = [
        _row(dict(zip(by, names, strict=True)), add_up(many), quality.min_calls) for names, many in together.items()
    ]
    rows.sort(key=lambda row: (-row["attempts"], *(row[name] for name in by)))
    about = {"window": window_name(window_s), "min_calls": quality.min_calls, "complete": quality.is_whole}
    return Table(
        "quality", (*by, *MEASURES), list(page.cut(rows)), len(rows), page, about, amounts=("asr_percent", "acd_s")
    )


def _by_name(wanted: Wanted) -> Wanted:
    """
    What can be told from names alone.
    """
    if wanted.destination is None or not _is_digits(wanted.destination):
        return wanted
    return Wanted(wanted.environment, wanted.account, wanted.card, wanted.carrier)


def _is_there(snapshot: Snapshot, wanted: Wanted, key: Key, now: int) -> bool:
    if wanted.destination is None or not _is_digits(wanted.destination):
        return True
    card = snapshot.cards_of(key.environment).get(key.card)
    named = "" if card is None else destination_on(card, wanted.destination, now)
    return key.destination == (named or country_of(wanted.destination))


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _row(names: dict[str, str], counts: Counts, min_calls: int) -> Row:
    measures: dict[str, Any] = {"attempts": counts.attempts, "answered": counts.answered}
    says = counts.attempts >= min_calls
    acd_s = counts.acd_s if says else None
    measures["asr_percent"] = str(counts.asr_percent) if says else None
    measures["acd_s"] = None if acd_s is None else str(acd_s)
    measures["pdd_ms"] = counts.mean_pdd_ms if says else None
    return {**names, **measures}


def counted(engine: Engine, snapshot: Snapshot, settings: Settings, now: int, step: Step | None = None) -> Quality:
    """
    As a server that runs by these settings counts.

    Raises:
        WindowsError: a setting is no list of windows.
    """
    quality = Quality(read_windows(settings.quality_windows), settings.quality_min_calls)
    return read_quality(engine, snapshot, quality, now, step)


def read_quality(engine: Engine, snapshot: Snapshot, quality: Quality, now: int, step: Step | None = None) -> Quality:
    """
    Count the records of the longest window, for a command that no server answers.

    Args:
        quality: with nothing counted yet.
        now: unix seconds.
    """
    quality.roll(now)
    end = ends_of(engine).records
    first = after = position_at(engine, now - quality.windows_s[-1], end)
    while attempts := attempts_after(engine, after, AT_ONCE, end):
        for attempt in attempts:
            quality.add(attempt, destination_of(snapshot, attempt))
        after = attempts[-1].position
        if step is not None:
            step("records", after - first, end - first)
    quality.is_whole = True
    return quality
