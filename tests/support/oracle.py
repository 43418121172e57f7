"""
The price of a call, found the slow and obvious way: a dict of prefixes, and Decimal.
"""

from collections import defaultdict
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from math import ceil
from typing import NamedTuple

from ratecards.model import Rule

UNIT = Decimal("1e-10")


class Priced(NamedTuple):
    """
    What the oracle says; ``rule`` None: no price, and ``verdict`` why.
    """

    prefix: str
    rule: Rule | None
    verdict: str | None


class Oracle:
    """
    A card as a dict of prefix to its rules.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules: dict[str, list[Rule]] = defaultdict(list)
        for rule in rules:
            self.rules[rule.prefix].append(rule)

    def price(self, number: str, at: int) -> Priced:
        ended = False
        for length in range(len(number), 0, -1):
            rules = self.rules.get(number[:length], ())
            live = [
                r for r in rules if (r.effective is None or r.effective <= at) and (r.expires is None or at < r.expires)
            ]
            if live:
                rule = max(live, key=lambda r: -(2**63) if r.effective is None else r.effective)
                return Priced(rule.prefix, rule, "blocked" if rule.blocked else None)
            ended = ended or any(r.expires is not None and r.expires <= at for r in rules)
        return Priced("", None, "expired" if ended else "no_rate")


def cost(rule: Rule, duration: int | Decimal) -> Decimal:
    """
    In the currency, to 8 decimals, halves up.
    """
    if duration == 0:
        return Decimal(0)
    billed = rule.mcd_s + max(0, ceil((Decimal(duration) - rule.mcd_s) / rule.pulse_s)) * rule.pulse_s
    exact = rule.connect_fee_units * UNIT + rule.rate_units * UNIT * billed / 60
    return exact.quantize(Decimal("1e-8"), ROUND_HALF_UP)
