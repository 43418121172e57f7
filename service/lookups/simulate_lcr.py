"""
``simulate`` of ``lcr``: the customer's card as for ``rate``, then every carrier behind it.
"""

from dataclasses import replace
from decimal import Decimal

from ratecards.lcr import Charge, Routes
from service.lookups.lcr import LcrQuery, lcr
from service.lookups.rate import RateQuery, price_of
from service.lookups.simulate import Answer, decide, headline, look_up, question_fields, sell_steps
from service.lookups.simulate_asked import Asked, Looked
from service.lookups.simulate_carrier import Deal, carrier_steps, look_at
from service.lookups.simulate_money import add_up, money_step
from service.lookups.simulate_reason import condition_words, order_words
from service.lookups.simulate_ttl import revision_change, rule_change, ttl_step
from service.lookups.simulate_words import Step, echo, line, step


def simulate_lcr(query: LcrQuery, asked: Asked) -> Answer:
    """
    Answer as ``lcr``, and say how.
    """
    answer, verdict = decide(lambda: lcr(query))
    return {
        "service": "lcr",
        "says": headline(answer, _lcr_words),
        "question": question_fields(_sell_query(query), asked) | _more_fields(query, asked),
        "verdict": verdict,
        "steps": _lcr_steps(query, asked, answer),
        "answer": answer,
    }


def _lcr_words(answer: Answer) -> str:
    first, *others = [route["card"] for route in answer["routes"]]
    routes = ", then ".join((first, *others)) if others else f"{first} alone"
    sell = answer["sell"]
    return f"{routes}; {sell['duration']} s sell for {sell['cost']} {sell['currency']}."


def _more_fields(query: LcrQuery, asked: Asked) -> Answer:
    ask = query.ask
    names = {name: echo(asked.parameters[name], 1000) for name in ("carriers", "exclude") if name in asked.parameters}
    return {"strategy": str(ask.strategy), "limit": ask.limit, "explain": ask.explain, **names}


def _sell_query(query: LcrQuery) -> RateQuery:
    """
    What is asked of the customer's card.
    """
    ask, places = query.ask, query.routes.router.behind.places
    return RateQuery(ask.number, query.card, ask.at, ask.caller, Decimal(ask.duration_s), places, query.now)


def _lcr_steps(query: LcrQuery, asked: Asked, answer: Answer) -> list[Step]:
    sell = _sell_query(query)
    looked = look_up(sell)
    steps = sell_steps(sell, asked, looked)
    if looked.quote.verdict is None:
        usual = "" if "duration" in asked.parameters else ", the usual duration,"
        steps.append(money_step(looked, sell.duration_s, usual))
    found, cards, refusal = _find_all(query), [looked], _refusal_words(query, looked)
    steps.append(_carriers_step(query, found, refusal))
    if not refusal:
        steps += carrier_steps(_deal(query, looked, found))
        cards += [look_at(query, provider) for provider in query.routes.router.behind.providers]
    until = query.routes.router.route(query.ask).until  # of what was answered, which a limit may have cut short
    changes = [rule_change(cards, query.ask.at, until), revision_change(query.now, query.routes.until)]
    return [*steps, ttl_step(answer.get("ttl"), [*changes, revision_change(query.now, query.card.until)])]


def _find_all(query: LcrQuery) -> Routes:
    """
    Every route, whatever the limit, and every carrier that is none.
    """
    router = query.routes.router
    return router.route(replace(query.ask, explain=True, limit=max(1, len(router.behind.providers))))


def _deal(query: LcrQuery, looked: Looked, found: Routes) -> Deal:
    sold = add_up(looked, Charge(*price_of(looked.quote)), Decimal(query.ask.duration_s))
    return Deal(query, looked, sold.units, found)


def _refusal_words(query: LcrQuery, looked: Looked) -> str:
    """
    Why no carrier is even asked; empty: they are.
    """
    cap_units = query.routes.router.behind.conditions.cap_units
    if looked.quote.verdict is not None:
        return f"card {looked.card} has no price for the call"
    if cap_units is not None and looked.quote.rate_units > cap_units:
        return f"card {looked.card} charges more for 60 s than the customer may be charged"
    return ""


def _carriers_step(query: LcrQuery, found: Routes, refusal: str) -> Step:
    """
    Who is asked, what is wanted of a route, and in what order routes are tried.

    Args:
        refusal: why nobody is; empty: they are.
    """
    card, asked = query.card.name, len(query.routes.router.behind.providers)
    lines = [line("condition", words) for words in condition_words(query)]
    lines.append(line("order", order_words(query.ask.strategy)))
    lines.append(line("limit", f"at most {query.ask.limit} routes are given", value=query.ask.limit))
    facts = {"carriers": asked, "strategy": str(query.ask.strategy), "kept": len(found.routes)}
    if refusal:
        return step("carriers", f"No carrier is asked: {refusal}.", lines, **facts)
    says = f"{asked} carriers stand behind card {card}, {len(found.routes)} of them can take the call."
    return step("carriers", says, lines, **facts)
