"""
The first steps of a simulation: who asks, which number it is, which card, and who calls.
"""

from ratecards.jurisdiction import Place
from ratecards.model import Jurisdiction
from ratecards.profiles import PROFILES, Length, National, Profile, Replace, Strip, TechPrefix, Trace
from ratecards.profiles import Step as Rule
from service.access.account import LIVE
from service.lookups.simulate_asked import Asked, Looked
from service.lookups.simulate_words import ROUNDED, Line, Step, echo, line, step
from service.snapshot import LiveCard

_E164 = "drop a + or 00 and what separates digits; what is left must be a number of E.164"


def account_step(asked: Asked) -> Step:
    """
    Whose question it is.
    """
    name, environment = asked.account or None, asked.environment
    if name is None:
        says = "Asked by nobody in particular: every card may be asked."
        return step("account", says, account=name, environment=environment)
    where = "production" if environment == LIVE else "the sandbox"
    own = f"its own card is {asked.own_card}" if asked.own_card else "it has no card of its own"
    return step("account", f"Asked by account {name} in {where}; {own}.", account=name, environment=environment)


def normalise_step(asked: Asked, number: str) -> Step:
    """
    From what was dialled to the number, rule by rule.

    Args:
        number: what came of it.
    """
    profile, dialled = asked.profile or PROFILES["e164"], asked.parameters["number"]
    traces = profile.explain(dialled)
    lines = [_rule_line(profile, place, trace) for place, trace in enumerate(traces)]
    whose = "the account's profile" if asked.profile else "the profile"
    says = f"“{echo(dialled)}” is {number} by {whose} {profile.name}."
    return step("normalise", says, lines, dialled=echo(dialled), profile=profile.name, number=number)


def _rule_line(profile: Profile, place: int, trace: Trace) -> Line:
    does = _does(profile.steps[place]) if place < len(profile.steps) else _E164
    before, after = echo(trace.before), echo(trace.after)
    came = f"still {after}" if trace.before == trace.after else f"“{before}” becomes “{after}”"
    return line(trace.step, f"{does}: {came}", before=before, after=after)


def _does(rule: Rule) -> str:
    match rule:
        case Strip():
            return f"drop any of “{echo(rule.characters)}”"
        case TechPrefix():
            return f"drop the tech prefix “{rule.prefix}”" + ("" if rule.required else " where it is there")
        case Replace():
            return f"replace “{rule.pattern}” by “{rule.replacement}”"
        case Length():
            return f"want {rule.minimum} to {rule.maximum} characters"
        case National():
            return f"read it as dialled in {rule.country}"


def card_step(asked: Asked, card: LiveCard, looked: Looked) -> Step:
    """
    Which card answers, and how it counts.
    """
    terms = card.index.terms
    why = "named in the question" if "card" in asked.parameters else "the account's own, since none is named"
    rounded = f"to {terms.precision} decimals, {ROUNDED[terms.rounding]}"
    facts = {
        "card": card.name,
        "revision": card.revision,
        "rules": card.index.rules,
        "currency": terms.currency,
        "precision": terms.precision,
        "rounding": terms.rounding,
        "rated": looked.rated,
    }
    lines = [
        line("money", f"in {terms.currency}; a cost is an exact fraction, rounded once, at the end, {rounded}"),
        line("rated", _rated_words(looked)),
    ]
    return step("card", f"Card {card.name}, revision {card.revision}: {why}.", lines, **facts)


def _rated_words(looked: Looked) -> str:
    number, lrn = looked.quote.number, looked.caller.lrn
    if looked.rates_lrn:
        return f"the card rates by LRN: {lrn} is looked up, not {number}"
    if looked.index.terms.rates_by_lrn:
        return f"the card rates by LRN; the question has none, so {number} is looked up"
    unused = f"; it does not rate by LRN, so {lrn} is not used" if lrn else ""
    return f"{number}, the number that was dialled, is looked up{unused}"


def caller_step(looked: Looked) -> Step:
    """
    Who calls, from where, and what that means for the price.
    """
    cli = looked.caller.cli
    who = f"The calling number is {cli}" if cli else "The calling number is withheld or unknown"
    if not looked.index.has_jurisdictions:
        matters = "some rules of the card are" if looked.index.asks_call else "no rule of the card is"
        says = f"{who}; {matters} for certain callers or lengths of number."
        return step("caller", says, cli=cli or None, jurisdiction=None)
    jurisdiction, words = judge_jurisdiction(looked)
    says = f"{who}; the call is {jurisdiction}."
    return step("caller", says, [line("jurisdiction", words)], cli=cli or None, jurisdiction=str(jurisdiction))


def judge_jurisdiction(looked: Looked) -> tuple[Jurisdiction, str]:
    """
    Which of a North American card's rates applies, and how that was found.
    """
    cli, called = looked.caller.cli, looked.rated
    here, there = looked.places.place_of(cli) if cli else None, looked.places.place_of(called)
    jurisdiction = looked.places.jurisdiction(cli, called)
    calling = f"calling {_where(cli, here)}" if cli else "calling number unknown"
    return jurisdiction, f"{calling}; called {_where(called, there)}: {_why(jurisdiction, here, there)}: {jurisdiction}"


def _where(number: str, place: Place | None) -> str:
    if place is None:
        no_place = "has no place: toll-free, unassigned or impossible"
        return f"{number} {no_place if number[:1] == '1' else 'is outside the North American plan'}"
    return f"{number} is in {place.state}, {place.country}" if place.state else f"{number} is in {place.country}"


def _why(jurisdiction: Jurisdiction, here: Place | None, there: Place | None) -> str:
    if jurisdiction is Jurisdiction.INTERNATIONAL:
        return "the called number is outside the United States and Canada"
    if there is None:
        return "where the called number is, is not known"
    if here is None:
        return "where the caller is, is not known"
    if jurisdiction is Jurisdiction.INTRASTATE:
        return "the same state"
    if jurisdiction is Jurisdiction.INDETERMINATE:
        return "the caller is abroad"
    return "another state" if here.country == there.country else "from the United States to Canada"
