"""
The results as tables: for the terminal, and as Markdown for the files.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table

from bench.figures import Figure
from bench.results import BASELINES, P99_TARGET_US, RATIO_TARGETS, SWAP_TARGET, Results, ServerSamples, Spread
from bench.servers import NGINX_LUA, RATEDIP

HEADINGS = (
    "server",
    "req/s",
    "min-max",
    *(f"vs {name}" for name in BASELINES),
    "p50, µs",
    "p99, µs",
    "min-max",
)
THOUSANDS_FROM = 10_000
FIGURE_HEADINGS = ("inside the process", "measured", "here 1 is", "as there", "target", "")


def terminal_table(results: Results) -> Table:
    """
    Lay the side-by-side comparison out for a terminal; a failed row says why in red.
    """
    table = Table(caption=_title(results), box=box.SIMPLE_HEAD)
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading == "server" else "right")
    for server in results.servers:
        style = "red" if server.failures else "bold" if server.name == RATEDIP else None
        table.add_row(*_cells(results, server), style=style)
    return table


def figures_table(figures: Sequence[Figure]) -> Table:
    """
    Lay the in-process figures out for a terminal.
    """
    table = Table(*FIGURE_HEADINGS)
    for cells in _figure_rows(figures):
        table.add_row(*cells)
    return table


def markdown(results: Results) -> str:
    """
    Render everything a reader needs: the tables, the targets met or missed, and on what it was measured.
    """
    parts = [
        _title(results) + ".",
        _markdown_table(HEADINGS, [_cells(results, server) for server in results.servers]),
        "\n".join(verdicts(results)),
    ]
    if results.figures:
        parts.append(_markdown_table(FIGURE_HEADINGS, _figure_rows(results.figures)))
    parts.append("\n".join(f"- {name}: {value}" for name, value in results.facts.items()))
    return "\n\n".join(part for part in parts if part) + "\n"


def _title(results: Results) -> str:
    settings = results.settings
    return (
        f"Median of {settings['rounds']} rounds of {settings['seconds']} s, {settings['prefixes']:,} prefixes, "
        f"{settings['connections']} keep-alive connections, "
        "one core for the load and one for the server; p50 and p99 at half of each server's own saturation"
    )


def _cells(results: Results, server: ServerSamples) -> list[str]:
    if server.failures:
        return [server.name, "FAILED", *["-"] * (len(HEADINGS) - 2)]
    ratios = [_ratio(server, results.baseline(name)) for name in BASELINES]
    p50, p99 = server.p50_us, server.p99_us
    return [server.name, *_spread(server.requests_per_s), *ratios, f"{p50.median:,.0f}", *_spread(p99)]


def _ratio(server: ServerSamples, baseline: ServerSamples | None) -> str:
    if baseline is None or baseline is server:
        return "-" if baseline is None else "1"
    return f"{server.ratio(baseline).median:.2f}"


def _spread(spread: Spread) -> tuple[str, str]:
    return f"{spread.median:,.0f}", f"{_short(spread.least)}-{_short(spread.greatest)}"


def _short(value: float) -> str:
    return f"{value / 1000:,.1f}k" if value >= THOUSANDS_FROM else f"{value:,.0f}"


def verdicts(results: Results) -> list[str]:
    """
    Say what failed, and hold ratedip against its targets; one line each.
    """
    failed = [f"- {row.name}: **FAILED: {'; '.join(row.failures)}**" for row in results.servers if row.failures]
    own = results.baseline(RATEDIP)
    return failed if own is None else [*failed, *_target_verdicts(results, own), *_swap_verdict(results, own)]


def _target_verdicts(results: Results, own: ServerSamples) -> list[str]:
    peers = {name: peer for name in BASELINES if (peer := results.baseline(name))}
    lines = [
        _verdict(f"throughput vs {name}", own.ratio(peer).median, RATIO_TARGETS[name], at_most=False)
        for name, peer in peers.items()
    ]
    lines.append(_verdict("p99 at half of saturation, µs", own.p99_us.median, P99_TARGET_US, at_most=True))
    if NGINX_LUA in peers:
        limit = peers[NGINX_LUA].p99_us.median
        lines.append(_verdict(f"p99 against {NGINX_LUA}'s, µs", own.p99_us.median, limit, at_most=True))
    return lines


def _swap_verdict(results: Results, own: ServerSamples) -> list[str]:
    what = f"p99 while {results.settings['swapped_in']:,} prefixes are swapped in, over p99 without"
    if results.swap_failures:
        return [f"- {what}: **FAILED: {'; '.join(results.swap_failures)}**"]
    during = results.swap_p99_us
    return [_verdict(what, during.median / own.p99_us.median, SWAP_TARGET, at_most=True)] if during else []


def _verdict(what: str, value: float, target: float, *, at_most: bool) -> str:
    met = value <= target if at_most else value >= target
    sign = "≤" if at_most else "≥"
    return f"- {what}: {value:,.2f}, target {sign} {target:,.2f}: {'met' if met else '**missed**'}"


def _figure_rows(figures: Sequence[Figure]) -> list[list[str]]:
    return [_figure_row(figure) for figure in figures]


def _figure_row(figure: Figure) -> list[str]:
    compared = figure.there != figure.value
    slower, there = (f"{figure.slower:.2f}", f"{figure.there:,.3g} {figure.unit}") if compared else ("-", "-")
    measured = f"{figure.value:,.3g} {figure.unit}"
    return [figure.name, measured, slower, there, figure.target_words, figure.verdict]


def _markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    alignment = ["---", *["---:"] * (len(headings) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (headings, alignment, *rows))
