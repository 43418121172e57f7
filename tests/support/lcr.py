"""
Carriers in the order they should be tried, found the slow and obvious way: dicts and fractions.
"""

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor
from typing import NamedTuple

from ratecards.artifact import digest_of, pack
from ratecards.compile import compile_rules
from ratecards.exchange import Exchange
from ratecards.index import CardIndex
from ratecards.lcr import Ask, Behind, Conditions, Joint, Provider, Quality, Routes, Strategy
from ratecards.lcr.build import join_cards
from ratecards.model import Caller, Rule, Terms
from ratecards.rules import to_frame

NOW = 1_800_000_000
STATES = {"1212": "NY", "1315": "NY", "1224": "IL", "1415": "CA"}
PER_USD = {"USD": Decimal(1), "EUR": Decimal("0.92"), "GBP": Decimal("0.7913"), "JPY": Decimal(151)}
EXCHANGE = Exchange("USD", {code: rate for code, rate in PER_USD.items() if code != "USD"})
"""What a dollar buys; a card in CHF has no rate of exchange."""
DOLLARS = Terms()


@dataclass(frozen=True)
class Card:
    """
    A card as a dict of prefix to its rules, and who stands behind it.
    """

    name: str
    rules: tuple[Rule, ...]
    terms: Terms = DOLLARS
    carrier: str = ""
    priority: int = 0
    cap_units: int | None = None
    enabled: bool = True
    by_prefix: dict[str, list[Rule]] = field(init=False, default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for rule in self.rules:
            self.by_prefix[rule.prefix].append(rule)


class Said(NamedTuple):
    verdict: str | None
    prefix: str = ""
    rule: Rule | None = None
    rate_units: int = 0


class Expected(NamedTuple):
    """
    What the oracle says: card, prefix and price of each route, its exact cost, and why the other cards have none.
    """

    verdict: str | None
    routes: list[tuple[str, str, int, Fraction]]
    rejected: dict[str, str]


def is_live(rule: Rule, at: int) -> bool:
    return (rule.effective is None or rule.effective <= at) and (rule.expires is None or at < rule.expires)


def score(rule: Rule, cli: str) -> int:
    """
    How closely calling prefixes name a caller; 0: anybody is meant.
    """
    if not rule.origin:
        return 0
    return max((len(prefix) for prefix in rule.origin.split() if cli.startswith(prefix)), default=-1)


def state(number: str) -> str | None:
    return STATES.get(number[:4]) if len(number) == 11 and number[4] not in "01" else None


def rate_of(card: Card, rule: Rule, called: str, cli: str) -> int:
    """
    By the states of both numbers, where they are on the short list of this file.
    """
    there, here = state(called), state(cli)
    if there is None:
        name = "rate_indeterminate_units" if called.startswith("1") else "rate_units"
    elif here is None:
        name = "rate_indeterminate_units"
    else:
        name = "rate_intra_units" if here == there else "rate_inter_units"
    special = getattr(rule, name)
    return rule.rate_units if special is None else special


def look_up(card: Card, ask: Ask) -> Said:
    rated = ask.caller.lrn if ask.caller.lrn and card.terms.rates_by_lrn else ask.number
    ended = False
    for length in range(len(rated), 0, -1):
        rules = card.by_prefix.get(rated[:length], [])
        live = [rule for rule in rules if is_live(rule, ask.at)]
        ended = ended or any(rule.expires is not None and rule.expires <= ask.at for rule in rules)
        if not live:
            continue
        live = [r for r in live if (r.min_digits or 0) <= len(ask.number) <= (r.max_digits or 99)]
        live = [r for r in live if score(r, ask.caller.cli) >= 0]
        if not live:
            return Said("no_rate", rated[:length])
        rule = max(live, key=lambda r: (score(r, ask.caller.cli), -(2**63) if r.effective is None else r.effective))
        if rule.blocked:
            return Said("blocked", rated[:length])
        return Said(None, rated[:length], rule, rate_of(card, rule, rated, ask.caller.cli))
    return Said("expired" if ended else "no_rate")


def cost(said: Said, duration: int | Decimal) -> Fraction:
    """
    Exactly, in units.
    """
    if not duration:
        return Fraction(0)
    rule = said.rule
    billed = rule.mcd_s + max(0, ceil((Fraction(duration) - rule.mcd_s) / rule.pulse_s)) * rule.pulse_s
    return rule.connect_fee_units + Fraction(said.rate_units * billed, 60)


def half_up(units: Fraction, decimals: int = 8) -> int:
    step = 10 ** (10 - decimals)
    sign = -1 if units < 0 else 1
    return sign * floor(abs(units) / step + Fraction(1, 2)) * step


def best_routes(customer: Card, cards: Iterable[Card], conditions: Conditions, ask: Ask) -> Expected:
    sell = look_up(customer, ask)
    if sell.verdict:
        return Expected(sell.verdict, [], {})
    if conditions.cap_units is not None and sell.rate_units > conditions.cap_units:
        return Expected("capped", [], {})
    earned = cost(sell, ask.duration_s)
    ranked, rejected = [], {}
    for card in cards:
        said = look_up(card, ask)
        names = {card.name, card.carrier}
        factor = exchanged(card.terms.currency, customer.terms.currency)
        paid = cost(said, ask.duration_s) * factor if said.rule and factor else None
        reason = why_not(card, said, names, conditions, ask) or margin_reason(paid, earned, conditions)
        if reason:
            rejected[card.name] = reason
        else:
            ranked.append((preference(card, ask), paid, card.priority, card.name, said))
    ranked.sort(key=lambda one: one[:4])
    routes = [(name, said.prefix, said.rate_units, paid) for _, paid, _, name, said in ranked][: ask.limit]
    return Expected(None if routes else overall(set(rejected.values())), routes, rejected)


def why_not(card: Card, said: Said, names: set[str], conditions: Conditions, ask: Ask) -> str | None:
    if not card.enabled:
        return "disabled"
    for given in (conditions, ask):
        if names & given.exclude:
            return "excluded"
        if given.allow is not None and not names & given.allow:
            return "not_allowed"
    if said.verdict:
        return said.verdict
    if card.cap_units is not None and said.rate_units > card.cap_units:
        return "capped"
    return "connect_fee" if conditions.block_connect_fee and said.rule.connect_fee_units else None


def margin_reason(paid: Fraction | None, earned: Fraction, conditions: Conditions) -> str | None:
    if paid is None:
        return "no_exchange_rate"
    margin = earned - paid
    if margin < 0 or margin < conditions.min_margin_units:
        return "no_margin"
    return "no_margin" if margin < earned * Fraction(conditions.min_margin_percent) / 100 else None


def exchanged(source: str, target: str) -> Fraction | None:
    if source == target:
        return Fraction(1)
    if source not in PER_USD or target not in PER_USD:
        return None
    return Fraction(PER_USD[target]) / Fraction(PER_USD[source])


def preference(card: Card, ask: Ask) -> tuple[Decimal, ...]:
    if ask.strategy == "priority":
        return (Decimal(card.priority),)
    if ask.strategy == "quality":
        known = ask.quality.get(card.name)
        return (Decimal(-int(known.asr_percent)), -known.acd_s) if known else (Decimal(1), Decimal(0))
    return ()


def overall(reasons: set[str]) -> str:
    if reasons & {"no_margin", "connect_fee", "no_exchange_rate"}:
        return "no_margin"
    return next((reason for reason in ("capped", "blocked", "expired") if reason in reasons), "no_rate")


def compiled(card: Card) -> tuple[str, dict[str, bytes]]:
    """
    A card's digest and sections.
    """
    return _compiled(card.rules, card.terms)


@lru_cache(maxsize=100)
def _compiled(rules: tuple[Rule, ...], terms: Terms) -> tuple[str, dict[str, bytes]]:
    sections = compile_rules(to_frame(rules), terms)
    return digest_of(pack(sections)), sections


def stand_behind(
    customer: Card, cards: Iterable[Card], conditions: Conditions, joined: Iterable[str] = (), as_of: int = NOW
) -> Behind:
    """
    The same for the engine, with a joint index over the cards named.
    """
    made = [(card, *compiled(card)) for card in cards]
    providers = tuple(
        Provider(
            *(card.name, CardIndex(sections), digest, card.carrier),
            priority=card.priority,
            cap_units=card.cap_units,
            enabled=card.enabled,
        )
        for card, digest, sections in made
    )
    held = {digest: sections for card, digest, sections in made if card.name in set(joined)}
    joint = Joint(join_cards(held, as_of)) if held else None
    return Behind(CardIndex(compiled(customer)[1]), providers, conditions, EXCHANGE, joint)


def seen(routes: Routes) -> tuple[object, ...]:
    """
    All of an answer that does not depend on how it was found.
    """
    plain = [(r.provider.card, r.name, *r[1:8]) for r in routes.routes]
    rejected = [(r.provider.card, r.reason, r.prefix, r.charge, r.cost_units) for r in routes.rejected]
    return routes.sold, routes.cost_units, routes.billed_s, plain, rejected, routes.verdict, routes.until


class World:
    """
    A customer and carriers drawn from a seed, with everything in their cards that a card can have, and questions.
    """

    def __init__(self, seed: int, carriers: int, rules: int, currencies: tuple[str, ...] = ("USD",)) -> None:
        self.rng = random.Random(seed)
        self.currencies = currencies
        self.heads = sorted({self._prefix() for _ in range(rules)})
        self.customer = self._card("retail", self.heads, dear=3)
        few = len(self.heads) // 3
        self.cards = [
            self._card(f"carrier-{number}", self.rng.sample(self.heads, self.rng.randrange(few, 3 * few)))
            for number in range(carriers)
        ]
        self.conditions = Conditions(exclude=frozenset({"Carrier 3"}), cap_units=29 * 10**8)

    @property
    def joinable(self) -> list[str]:
        return [card.name for card in self.cards if not asks_call(card)]

    def quality(self) -> dict[str, Quality]:
        """
        Of every second carrier.
        """
        rng = self.rng
        return {
            card.name: Quality(Decimal(rng.randrange(1000)) / 10, Decimal(rng.randrange(300)))
            for card in self.cards[::2]
        }

    def ask(self) -> Ask:
        rng = self.rng
        number = (rng.choice(self.heads) + f"{rng.randrange(2, 10)}{rng.randrange(10**9):09d}")[:11]
        return Ask(
            number,
            NOW + rng.choice((0, 0, 0, 5 * 10**5, 10**6, 10**7)),
            rng.choice((60, 60, 60, 1, 0, 37, 61, 600, Decimal("12.5"))),
            self._caller() if rng.random() < 0.3 else Caller(),
            rng.choice(list(Strategy)),
            rng.choice((1, 3, 10, 100)),
            rng.random() < 0.3,
            rng.choice((None,) * 6 + (frozenset({"carrier-1", "Carrier 2", "Carrier 6"}),)),
            rng.choice((frozenset(), frozenset(), frozenset({"carrier-2"}))),
            self.quality() if rng.random() < 0.3 else {},
        )

    def _caller(self) -> Caller:
        head = self.rng.choice((*STATES, "44", "49", ""))
        return Caller((head + "5550100000")[:11] if head else "", self.rng.choice(("", "", "12125550100", "4420")))

    def _prefix(self) -> str:
        rng = self.rng
        return rng.choice((*STATES, "44", "44", "49", "7")) + "".join(
            rng.choice("1257") for _ in range(rng.choice((0, 0, 1, 2, 3, 4)))
        )

    def _card(self, name: str, heads: list[str], dear: int = 1) -> Card:
        rng, number = self.rng, name.partition("-")[2]
        by_call = number in {"7", "8"}
        rules = tuple(rule for head in heads for rule in self._rules(head, dear, by_call=by_call))
        terms = Terms(rng.choice(self.currencies) if number else "USD", rates_by_lrn=number in {"8", "9"})
        cap = rng.choice((None, None, 10**8, 10**9))
        return Card(name, rules, terms, f"Carrier {number}", rng.choice((0, 0, 1, 2)), cap, enabled=number != "5")

    def _rules(self, prefix: str, dear: int, *, by_call: bool) -> list[Rule]:
        rng = self.rng
        starts = rng.choice(((None,), (None,), (None,), (NOW - 5,), (NOW + 10**6,), (None, NOW + 5 * 10**5)))
        return [self._rule(prefix, start, dear, by_call=by_call) for start in starts]

    def _rule(self, prefix: str, start: int | None, dear: int, *, by_call: bool) -> Rule:
        rng = self.rng
        rate = rng.choice((0, 10**7, 10**8, 123456789, 10**9)) * dear
        mcd, pulse = rng.choice(((1, 1), (1, 1), (60, 60), (30, 6), (60, 1), (0, 7)))
        rule = Rule(
            *(prefix, f"Place {prefix}", rate, rng.choice((0, 0, 0, 10**7)), mcd, pulse, start),
            *(rng.choice((None, None, None, NOW + 10**6)), rng.random() < 0.05),
        )
        if not by_call:
            return rule
        return replace(
            rule,
            origin=rng.choice(("", "", "1212 44")),
            rate_inter_units=rng.choice((None, rate * 2)),
            rate_intra_units=rng.choice((None, rate // 2)),
            min_digits=rng.choice((None, 11)),
            max_digits=rng.choice((None, 12)),
        )


def asks_call(card: Card) -> bool:
    """
    Whether a card's price depends on who calls, or on the length of the number.
    """
    own = ("origin", "rate_inter_units", "rate_intra_units", "rate_indeterminate_units", "min_digits", "max_digits")
    return any(getattr(rule, name) for rule in card.rules for name in own)
