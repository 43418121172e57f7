"""
Where results are kept: `bench/results/latest.*`, and the table of record in the README.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from bench import plot, tables
from bench.results import Results

FOLDER: Final = Path(__file__).resolve().parent
README: Final = FOLDER / "README.md"
LATEST: Final = FOLDER / "results" / "latest"
BEGIN, END = "<!-- results: written by --save-readme -->", "<!-- end of results -->"


def save_latest(results: Results, stem: Path = LATEST) -> list[Path]:
    """
    Write the results as JSON, Markdown and picture, over those of the run before.
    """
    stem.parent.mkdir(exist_ok=True)
    data, text = stem.with_suffix(".json"), stem.with_suffix(".md")
    data.write_text(json.dumps(results.as_json(), indent=1, ensure_ascii=False) + "\n")
    text.write_text(tables.markdown(results))
    return [data, text, *plot.save(results, stem)]


def save_readme(results: Results, command: str, readme: Path = README) -> None:
    """
    Rewrite the part of the README between its two markers with these results.

    Raises:
        ValueError: The README has lost its markers.

    """
    text = readme.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{readme.name} has no {BEGIN} ... {END}")
    record = f"\n\nCommand: `{command}`. {tables.markdown(results)}\n![Throughput and p99](results/latest.svg)\n\n"
    readme.write_text(f"{before}{BEGIN}{record}{END}{after}")
