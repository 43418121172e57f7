"""
A table of ported numbers, of any length and in any order, made into its file; memory flat.

Runs of some hundred thousand lines are cleaned, sorted and put aside; then the range of all numbers is gone through a
stretch at a time, each merged from its part of every run.
"""

import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from pathlib import Path

import orjson
import polars as pl

from ratecards.numbering.lrn import BLOCK, KIND
from ratecards.numbering.lrn_lines import Reader
from ratecards.numbering.reading import MAX_UNPACKED, Report, blocks
from ratecards.numbers import MAX_DIGITS
from ratecards.numberset.checkpoint import Writer, writing
from ratecards.numberset.packed import opened
from ratecards.numberset.refusals import ListError

RUN_BYTES = 8 * 2**20
"""Of a table read at once."""
STRETCH = 1_000_000
"""Numbers merged at once."""
MAX_RECORDS = 2_000_000
"""Different carriers, places and location routing numbers of a table, together; there are some hundred thousand."""
MAX_ROWS = 2**32 - 1
_SAMPLE = 512
_COPY = 2**20
_SMALL = 2**16


@dataclass(slots=True)
class _Runs:
    """
    What was read so far.

    Attributes:
        files: sorted runs, each of numbers and the places of their records.
        samples: every five hundredth number of each run.
        rows: in all of them.
    """

    folder: Path
    files: list[Path] = field(default_factory=list)
    samples: list["array[int]"] = field(default_factory=list)
    rows: int = 0

    def add(self, run: pl.DataFrame) -> None:
        """
        Put a run aside, sorted; what came later of a number stays behind what came before.
        """
        path = self.folder / f"{len(self.files)}.arrow"
        run = run.sort("number", maintain_order=True)
        run.write_ipc(path, compression="uncompressed")
        self.files.append(path)
        self.samples.append(array("Q", run["number"].gather_every(_SAMPLE).to_list()))
        self.rows += run.height

    def stretches(self) -> Iterator[pl.DataFrame]:
        """
        All numbers in ascending order, once each: what the last line said of it.
        """
        number = pl.col("number")
        for first, end in pairwise(self._bounds()):
            parts = [self._part(run, first, end) for run in range(len(self.files))]
            part = pl.concat(parts).filter((number >= first) & (number < end)).sort("number", maintain_order=True)
            yield part.unique("number", keep="last", maintain_order=True).collect()

    def _part(self, run: int, first: int, end: int) -> pl.LazyFrame:
        """
        All of a run that may be from one number up to another, and little more.
        """
        sample = self.samples[run]
        start = max(0, bisect_left(sample, first) - 1) * _SAMPLE
        return pl.scan_ipc(self.files[run]).slice(start, bisect_left(sample, end) * _SAMPLE - start)

    def _bounds(self) -> list[int]:
        """
        Where stretches end, each with a block that ends.
        """
        ordered = sorted(number for sample in self.samples for number in sample)
        found = (number // BLOCK * BLOCK for number in ordered[STRETCH // _SAMPLE :: STRETCH // _SAMPLE])
        return [0, *dict.fromkeys(found), 10**MAX_DIGITS]


def build(source: Path, target: Path, progress: Callable[[int], None] | None = None) -> Report:
    """
    Make the file of a table.

    Args:
        source: lines of ``tn``, ``lrn``, ``ocn``, ``lata``, ``city``, ``state``, ``jurisdiction``, ``lec``, ``local``,
            in this order or as a header says; numbers of ten digits are North American. Of a number that is listed
            twice the last line counts. A line without an ``lrn`` is of a number that was not ported.
        progress: is told how many lines were read.

    Returns:
        How many numbers, and the lines that were left out.

    Raises:
        ListError: there is no column of numbers, no number, or more different records than a table can hold.
        OSError: a file cannot be read or written.
    """
    report = Report()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
        runs, reader = _Runs(Path(folder)), Reader(report.refusals)
        with opened(source, MAX_UNPACKED) as file:
            for block in blocks(file, source.name, RUN_BYTES):
                runs.add(reader.read(block))
                _check(reader, runs)
                if progress is not None:
                    progress(reader.lines)
        if not runs.rows:
            raise ListError("there is no number in it")
        with writing(target, KIND) as out:
            report.rows = _write(out, runs, reader.records)
    return report


def _check(reader: Reader, runs: _Runs) -> None:
    if len(reader.records) > MAX_RECORDS:
        raise ListError(f"more than {MAX_RECORDS:,} different location routing numbers, carriers and places")
    if runs.rows > MAX_ROWS:
        raise ListError(f"more than {MAX_ROWS:,} numbers")


def _write(out: Writer, runs: _Runs, records: list[tuple[str, ...]]) -> int:
    """
    Write the sections; how many numbers there are.
    """
    code = "H" if len(records) <= _SMALL else "I"
    blocks_, at = array("Q"), array("I", [0])
    aside = runs.folder / "places"
    out.section("lows")
    with aside.open("wb") as places:
        for stretch in runs.stretches():
            out.write(array("H", (stretch["number"] % BLOCK).to_list()))
            array(code, stretch["record"].to_list()).tofile(places)
            counted = stretch.group_by(pl.col("number") // BLOCK, maintain_order=True).len()
            blocks_.extend(counted["number"].to_list())
            for count in counted["len"].to_list():
                at.append(at[-1] + count)
    out.section("places")
    with aside.open("rb") as places:
        while copied := places.read(_COPY):
            out.write(copied)
    meta = orjson.dumps({"rows": at[-1], "places": code})
    written = [orjson.dumps(record) for record in records]
    ends = array("Q", accumulate(map(len, written), initial=0))
    for name, content in (
        ("blocks", blocks_),
        ("at", at),
        ("meta", meta),
        ("ends", ends),
        ("records", b"".join(written)),
    ):
        out.section(name)
        out.write(content)
    return at[-1]
