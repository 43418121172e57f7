"""
What a rate card says: rules, the terms they share, and the answer to "what does this number cost".
"""

from dataclasses import dataclass, field
from enum import StrEnum

from ratecards.money import Rounding, format_units


class Verdict(StrEnum):
    """
    Why there is no price.
    """

    NO_RATE = "no_rate"
    BLOCKED = "blocked"
    EXPIRED = "expired"


class Jurisdiction(StrEnum):
    """
    Which of a North American card's rates applies to a call.
    """

    INTERSTATE = "interstate"
    INTRASTATE = "intrastate"
    INDETERMINATE = "indeterminate"
    INTERNATIONAL = "international"


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One price of one prefix for one span of time.

    Attributes:
        prefix: E.164 digits.
        rate_units: price of 60 s in units of 10**-10 of the card's currency.
        connect_fee_units: charged once a call, same unit.
        mcd_s: minimum call duration: the first increment, in seconds.
        pulse_s: every further increment, in seconds, at least 1.
        effective: unix second from which the rule holds; None: always did.
        expires: unix second from which it no longer holds; None: never.
        blocked: calls to this prefix must not be routed.
        origin: calling prefixes (``"1242 1246"``) or an origin group; empty: any caller.
        rate_inter_units: interstate price, where the card has jurisdictions; likewise intra and indeterminate.
        min_digits: shortest number the rule is for; likewise the longest.

    """

    prefix: str
    name: str
    rate_units: int
    connect_fee_units: int = 0
    mcd_s: int = 1
    pulse_s: int = 1
    effective: int | None = None
    expires: int | None = None
    blocked: bool = False
    origin: str = ""
    rate_inter_units: int | None = None
    rate_intra_units: int | None = None
    rate_indeterminate_units: int | None = None
    min_digits: int | None = None
    max_digits: int | None = None

    @property
    def rate(self) -> str:
        """
        The price of 60 s as a decimal string.
        """
        return format_units(self.rate_units)


@dataclass(frozen=True, slots=True)
class Terms:
    """
    What all rules of a card share.

    Attributes:
        currency: ISO 4217 code.
        precision: decimals of a cost, at most 10.
        rounding: how a cost is rounded, once, at the end.
        rates_by_lrn: the location routing number is rated, not the dialled one.
        origin_group: calling prefixes, separated by spaces, that the origin group ``group`` stands for.

    """

    currency: str = "USD"
    precision: int = 8
    rounding: Rounding = "half_up"
    rates_by_lrn: bool = False
    origin_group: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """
    What is known of who calls, for cards whose price depends on it.

    Attributes:
        cli: calling number in E.164 digits; empty: unknown or withheld.
        lrn: location routing number of the called number; empty: not dipped.

    """

    cli: str = ""
    lrn: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """
    The rule that prices a call, or the verdict why none does.

    Attributes:
        number: E.164 digits asked for.
        prefix: the longest prefix in force; of a miss: the one that decided it, or empty.
        rule: None on a miss.
        verdict: None when there is a rule.
        rate_units: the price of 60 s that applies to this call.
        until: unix second at which this answer may change by itself; None: not scheduled to.
        jurisdiction: which rate was used, on a card with jurisdictions.
        tried: every prefix of the number the card holds, longest first.

    """

    number: str
    prefix: str
    rule: Rule | None = None
    verdict: Verdict | None = None
    rate_units: int = 0
    until: int | None = None
    jurisdiction: Jurisdiction | None = None
    tried: tuple[str, ...] = field(default=())
