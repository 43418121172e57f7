"""
The margin rules of a customer, and how the resulting prices are rounded.
"""

from dataclasses import dataclass

from ratecards.margin.rule import MarginError, MarginRule
from ratecards.money import DECIMALS, ROUNDINGS, Rounding


@dataclass(frozen=True, slots=True)
class MarginPlan:
    """
    The margin rules of a customer.

    Attributes:
        rules: the one with the longest matching prefix applies; one of them has the empty prefix, so that no price is
            sold at cost by oversight.
        decimals: of the resulting prices.
        rounding: of the resulting prices; ``up``, so that no margin is lost to it.

    """

    rules: tuple[MarginRule, ...]
    decimals: int = 6
    rounding: Rounding = "up"

    def __post_init__(self) -> None:
        """
        Refuse a plan that leaves something open.
        """
        if not (type(self.decimals) is int and 0 <= self.decimals <= DECIMALS):
            raise MarginError(f"prices have 0 to {DECIMALS} decimals, not {self.decimals!r}")
        if self.rounding not in ROUNDINGS:
            raise MarginError(f"rounding is one of {', '.join(ROUNDINGS)}, not {self.rounding!r}")
        seen: set[str] = set()
        for rule in self.rules:
            if rule.prefix in seen:
                raise MarginError(f"{rule}: is there twice")
            seen.add(rule.prefix)
            self._refuse_finer(rule)
        if "" not in seen:
            raise MarginError('no margin rule for every number: one rule needs the prefix ""')

    def _refuse_finer(self, rule: MarginRule) -> None:
        """
        A limit between two prices that can be written would be crossed by rounding.
        """
        for name, units in (("floor", rule.floor_units), ("ceiling", rule.ceiling_units)):
            if (units or 0) % 10 ** (DECIMALS - self.decimals):
                raise MarginError(f"{rule}: its {name} has more than {self.decimals} decimals")

    @classmethod
    def from_json(cls, data: object) -> "MarginPlan":
        """
        Read ``{"rules": [...], "decimals": 6, "rounding": "up"}``; the last two may be left out.

        Raises:
            MarginError: it is something else.

        """
        if not isinstance(data, dict) or not isinstance(data.get("rules"), list):
            raise MarginError('a margin plan is an object with a list of "rules"')
        for name in data:
            if name not in {"rules", "decimals", "rounding"}:
                raise MarginError(f"unknown field {name!r} in a margin plan")
        rules = tuple(map(MarginRule.from_json, data["rules"]))
        return cls(rules, data.get("decimals", 6), data.get("rounding", "up"))

    def as_json(self) -> dict[str, object]:
        """
        Write what :meth:`from_json` reads.
        """
        return {"rules": [rule.as_json() for rule in self.rules], "decimals": self.decimals, "rounding": self.rounding}
