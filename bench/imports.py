"""
What reading a carrier's file costs: each deck in a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Final

from bench import decks
from bench.figures import Figure
from ratecards.artifact import pack
from ratecards.compile import compile_rules
from ratecards.deck import Mapping, read_deck
from ratecards.deck.write import write_deck
from ratecards.durable import write_atomically
from ratecards.model import Terms

NOW: Final = 2_000_000_000  # unix seconds; an instant after every effective date
CSV_ROWS, XLSX_ROWS, NPA_NXX_ROWS = 1_000_000, 100_000, 184_000


def measure() -> list[Figure]:
    """
    Write each deck, and time it from the file to a compiled card on disk.
    """
    with tempfile.TemporaryDirectory(prefix="ratedip-bench-") as directory:
        folder = Path(directory)
        csv, npa, xlsx = folder / "deck.csv", folder / "npa.csv", folder / "deck.xlsx"
        decks.write_deck(csv, decks.az_deck(CSV_ROWS))
        decks.write_csv(npa, decks.NPA_NXX_HEADER, decks.npa_nxx_deck(NPA_NXX_ROWS))
        decks.write_deck(folder / "small.csv", decks.az_deck(XLSX_ROWS))
        xlsx.write_bytes(write_deck(read_deck(folder / "small.csv").rules, xlsx))
        large, american, sheet = (_in_a_process(path) for path in (csv, npa, xlsx))
    return [
        Figure(f"CSV of {CSV_ROWS:,} rows to compiled card on disk", large["s"], "s", 5.0),
        Figure("its memory at the most", large["mib"], "MiB", 1536.0),
        Figure(f"CSV of {NPA_NXX_ROWS:,} NPA-NXX rows, likewise", american["s"], "s", 1.5),
        Figure(f"XLSX of {XLSX_ROWS:,} rows, likewise", sheet["s"], "s", 3.0),
    ]


def _in_a_process(path: Path) -> dict[str, float]:
    command = (sys.executable, "-m", "bench.imports", str(path))
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def main(path: Path) -> None:
    """
    Read one deck, compile it, put it on disk, and print seconds and the most memory used, in MiB.
    """
    start = time.perf_counter()
    deck = read_deck(path, now=NOW, currency="USD", mapping=Mapping(npa_nxx=path.stem == "npa"))
    if not deck.accepted:
        raise SystemExit(f"{path.name} was refused: {deck.report.reasons}")
    write_atomically(path.with_suffix(".card"), pack(compile_rules(deck.rules, Terms())))
    seconds = time.perf_counter() - start
    print(json.dumps({"s": seconds, "mib": getrusage(RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
