"""
Who asks, and what they may.
"""

from dataclasses import dataclass, field
from math import inf

from ratecards.numberset import Mode, Policy
from ratecards.profiles import Profile
from service.quota.meter import Meter
from service.quota.plan import Plan

LIVE, TEST = "live", "test"
ENVIRONMENTS = (LIVE, TEST)
"""Production, and the sandbox that sees nothing of it."""

LOOKUP = "lookup"
ADMIN = "admin"
SCOPES = (LOOKUP, "cards", "cdr", "dial", "partner", ADMIN)
"""What a key may be for; ``admin`` is for everything."""


def qualified(card: str, environment: str) -> str:
    """
    The name the store has a card by: those of the sandbox are kept apart as ``test/<name>``.
    """
    return f"{TEST}/{card}" if environment == TEST else card


def split_qualified(name: str) -> tuple[str, str]:
    """
    Environment and name of a card, from the name the store has it by.
    """
    environment, slash, card = name.partition("/")
    return (environment, card) if slash else (LIVE, name)


@dataclass(frozen=True, slots=True)
class Screening:
    """
    What numbers' last answers mean to an account.

    Attributes:
        policy: says which of them are failures.
        services: that refuse calls to numbers which should not be dialled.
    """

    mode: Mode = Mode.OFF
    policy: Policy = field(default_factory=Policy)
    services: frozenset[str] = frozenset()

    def refuses_in(self, service: str) -> bool:
        return service in self.services and self.mode is not Mode.OFF


@dataclass(frozen=True, slots=True)
class Refusing:
    """
    Sets by which an account wants calls refused before a route is given.

    Attributes:
        number: sets of numbers that are not to be called; ``cli``: that are not to appear as callers.
    """

    number: tuple[str, ...] = ()
    cli: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """
    A customer, as the store has it.

    Attributes:
        card: name of the card asked when a request names none; empty: it must name one.
        cards: names of the others it may ask; None: all there are.
        profile: how its numbers are normalised; None: as E.164.
        asrplus: None: numbers' last answers mean nothing to it.
        refusing: None: by no set.
    """

    id: int
    name: str
    card: str
    cards: frozenset[str] | None = frozenset()
    profile: Profile | None = None
    plan: Plan = field(default_factory=Plan)
    disabled: bool = False
    asrplus: Screening | None = None
    refusing: Refusing | None = None

    def may_ask(self, card: str) -> bool:
        return self.cards is None or card == self.card or card in self.cards


@dataclass(frozen=True, slots=True)
class Identity:
    """
    An account as one credential shows it.

    Attributes:
        environment: ``live`` or ``test``.
        meter: what the account has used here, of its plan.
        key: public part of the key shown; empty: none was.
        until: unix seconds from which the credential no longer holds.
    """

    account: Account
    environment: str
    scopes: frozenset[str]
    meter: Meter
    key: str = ""
    until: float = inf

    def may(self, scope: str) -> bool:
        return scope in self.scopes or ADMIN in self.scopes
