"""
What is asked of a customer's card with provider cards behind it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from ratecards.exchange import Exchange
from ratecards.index import CardIndex
from ratecards.jurisdiction import Places
from ratecards.lcr.charge import Charge
from ratecards.lcr.joint import Joint
from ratecards.model import Caller, Jurisdiction

DEFAULT_DURATION_S = 60
DEFAULT_LIMIT = 10
_ANYBODY = Caller()


class Reason(StrEnum):
    """
    Why a provider has no route; a question without any route has the first of these that befell one of them.
    """

    NO_MARGIN = "no_margin"
    CONNECT_FEE = "connect_fee"
    NO_EXCHANGE_RATE = "no_exchange_rate"
    CAPPED = "capped"
    BLOCKED = "blocked"
    EXPIRED = "expired"
    NO_RATE = "no_rate"
    DISABLED = "disabled"
    EXCLUDED = "excluded"
    NOT_ALLOWED = "not_allowed"


class Strategy(StrEnum):
    """
    In what order routes are tried.
    """

    COST = "cost"
    MARGIN = "margin"
    QUALITY = "quality"
    PRIORITY = "priority"


@dataclass(frozen=True, slots=True)
class Quality:
    """
    How a carrier did of late.

    Attributes:
        asr_percent: answer-seizure ratio: calls answered of those attempted, 0 to 100.
        acd_s: average duration of the answered ones, in seconds.

    """

    asr_percent: Decimal
    acd_s: Decimal


@dataclass(frozen=True, slots=True, eq=False)
class Provider:
    """
    A carrier's card behind a customer's.

    Attributes:
        card: its name.
        index: the compiled card.
        digest: of its artifact; it says whether a joint index holds just this revision. Empty: no joint does.
        priority: place in the manual order; the smallest is tried first.
        cap_units: the highest price of 60 s that may be paid, in the card's currency; None: any.
        enabled: False: not asked.

    """

    card: str
    index: CardIndex
    digest: str = ""
    carrier: str = ""
    tech_prefix: str = ""
    endpoint: str = ""
    priority: int = 0
    cap_units: int | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Conditions:
    """
    What a route must meet.

    Attributes:
        cap_units: the highest price of 60 s a customer may be asked, in the currency of the customer's card.
        block_connect_fee: no route may have a connect fee.
        min_margin_units: least margin of a call of the asked duration, 0 or more, in the customer's currency.
        min_margin_percent: least margin in percent of what the customer pays, 0 to 100; both must be met.
        allow: names of carriers or cards, the only ones asked; None: all.
        exclude: names of carriers or cards not asked.

    """

    cap_units: int | None = None
    block_connect_fee: bool = False
    min_margin_units: int = 0
    min_margin_percent: Decimal = Decimal(0)
    allow: frozenset[str] | None = None
    exclude: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """
        Refuse a margin that would allow a loss, or none at all.
        """
        if self.min_margin_units < 0:
            raise ValueError(f"min_margin_units is {self.min_margin_units}, less than 0")
        if not 0 <= self.min_margin_percent <= 100:
            raise ValueError(f"min_margin_percent is {self.min_margin_percent}, not between 0 and 100")


@dataclass(frozen=True, slots=True, eq=False)
class Behind:
    """
    A customer's card, and what stands behind it.

    Attributes:
        index: the customer's card.
        exchange: rates of exchange; None: only providers in the customer's currency can be routes.
        joint: holds some of the providers' cards, or none; it changes how fast an answer is, never the answer.
        places: where North American numbers are; None: as the bundled table has it.

    """

    index: CardIndex
    providers: tuple[Provider, ...]
    conditions: Conditions = Conditions()
    exchange: Exchange | None = None
    joint: Joint | None = None
    places: Places | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """
    One question.

    Attributes:
        number: E.164 digits.
        at: unix seconds.
        duration_s: of the call, 0 or more; increments are whole seconds, so a fraction of one counts as one.
        limit: how many routes at most, at least 1.
        explain: list the providers without a route too.
        allow: as in :class:`Conditions`, on top of it; ``exclude`` likewise.
        quality: by name of the provider's card.

    """

    number: str
    at: int
    duration_s: int | Decimal = DEFAULT_DURATION_S
    caller: Caller = _ANYBODY
    strategy: Strategy = Strategy.COST
    limit: int = DEFAULT_LIMIT
    explain: bool = False
    allow: frozenset[str] | None = None
    exclude: frozenset[str] = frozenset()
    quality: Mapping[str, Quality] = field(default_factory=dict)


class Sale(NamedTuple):
    """
    What the customer pays.

    Attributes:
        prefix: the longest of the customer's card in force.
        until: unix second at which that may change; None: it lasts.

    """

    prefix: str
    charge: Charge
    until: int | None
    jurisdiction: Jurisdiction | None
