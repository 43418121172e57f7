"""
What other engines' published tests and documents expect of the same arithmetic.
"""

import csv
import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from ratecards.charge import billed_seconds
from ratecards.compile import compile_card
from ratecards.model import Caller, Rule, Terms
from ratecards.money import UNITS, format_units, parse_units, round_ratio, round_units
from ratecards.numbers import normalise
from ratecards.rules import to_frame

VECTORS = Path(__file__).parent / "vectors"


def rows(name: str) -> list[dict[str, str]]:
    with (VECTORS / name).open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "row", rows("billed_duration.csv"), ids=lambda r: f"{r['first_s']}/{r['next_s']} {r['duration_s']}s"
)
def test_billed_seconds_agree(row: dict[str, str]) -> None:
    billed = billed_seconds(int(row["duration_s"]), int(row["first_s"]), int(row["next_s"]))
    assert billed == int(row["expected_billed_s"])


def cost_of(row: dict[str, str]) -> Fraction:
    """
    The exact cost by our rule: a price, a first and a further increment.

    Where the source has a second price it starts after the call of that case has ended.
    """
    tiers: list[dict[str, Any]] = json.loads(row["tiers_json"])
    duration = int(row["duration_s"])
    reached = [tier for tier in tiers if tier["start_s"] < max(duration, 1)]
    assert len({tier["rate_per_min"] for tier in reached}) == 1
    mcd = tiers[1]["start_s"] if len(tiers) > 1 else tiers[0]["increment_s"]
    billed = billed_seconds(duration, mcd, tiers[-1]["increment_s"])
    rate = parse_units(tiers[0]["rate_per_min"])
    fee = parse_units(row["connect_fee"]) if billed else 0
    return Fraction(fee) + Fraction(rate * billed, 60)


@pytest.mark.parametrize("row", rows("call_cost.csv"), ids=lambda r: r["case"])
def test_costs_agree(row: dict[str, str]) -> None:
    exact = cost_of(row) * (1 + Fraction(row["vat_pct"]) / 100)
    decimals = int(row["decimals"] or 8)
    units = round_units(exact.numerator, exact.denominator, decimals, row["round_mode"] or "half_up")
    assert Decimal(format_units(units)) == Decimal(row["expected_cost"])


@pytest.mark.parametrize("row", rows("lpm_match.csv"), ids=lambda r: r["case"])
def test_longest_match_agrees(row: dict[str, str]) -> None:
    deck = {prefix.lstrip("+"): rate for prefix, rate in json.loads(row["deck_json"]).items()}
    card = compile_card(to_frame(Rule(prefix, "", parse_units(rate)) for prefix, rate in deck.items()), Terms())
    quote = card.quote(normalise(row["dialled"]), 0)
    if not row["expected_prefix"]:
        assert quote.verdict == "no_rate"
        return
    assert quote.prefix == row["expected_prefix"].lstrip("+")
    assert Decimal(format_units(quote.rate_units)) == Decimal(row["expected_rate"])


MODES = {"half": "half_up", "full_down": "down"}


@pytest.mark.parametrize(
    "row", rows("rounding.csv"), ids=lambda r: f"{r['value']} {r['mode'][:9]} {r['decimals_or_step']}"
)
def test_rounding_agrees(row: dict[str, str]) -> None:
    mode = MODES.get(row["mode"], row["mode"])
    if mode.startswith("step"):
        step = int(row["decimals_or_step"])
        assert round_ratio(int(row["value"].partition(".")[0]), step, "up") * step == int(row["expected"])
        return
    units = round_units(parse_units(row["value"]), 1, int(row["decimals_or_step"]), mode)
    assert Fraction(units, UNITS) == Fraction(row["expected"])


def origin_rules(rows_json: str) -> list[Rule]:
    return [
        Rule(prefix, "", parse_units(rate), origin=origin)
        for prefixes, origin, rate in json.loads(rows_json)
        for prefix in prefixes.split()
    ]


@pytest.mark.parametrize("row", rows("origin_dest_match.csv"), ids=lambda r: r["caller"])
def test_origin_based_prices_agree(row: dict[str, str]) -> None:
    rules = next(value for name, value in row.items() if name.startswith("rows_json"))
    card = compile_card(to_frame(origin_rules(rules)), Terms())
    quote = card.quote(normalise(row["callee"]), 0, Caller(normalise(row["caller"])))
    assert quote.prefix == row["expected_dest_prefix"]
    assert Decimal(format_units(quote.rate_units)) == Decimal(row["expected_rate"])
