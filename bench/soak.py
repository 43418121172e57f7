"""
A server for twenty minutes while clients break off, cards are replaced and keys change: ``python -m bench.soak``.

Draws memory, descriptors and p99 over the time. With ``tests`` on PYTHONPATH, as ``make soak`` has it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from support.soak import Soak, soak

from bench.plot import OWN, save_svg

PICTURE = Path(__file__).parents[1] / "docs" / "soak.svg"
MIB = 2**20
TURN_S = 57.0
"""And three seconds in which the next card takes over."""
SAMPLE_S = 3.0
MOST_OPENED, MOST_GROWTH = 5, 0.1


def main(
    minutes: Annotated[float, typer.Option(help="How long.")] = 20,
    picture: Annotated[Path, typer.Option(help="Where memory, descriptors and p99 are drawn.")] = PICTURE,
) -> None:
    """
    Exit 1: something failed, or is more than it was.
    """
    turn_s = min(TURN_S, minutes * 60 / 4)
    with tempfile.TemporaryDirectory(prefix="ratedip-soak-") as folder:
        seen = soak(Path(folder), minutes * 60, turn_s, min(SAMPLE_S, turn_s / 4), _tell)
    draw(seen, picture)
    is_flat = abs(seen.more(seen.descriptors())) <= MOST_OPENED and seen.growth() <= MOST_GROWTH
    sys.exit(0 if is_flat and not seen.failed else 1)


def _tell(seen: Soak) -> None:
    print(said(seen), flush=True)
    for failed in seen.failed[:5]:
        print(failed)


def said(seen: Soak) -> str:
    answered = sum(sample.answered for sample in seen.samples)
    return (
        f"{seen.samples[-1].at_s / 60:.1f} minutes, {answered:,} answers, {seen.reloads} cards, "
        f"{seen.dropped:,} broken off, {len(seen.failed)} failed, "
        f"descriptors {seen.more(seen.descriptors()):+.0f}, memory {seen.growth():+.1%}"
    )


def draw(seen: Soak, path: Path) -> None:
    """
    Draw a panel for each of what is watched, one above the other.
    """
    figure = Figure(figsize=(10, 6), layout="constrained")
    panels = figure.subplots(3, 1, sharex=True)
    minutes = [sample.at_s / 60 for sample in seen.samples]
    _line(panels[0], minutes, [held / MIB for held in seen.memory()], "memory of their own, MiB")
    _line(panels[1], minutes, list(map(float, seen.descriptors())), "descriptors")
    _line(panels[2], minutes, [1000 * sample.p99_s for sample in seen.samples], "p99, ms")
    panels[2].set_xlabel("minutes")
    panels[2].set_yscale("log")
    figure.suptitle(said(seen))
    save_svg(figure, path)


def _line(axes: Axes, at: list[float], values: list[float], label: str) -> None:
    axes.plot(at, values, color=OWN, linewidth=1.2)
    axes.set_ylabel(label)
    if label != "p99, ms":
        axes.set_ylim(0, 1.2 * max(values))
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    typer.run(main)
