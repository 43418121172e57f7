"""
What very large sets of numbers, and of numbers with answers, cost: ``python -m bench.numberset [NUMBERS]``.

They are built in one process and measured in another, whose memory is that of what it opened.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Final

from rich.console import Console

from bench.figures import Figure, median_us, seconds
from bench.tables import figures_table
from ratecards.numberset import MERGE_AT, Answers, Base, NumberSet, Policy
from ratecards.numberset.answer import CODES
from ratecards.numberset.base import Block
from ratecards.numberset.keys import LOW, LOW_BITS, number_of
from ratecards.numberset.tally import Tally, first_hour
from ratecards.numberset.write import write_blocks
from service.ops.kinds import digest_of_file, open_numbers

NUMBERS: Final = 20_000_000
NOW: Final = 2_000_000_000  # unix seconds
POLICY: Final = Policy()
ASKED: Final = 20_000
OPENINGS: Final = 5
BLOCK: Final = 10_000  # numbers that a regulator gives out at once
FULLEST: Final = 0.6  # of a block's numbers in use
RANGES: Final = (("1", 6), ("447", 5), ("336", 4), ("337", 4), ("4915", 5), ("4917", 5), ("919", 5), ("55119", 4))
"""What numbers begin with, and how many digits behind that tell blocks apart."""
_ANONYMOUS: Final = re.compile(r"^RssAnon:\s+(\d+) kB", re.MULTILINE)


def measure(numbers: int = NUMBERS) -> list[Figure]:
    """
    Take every figure.
    """
    with tempfile.TemporaryDirectory(prefix="ratedip-bench-") as directory:
        _run("build", directory, numbers)
        got: dict[str, float] = json.loads(_run("measure", directory, numbers))
    what = f"{numbers:,} numbers"
    return [
        Figure(f"{what} with answers, mapped", got["answer_bytes"], "bytes a number", 9.0),
        Figure("likewise as far apart as they can be", got["apart_bytes"], "bytes a number", 9.0),
        Figure("answer of a number, half of them unknown", got["find_us"], "µs", 10.0),
        Figure(f"likewise with {MERGE_AT:,} fresh ones above", got["find_fresh_us"], "µs", 10.0),
        Figure("answer of a call record taken in", got["take_us"], "µs"),
        Figure(f"memory of {MERGE_AT:,} fresh ones", got["fresh_mib"], "MiB"),
        Figure(f"{what} with answers opened", got["open_s"], "s", 2.0 * max(1, numbers / NUMBERS)),
        Figure("fresh ones merged into them", got["merge_s"], "s"),
        Figure(f"a set of {what}, on disk", got["set_bytes"], "bytes a number", 2.5),
        Figure("likewise in memory", got["set_memory_bytes"], "bytes a number", 2.5),
        Figure("whether a number is in the set, half are not", got["in_us"], "µs", 1.0),
        Figure("the set opened", got["set_open_s"], "s", 1.0),
        Figure("likewise as a serving process does it, verified by name and with breaths", got["set_served_s"], "s"),
    ]


def _run(step: str, directory: str, numbers: int) -> str:
    command = (sys.executable, "-m", "bench.numberset", step, directory, str(numbers))
    root = Path(__file__).resolve().parent.parent
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=root).stdout


def in_ranges(numbers: int, seed: int = 1) -> Iterator[array[int]]:
    """
    Draw numbers that are in use, block after block, in ascending order.
    """
    rng = Random(seed)
    blocks = int(numbers / (BLOCK * FULLEST / 2) / len(RANGES)) + 1
    prefixes = [int(head) * 10**digits + n for head, digits in RANGES for n in rng.sample(range(10**digits), blocks)]
    for prefix in sorted(prefixes):
        below = 1 + int(256 * FULLEST * rng.random())
        yield array("Q", [prefix * BLOCK + n for n, byte in enumerate(rng.randbytes(BLOCK)) if byte < below])


def far_apart(numbers: int, seed: int = 2) -> Iterator[array[int]]:
    """
    Draw numbers of up to 15 digits, any as likely as another, in ascending order.
    """
    rng = Random(seed)
    width = 10**15 // 1_000
    for start in range(0, 10**15, width):
        drawn = array("Q", rng.randbytes(8 * (numbers // 1_000)))
        yield array("Q", sorted({start + 1 + number % (width - 1) for number in drawn}))


def stamped(batches: Iterator[array[int]], seed: int = 3) -> Iterator[Block]:
    """
    Give each number an answer of the last 30 days.
    """
    rng = Random(seed)
    within = POLICY.keep_s * CODES
    for batch in batches:
        stamps, start = array("I", (drawn % within for drawn in array("I", rng.randbytes(4 * len(batch))))), 0
        while start < len(batch):
            high = batch[start] >> LOW_BITS
            stop = bisect_left(batch, high + 1 << LOW_BITS, start)
            yield Block(high, array("I", [key & LOW for key in batch[start:stop]]), stamps[start:stop])
            start = stop


def build(directory: Path, numbers: int) -> None:
    """
    Write the files.
    """
    epoch = first_hour(NOW, POLICY.keep_s)
    write_blocks(directory / "answers", stamped(in_ranges(numbers)), Tally(), epoch)
    write_blocks(directory / "apart", stamped(far_apart(numbers)), Tally(), epoch)
    NumberSet.of_keys(in_ranges(numbers)).save(directory / "set")


def measured(directory: Path) -> dict[str, float]:
    """
    Open the files and ask them.
    """
    asked = _asked(Base.open(directory / "answers"))
    got, memory = {}, _anonymous_bytes()
    listed = NumberSet.open(directory / "set")
    got["set_memory_bytes"] = (_anonymous_bytes() - memory) / len(listed)
    got["set_bytes"] = (directory / "set").stat().st_size / len(listed)
    got["in_us"] = median_us(listed.__contains__, asked)
    got["set_open_s"] = _median_s(lambda: NumberSet.open(directory / "set"))
    digest = digest_of_file(directory / "set")
    got["set_served_s"] = _median_s(lambda: open_numbers(directory / "set", digest))
    got["apart_bytes"] = (directory / "apart").stat().st_size / Base.open(directory / "apart").numbers
    got["open_s"] = _median_s(lambda: Answers(Base.open(directory / "answers")))
    base = Base.open(directory / "answers")
    got["answer_bytes"] = (directory / "answers").stat().st_size / base.numbers
    return got | _kept_up_to_date(Answers(base), asked, directory)


def _kept_up_to_date(answers: Answers, asked: list[str], directory: Path) -> dict[str, float]:
    got = {"find_us": median_us(lambda number: answers.find(number, NOW), asked)}
    fresh, memory = _drawn(Random(4), MERGE_AT), _anonymous_bytes()
    got["take_us"] = median_us(lambda number: answers.take(number, 404, NOW + 1, NOW + 1), fresh)
    got["fresh_mib"] = (_anonymous_bytes() - memory) / 2**20
    got["find_fresh_us"] = median_us(lambda number: answers.find(number, NOW), asked)
    got["merge_s"] = seconds(lambda: answers.write(directory / "merged", NOW))
    return got


def _asked(base: Base) -> list[str]:
    """
    Numbers to ask for: one half kept, the other drawn from like ranges.
    """
    rng = Random(6)
    blocks = list(base.blocks())
    known = (rng.choice(blocks) for _ in range(ASKED // 2))
    numbers = [number_of(block.high << LOW_BITS | rng.choice(block.lows)) for block in known]
    return rng.sample(numbers + _drawn(rng, ASKED // 2), ASKED)


def _drawn(rng: Random, count: int) -> list[str]:
    """
    Numbers from the ranges, whether in use or not.
    """
    ranges = (rng.choice(RANGES) for _ in range(count))
    return [f"{head}{rng.randrange(BLOCK * 10**digits):0{digits + 4}}" for head, digits in ranges]


def _median_s(action: Callable[[], object]) -> float:
    return statistics.median(seconds(action) for _ in range(OPENINGS))


def _anonymous_bytes() -> int:
    """
    Memory of this process that is no file's.
    """
    found = _ANONYMOUS.search(Path("/proc/self/status").read_text())
    return int(found[1]) * 1024 if found else 0


def main() -> None:
    """
    Print the figures; the two steps are run by :func:`measure`.
    """
    if sys.argv[1:2] == ["build"]:
        build(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1:2] == ["measure"]:
        print(json.dumps(measured(Path(sys.argv[2]))))
    else:
        Console().print(figures_table(measure(int(sys.argv[1]) if sys.argv[1:] else NUMBERS)))


if __name__ == "__main__":
    main()
