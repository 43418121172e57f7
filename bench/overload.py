"""
Three times as much as a server can do, and what it was and is without: ``python -m bench.overload``.

Draws answers, refusals and p99 second by second. With ``tests`` on PYTHONPATH, as ``make overload`` has it.
"""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from support.cards import RETAIL, install
from support.paced import Seen, load
from support.server import Server, serve

from bench.plot import OTHERS, OWN, save_svg

PICTURE = Path(__file__).parents[1] / "docs" / "overload.svg"
FEW, MANY = 64, 1500
"""Connections, of a usual load and of an overload."""
REFUSED = "#c0392b"


@dataclass(frozen=True)
class Second:
    """
    Attributes:
        asked: a second, as a part of capacity.
        p99_s: of answers, not of refusals.
    """

    asked: float
    answered_per_s: float
    refused_per_s: float
    p99_s: float
    refused_p50_s: float


def main(
    seconds: Annotated[int, typer.Option(help="Of each of the three stretches.")] = 10,
    picture: Annotated[Path, typer.Option(help="Where it is drawn.")] = PICTURE,
) -> None:
    """
    Half of capacity, three times capacity, half of capacity again.
    """
    with tempfile.TemporaryDirectory(prefix="ratedip-bench-") as folder:
        install(Path(folder), "retail", RETAIL)
        with serve(Path(folder), DEMO="1", DEMO_RPS="1000000000", DEMO_CARD="retail") as server:
            capacity = load(server, FEW, 0, seconds).per_s
            seen = [one for part in (0.5, 3.0, 0.5) for one in _stretch(server, capacity, part, seconds)]
    draw(seen, capacity, picture)
    over = [one for one in seen if one.asked > 1]
    print(
        f"capacity {capacity:,.0f}/s; at three times that {statistics.median(o.answered_per_s for o in over):,.0f}/s "
        f"answered ({statistics.median(o.answered_per_s for o in over) / capacity:.0%}), "
        f"{statistics.median(o.refused_per_s for o in over):,.0f}/s refused, half of them within "
        f"{1000 * statistics.median(o.refused_p50_s for o in over):.0f} ms; p99 "
        f"{1000 * statistics.median(o.p99_s for o in seen[:seconds]):.0f} ms before, "
        f"{1000 * statistics.median(o.p99_s for o in seen[-seconds:]):.0f} ms after"
    )


def _stretch(server: Server, capacity: float, part: float, seconds: int) -> list[Second]:
    seen = load(server, MANY if part > 1 else FEW, part * capacity, seconds)
    return [_second(seen, part, second) for second in range(seconds)]


def _second(seen: Seen, part: float, second: int) -> Second:
    good = [took_s for took_s, at in zip(seen.good, seen.good_at, strict=True) if second <= at < second + 1]
    refused = [took_s for took_s, at in zip(seen.refused, seen.refused_at, strict=True) if second <= at < second + 1]
    p99_s = statistics.quantiles(good, n=100)[98] if len(good) > 1 else 0.0
    return Second(part, len(good), len(refused), p99_s, statistics.median(refused) if refused else 0.0)


def draw(seen: list[Second], capacity: float, path: Path) -> None:
    """
    Draw what was answered and refused above, how late it was below.
    """
    figure = Figure(figsize=(10, 5.5), layout="constrained")
    rates, times = figure.subplots(2, 1, sharex=True)
    at = list(range(len(seen)))
    rates.plot(at, [one.asked * capacity for one in seen], color=OTHERS, linestyle=":", label="asked")
    rates.plot(at, [one.answered_per_s for one in seen], color=OWN, label="answered")
    rates.plot(at, [one.refused_per_s for one in seen], color=REFUSED, label="refused with 503")
    rates.axhline(0.8 * capacity, color=OWN, linewidth=0.6, linestyle="--", label="four fifths of capacity")
    rates.set_ylabel("a second")
    times.plot(at, [1000 * one.p99_s for one in seen], color=OWN, label="p99 of answers")
    refused = [(second, one) for second, one in zip(at, seen, strict=True) if one.refused_per_s]
    times.plot(
        [s for s, _ in refused], [1000 * o.refused_p50_s for _, o in refused], color=REFUSED, label="refusals, p50"
    )
    times.set_yscale("log")
    times.set_ylabel("ms")
    times.set_xlabel("second")
    for axes in (rates, times):
        _tidy(axes)
    save_svg(figure, path)


def _tidy(axes: Axes) -> None:
    axes.legend(frameon=False, loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    typer.run(main)
