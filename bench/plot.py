"""
The results as a picture: throughput on the left, p99 at half of saturation on the right.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.results import Results, ServerSamples, Spread
from bench.servers import RATEDIP

OWN, OTHERS = "#0b6e4f", "#9aa5b1"
SUFFIXES: Final = (".png", ".svg")


def save(results: Results, stem: Path) -> list[Path]:
    """
    Draw the rows that did not fail and save the picture as PNG and SVG beside each other.
    """
    shown = [server for server in reversed(results.servers) if not server.failures]
    figure = Figure(figsize=(11, 0.6 * len(shown) + 1.9), layout="constrained")
    throughput, latency = figure.subplots(1, 2, sharey=True)
    _bars(throughput, shown, [server.requests_per_s for server in shown], "requests/s on one core")
    _bars(latency, shown, [server.p99_us for server in shown], "p99 at half of saturation, µs")
    settings = results.settings
    figure.suptitle(f"Median and spread, {settings['prefixes']:,} prefixes, rounds: {settings['rounds']}")
    paths = [stem.with_suffix(suffix) for suffix in SUFFIXES]
    for path in paths:
        with mpl.rc_context({"svg.hashsalt": "ratedip", "svg.fonttype": "none"}):
            figure.savefig(path, dpi=130, metadata={"Date": None} if path.suffix == ".svg" else None)
    return paths


def _bars(axes: Axes, shown: Sequence[ServerSamples], spreads: Sequence[Spread], label: str) -> None:
    names = [server.name for server in shown]
    medians = [spread.median for spread in spreads]
    below = [spread.median - spread.least for spread in spreads]
    above = [spread.greatest - spread.median for spread in spreads]
    colours = [OWN if name == RATEDIP else OTHERS for name in names]
    axes.barh(names, medians, xerr=[below, above], color=colours, ecolor="#394150", capsize=3)
    for height, median in enumerate(medians):
        axes.annotate(f" {median:,.0f}", (0, height), va="center", color="white", fontweight="bold")
    axes.set_xlabel(label)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.spines[["top", "right"]].set_visible(False)


def save_svg(figure: Figure, path: Path) -> None:
    """
    Save a picture that is the same file for the same figures.
    """
    with mpl.rc_context({"svg.hashsalt": "ratedip", "svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Date": None})
