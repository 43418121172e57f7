"""
What replayed calls came to, as it is told: totals, destinations, losers, refused rows.
"""

from dataclasses import asdict
from typing import Any

from ratecards.money import format_units, round_ratio
from ratecards.replay import Loser, Replay, Tally
from ratecards.replay.tally import Sums
from service.manage.replay_order import COLUMNS
from service.render.table import Row


def report(tally: Tally, sides: Replay, limit: int) -> dict[str, Any]:
    """
    Tell what calls came to.

    Args:
        limit: destinations listed, those first whose cost changes most.

    Returns:
        ``totals``, ``destinations``, ``others`` (the sums of those not listed; None: all are), ``total`` (of
        destinations), ``losers`` and ``refusals``; amounts as decimal texts, seconds as whole numbers.
    """
    margins = sides.against is not None
    named = sorted(sides.by_name(tally).items(), key=lambda item: (-abs(_difference(item[1])), item[0]))
    listed, rest = named[:limit], named[limit:]
    return {
        "totals": _totals(tally, margins=margins),
        "destinations": [_row(name, sums, margins=margins) for name, sums in listed],
        "others": _row(f"{len(rest)} others", _added([sums for _, sums in rest]), margins=margins) if rest else None,
        "total": len(named),
        "losers": [_loser(call) for call in tally.losers],
        "refusals": [asdict(refusal) for refusal in tally.refusals.first],
    }


def _totals(tally: Tally, *, margins: bool) -> Row:
    total = tally.total
    row = _row("", total, margins=margins)
    del row["name"]
    more = {
        "newly_unpriced_cost": format_units(total["newly_unpriced_cost"]),
        "newly_priced_cost": format_units(total["newly_priced_cost"]),
        "compared_before": total["compared_before"] if margins else None,
        "compared_after": total["compared_after"] if margins else None,
    }
    rated = {f"rated_{side}": total[f"rated_{side}"] for side in ("before", "after")}
    read = {"rows": tally.rows, "refused": tally.refusals.count, "unanswered": tally.unanswered}
    return {**read, **row, **rated, **more}


def _row(name: str, sums: Sums, *, margins: bool) -> Row:
    before, after = sums["cost_before"], sums["cost_after"]
    compared = {side: margins and sums[f"compared_{side}"] for side in ("before", "after")}
    row: Row = {
        "name": name,
        "calls": sums["calls"],
        "minutes": _hundredths(round_ratio(sums["duration_s"] * 100, 60, "half_up")),
        "seconds": sums["duration_s"],
        "billed_before": sums["billed_before_s"],
        "billed_after": sums["billed_after_s"],
        "cost_before": format_units(before),
        "cost_after": format_units(after),
        "difference": format_units(after - before),
        "change_percent": _hundredths(round_ratio((after - before) * 10_000, before, "half_up")) if before else None,
    }
    for side in ("before", "after"):
        row[f"margin_{side}"] = format_units(sums[f"margin_{side}"]) if compared[side] else None
        row[f"losing_{side}"] = sums[f"losing_{side}"] if margins else None
    return {column: row.get(column, sums.get(column)) for column in COLUMNS}


def _difference(sums: Sums) -> int:
    return sums["cost_after"] - sums["cost_before"]


def _added(parts: list[Sums]) -> Sums:
    return {name: sum(sums[name] for sums in parts) for name in parts[0]}


def _hundredths(count: int) -> str:
    """
    Hundredths as a decimal text.
    """
    return format_units(count * 10**8)


def _loser(call: Loser) -> Row:
    return {
        "line": call.line,
        "number": call.number,
        "name": call.destination,
        "duration": call.duration_s,
        "sell": format_units(call.sell_units),
        "buy": format_units(call.buy_units),
        "margin_before": None if call.margin_before is None else format_units(call.margin_before),
        "margin_after": format_units(call.margin_after),
    }
