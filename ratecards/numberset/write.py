"""
A table of answers written to its file, in blocks of like size.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from ratecards.numberset.answer import CODES, NONE, Answer, stamp_of
from ratecards.numberset.base import KIND, Base, Block
from ratecards.numberset.checkpoint import Writer, writing
from ratecards.numberset.keys import LOW, LOW_BITS, key_of
from ratecards.numberset.merge import Merge
from ratecards.numberset.policy import LEAST_CODE, MOST_CODE
from ratecards.numberset.tally import Tally, first_hour

BLOCK = 32_768
"""Numbers of a block: as many as are in memory at once while a table is written."""
MAX_POSITION = 65_536
"""Bytes of a position as JSON."""


class EntryError(ValueError):
    """
    An entry that cannot stand where it comes; nothing is written.
    """


def write_merged(path: Path, base: Base, fresh: Mapping[int, int], now: int, keep_s: int, position: Any = None) -> None:
    """
    Write what a table holds and what was learnt since as a new one, without the answers that are too old.

    Memory is that of ``fresh`` and a few blocks, whatever the size of the table. The file may be the table's own.

    Args:
        path: of the new checkpoint; replaced whole, or not at all.
        base: what is known.
        fresh: key of a number to its stamp, as it will stay while this runs.
        now: unix seconds.
        keep_s: seconds for which an answer is kept.
        position: up to where the records are in it, as anything JSON can say in 64 KiB.

    Raises:
        ValueError: the position is too long, or answers lie further apart than a table can hold: a clock is wrong.
        OSError: the file cannot be written.

    """
    merge = Merge(base, fresh, max(0, first_hour(now, keep_s)))
    write_blocks(path, merge.blocks(), merge.tally, merge.epoch, position)


def write_sorted(
    path: Path, entries: Iterable[tuple[str, Answer]], now: int, keep_s: int, position: Any = None
) -> None:
    """
    Write a table of numbers that come in ascending order, as a database or another table gives them; memory flat.

    Args:
        entries: E.164 digits, each number once, in the order of their values; the answer kept for it.
        path, now, keep_s, position: as of :func:`write_merged`.

    Raises:
        EntryError: a number is not greater than the one before, or a code is no final SIP answer.
        NumberError: one is not plain E.164 digits.
        ValueError: as of :func:`write_merged`.
        OSError: the file cannot be written.

    """
    epoch, tally = max(0, first_hour(now, keep_s)), Tally()
    write_blocks(path, _sorted(entries, epoch * CODES, tally), tally, epoch, position)


def write_blocks(path: Path, blocks: Iterator[Block], tally: Tally, epoch: int, position: Any = None) -> None:
    """
    Write blocks in ascending order of their numbers; what the tally says when they have passed stands beside them.

    Raises:
        ValueError: the position is too long, or an answer too long after the epoch.
        OSError: the file cannot be written.

    """
    said = orjson.dumps(position)
    if len(said) > MAX_POSITION:
        raise ValueError(f"a position of {len(said)} bytes, more than {MAX_POSITION}")
    with writing(path, KIND) as file:
        try:
            numbers = _write_blocks(file, blocks)
        except OverflowError:
            raise ValueError(f"answers too long after unix second {epoch}: a clock is wrong") from None
        meta = {"epoch": epoch, "numbers": numbers, "tally": tally.as_json(epoch), "position": orjson.Fragment(said)}
        file.section("meta")
        file.write(orjson.dumps(meta))


def _write_blocks(file: Writer, blocks: Iterator[Block]) -> int:
    """
    Write the sections of a table's numbers; how many there are.
    """
    firsts, at = array("Q"), array("I", [0])
    file.section("blocks")
    for block in _even(blocks):
        firsts.append(block.high << LOW_BITS | block.lows[0])
        at.append(at[-1] + len(block.lows))
        file.write(block.lows)
        file.write(block.stamps)
    file.section("first")
    file.write(firsts)
    file.section("at")
    file.write(at)
    return at[-1]


def _even(blocks: Iterator[Block]) -> Iterator[Block]:
    """
    Cut what is too large and join what is too small, as far as the high bits allow.
    """
    high, lows, stamps = -1, array("I"), array("I")
    for block in blocks:
        if block.high != high and lows:
            yield Block(high, lows, stamps)
            lows, stamps = array("I"), array("I")
        high = block.high
        lows += block.lows
        stamps += block.stamps
        while len(lows) >= BLOCK:
            yield Block(high, lows[:BLOCK], stamps[:BLOCK])
            lows, stamps = lows[BLOCK:], stamps[BLOCK:]
    if lows:
        yield Block(high, lows, stamps)


def _sorted(entries: Iterable[tuple[str, Answer]], zero: int, tally: Tally) -> Iterator[Block]:
    last, lows, stamps = 0, array("I"), array("I")
    for number, answer in entries:
        key, stamp = key_of(number), stamp_of(*answer)
        if key <= last:
            raise EntryError("numbers do not ascend")
        if not LEAST_CODE <= answer.code <= MOST_CODE:
            raise EntryError(f"{answer.code} is no final SIP answer, {LEAST_CODE} to {MOST_CODE}")
        if stamp < zero:
            continue
        if lows and (key >> LOW_BITS != last >> LOW_BITS or len(lows) == BLOCK):
            yield Block(last >> LOW_BITS, lows, stamps)
            lows, stamps = array("I"), array("I")
        last = key
        lows.append(key & LOW)
        stamps.append(stamp - zero)
        tally.move(NONE, stamp)
    if lows:
        yield Block(last >> LOW_BITS, lows, stamps)
