"""
The prefixes of a number that a card holds, longest first: each of its rules, and why it was taken or not.
"""

from enum import StrEnum
from itertools import islice

from ratecards.charge import SECONDS_PER_RATE
from ratecards.model import Jurisdiction, Rule, Verdict
from ratecards.money import format_units
from ratecards.origins import origin_score
from service.lookups.simulate_asked import Looked
from service.lookups.simulate_words import Line, Step, either, instant, line, money, step

SHOWN = 20
"""Rules of one prefix that are told one by one, the chosen one besides."""


class State(StrEnum):
    """
    What became of a rule.
    """

    CHOSEN = "chosen"
    BLOCKED = "blocked"
    NOT_YET = "not_yet"
    ENDED = "ended"
    OTHER_LENGTH = "other_length"
    OTHER_CALLER = "other_caller"
    OUTRANKED = "outranked"
    NOT_REACHED = "not_reached"


def prefix_steps(looked: Looked) -> list[Step]:
    """
    A step for every prefix of the number that the card holds.
    """
    if not looked.quote.tried:
        says = f"Card {looked.card} holds no prefix of {looked.rated}."
        return [step("prefix", says, prefix="", decides=False, rules=0)]
    return [_prefix_step(looked, prefix) for prefix in looked.quote.tried]


def _prefix_step(looked: Looked, prefix: str) -> Step:
    rows = looked.index.rows_of(prefix)
    decides = prefix == looked.quote.prefix
    chosen = _chosen_row(looked, rows, prefix) if decides else None
    shown = list(rows[:SHOWN])
    if chosen is not None and chosen not in shown:
        shown.append(chosen)
    lines = [_rule_line(looked, looked.index.rule(row, prefix), is_chosen=row == chosen) for row in shown]
    if len(shown) < len(rows):
        lines.append(line("more", f"and {len(rows) - len(shown)} rules more, none of them chosen"))
    says = f"{prefix}: {prefix_words(looked, prefix)}."
    return step("prefix", says, lines, prefix=prefix, decides=decides, rules=len(rows))


def _chosen_row(looked: Looked, rows: range, prefix: str) -> int | None:
    return next((row for row in rows if looked.index.rule(row, prefix) == looked.quote.rule), None)


def prefix_words(looked: Looked, prefix: str) -> str:
    """
    What became of a prefix.
    """
    decider = looked.quote.prefix
    if not decider or len(prefix) > len(decider):
        return "no rule is in force, so the next shorter prefix is asked"
    if len(prefix) < len(decider):
        return f"not reached, since {decider} decides"
    if looked.quote.verdict is Verdict.NO_RATE:
        return "decides, but none of its rules in force is for this call: no shorter prefix answers instead"
    if looked.quote.verdict is Verdict.BLOCKED:
        return "decides, and is blocked: no shorter prefix answers instead"
    return "the longest prefix with a rule in force; it decides"


def _rule_line(looked: Looked, rule: Rule, *, is_chosen: bool) -> Line:
    state = _judge(looked, rule, is_chosen=is_chosen)
    facts = {
        "state": str(state),
        "name": rule.name,
        "rate": format_units(rule.rate_units),
        "connect_fee": format_units(rule.connect_fee_units),
        "billing": f"{rule.mcd_s}/{rule.pulse_s}",
        "effective": rule.effective,
        "expires": rule.expires,
        "origin": rule.origin,
    }
    return line("rule", f"{_rule_words(looked, rule)}: {_state_words(looked, rule, state)}", **facts)


def _judge(looked: Looked, rule: Rule, *, is_chosen: bool) -> State:
    if len(rule.prefix) < len(looked.quote.prefix):
        return State.NOT_REACHED
    if is_chosen:
        return State.BLOCKED if rule.blocked else State.CHOSEN
    if rule.effective is not None and looked.at < rule.effective:
        return State.NOT_YET
    if rule.expires is not None and looked.at >= rule.expires:
        return State.ENDED
    digits = len(looked.quote.number)
    if digits < (rule.min_digits or 0) or (rule.max_digits is not None and digits > rule.max_digits):
        return State.OTHER_LENGTH
    return State.OTHER_CALLER if _score(looked, rule) < 0 else State.OUTRANKED


def _score(looked: Looked, rule: Rule) -> int:
    return origin_score(rule.origin, looked.caller.cli, looked.rated, looked.index.terms.origin_group)


def _rule_words(looked: Looked, rule: Rule) -> str:
    by_jurisdiction = (f"{name} {format_units(units)}" for name, units in rates_of(rule).items())
    rates = ", ".join((money(rule.rate_units, looked.currency), *by_jurisdiction))
    fee = f" and {money(rule.connect_fee_units, looked.currency)} a call" if rule.connect_fee_units else ""
    return f"{rule.name or 'no name'}, {rates} for {SECONDS_PER_RATE} s{fee}, billed {rule.mcd_s}/{rule.pulse_s}"


def rates_of(rule: Rule) -> dict[Jurisdiction, int]:
    """
    The rates a rule has by jurisdiction, in units.
    """
    rates = {
        Jurisdiction.INTERSTATE: rule.rate_inter_units,
        Jurisdiction.INTRASTATE: rule.rate_intra_units,
        Jurisdiction.INDETERMINATE: rule.rate_indeterminate_units,
    }
    return {jurisdiction: units for jurisdiction, units in rates.items() if units is not None}


def _state_words(looked: Looked, rule: Rule, state: State) -> str:
    match state:
        case State.CHOSEN:
            since = "" if rule.effective is None else f" since {instant(rule.effective)}"
            return f"in force{since}, and chosen"
        case State.BLOCKED:
            return "in force, and blocked: the call must not be routed"
        case State.NOT_YET:
            return f"not in force until {instant(rule.effective or 0)}"
        case State.ENDED:
            return f"ended at {instant(rule.expires or 0)}"
        case State.OTHER_LENGTH:
            return f"for numbers of {_lengths(rule)} digits; this one has {len(looked.quote.number)}"
        case State.OTHER_CALLER:
            return f"for {_origin_words(rule.origin, looked.index.terms.origin_group)} only; {_caller_words(looked)}"
        case State.OUTRANKED:
            return f"in force, but {_outranked_words(looked, rule)}"
        case State.NOT_REACHED:
            return "not reached"


def _lengths(rule: Rule) -> str:
    if rule.max_digits is None:
        return f"{rule.min_digits} or more"
    return f"{rule.min_digits or 1} to {rule.max_digits}"


def _origin_words(origin: str, group: str) -> str:
    named = {
        "local": "callers in the country that is called",
        "group": f"callers from {either(islice(group.split() or ['nowhere'], SHOWN))}, the card's group",
        "international": "callers abroad and outside the card's group",
    }
    return named.get(origin) or f"callers from {either(islice(origin.split(), SHOWN))}"


def _caller_words(looked: Looked) -> str:
    return f"this call is from {looked.caller.cli}" if looked.caller.cli else "who calls is not known"


def _outranked_words(looked: Looked, rule: Rule) -> str:
    chosen = looked.quote.rule
    closer = chosen is not None and _score(looked, chosen) > _score(looked, rule)
    return "the chosen rule names the caller more closely" if closer else "the chosen rule started later"
