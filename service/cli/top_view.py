"""
A look at a node as a page of a terminal.
"""

from collections.abc import Iterable, Mapping

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from service.watch.rates import Rates

MOST = 12
"""Rows of a table: the busiest."""


def view(rates: Rates, place: str) -> RenderableType:
    """
    Args:
        place: where it was looked at.
    """
    parts: list[RenderableType] = [_headline(rates, place), _lookups(rates)]
    if rates.accounts:
        parts.append(_accounts(rates.accounts))
    if any(sum(row.values()) for row in rates.services.values()):
        parts.append(_services(rates.services))
    return Group(*parts)


def _headline(rates: Rates, place: str) -> Text:
    now, total = rates.now, sum(pace.per_second for pace in rates.lookups.values())
    workers, ready = now.get("workers", 0), now.get("ready", 0)
    line = Text.assemble(
        (f"{total:,.0f}", "bold"), " look-ups/s   ",
        (f"{ready:.0f}/{workers:.0f}", "bold green" if ready == workers else "bold red"), " processes ready   ",
        f"cpu {rates.cpu:.0%}   memory {now.get('memory_bytes', 0) / 2**20:,.0f} MiB   ",
        f"connections {rates.connections.get('open', 0):,.0f}   ",
        f"loop late by {now.get('loop_lag_worst_seconds', 0) * 1000:.1f} ms   ",
        f"generation {now.get('generation', 0):.0f}   records {rates.records_per_second:,.0f}/s",
    )  # fmt: skip
    for name, words in _TROUBLES.items():
        if name in now and bool(now[name]) is not name.endswith("_up"):
            line.append(f"\n{words}", "bold red")
    line.append(f"\n{place}", "dim")
    return line


_TROUBLES = {
    "store_up": "the store does not answer",
    "redis_up": "Redis does not answer; each process goes on by its share",
    "broken": "cards or files of numbers cannot be opened",
    "draining": "draining",
}


def _lookups(rates: Rates) -> Table:
    table = Table("look-up", box=None, pad_edge=False)
    for name in ("per second", "p50 µs", "p90 µs", "p99 µs"):
        table.add_column(name, justify="right")
    table.add_column("verdicts per second")
    busiest = sorted(rates.lookups.items(), key=lambda row: -row[1].per_second)
    for service, pace in busiest[:MOST]:
        spans = (_figure(value) for value in (pace.p50_us, pace.p90_us, pace.p99_us))
        table.add_row(service, f"{pace.per_second:,.0f}", *spans, _words(rates.verdicts.get(service, {})))
    return table


def _accounts(accounts: Mapping[str, Mapping[str, float]]) -> Table:
    table = Table("account", box=None, pad_edge=False)
    for name in ("admitted/s", "refused/s"):
        table.add_column(name, justify="right")
    for account, row in _busiest(accounts):
        refused = row.get("refused", 0.0)
        shown = Text(f"{refused:,.0f}", "red" if refused else "")
        table.add_row(Text(account), f"{row.get('admitted', 0.0):,.0f}", shown)
    return table


def _services(services: Mapping[str, Mapping[str, float]]) -> Table:
    table = Table("service", "answers per second", box=None, pad_edge=False)
    for service, row in _busiest(services):
        table.add_row(service, _words(row))
    return table


def _busiest(rows: Mapping[str, Mapping[str, float]]) -> Iterable[tuple[str, Mapping[str, float]]]:
    return sorted(rows.items(), key=lambda row: -sum(row[1].values()))[:MOST]


def _words(row: Mapping[str, float]) -> str:
    shown = sorted(((value, name) for name, value in row.items() if value), reverse=True)
    return "  ".join(f"{name} {value:,.0f}" if value >= 1 else f"{name} {value:.1f}" for value, name in shown)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"
