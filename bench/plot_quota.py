"""
The error of quotas as a picture, by what is lent.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

SHADES = ("#9bd1bd", "#3c9a78", "#0b4e39")


class Point(Protocol):
    """
    A case and its figures.
    """

    @property
    def what(self) -> str: ...
    @property
    def processes(self) -> int: ...
    @property
    def fraction(self) -> float: ...
    @property
    def early_percent(self) -> float: ...
    @property
    def over_percent(self) -> float: ...


def draw(points: Sequence[Point], path: Path) -> None:
    """
    Draw a panel for each thing that happens, a line for each number of processes.
    """
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    names = list(dict.fromkeys(point.what for point in points))
    panels = figure.subplots(1, len(names))
    for nth, (axes, name) in enumerate(zip(panels, names, strict=True)):
        _panel(axes, [point for point in points if point.what == name], early=nth == 0)
        axes.set_title(name)
    panels[0].set_ylabel("left when first refused, % of the limit")
    panels[1].set_ylabel("let through beyond the limit, %")
    panels[0].legend(title="processes", frameon=False)
    with mpl.rc_context({"svg.hashsalt": "ratedip", "svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Date": None})


def _panel(axes: Axes, points: Sequence[Point], *, early: bool) -> None:
    for shade, count in zip(SHADES, sorted({point.processes for point in points}), strict=True):
        line = [point for point in points if point.processes == count]
        heights = [point.early_percent if early else point.over_percent for point in line]
        axes.plot([100 * point.fraction for point in line], heights, marker="o", color=shade, label=str(count))
    axes.set_xlabel("lent to all processes together, % of the limit")
    axes.set_ylim(bottom=0)
    axes.axvline(10, color="#9aa5b1", linewidth=0.8, linestyle=":")
    axes.spines[["top", "right"]].set_visible(False)
