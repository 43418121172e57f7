"""
Routes as JSON: the contract's fields, in its order.
"""

import json

from support.lcr import NOW, Card, stand_behind

from ratecards.lcr import Ask, Conditions, Router
from ratecards.lcr.render import routes_json
from ratecards.model import Caller, Rule, Terms
from ratecards.money import parse_units


def rendered(sell: Rule, *cards: Card, **ask: object) -> str:
    joined = [card.name for card in cards]
    behind = stand_behind(Card("retail", (sell,), Terms("GBP")), cards, Conditions(), joined)
    return routes_json(Router(behind).route(Ask("441132456789", NOW, **ask))).decode()


def test_a_route_has_the_contract_s_fields_in_its_order() -> None:
    """
    The contract's example: sold at 0.0075 by 30/6, bought at 0.0041 by the second.
    """
    sell = Rule("44113", "UK Leeds", parse_units("0.0075"), 0, 30, 6)
    card = Card("carrier-a", (Rule("4411", "Leeds", parse_units("0.0041")),), Terms("GBP"), "Carrier A")
    assert rendered(sell, card) == (
        '[{"card":"carrier-a","carrier":"Carrier A","prefix":"4411","rate":"0.0041","cost":"0.0041","margin":"0.0034",'
        '"currency":"GBP","billing":"1/1","connect_fee":"0","tech_prefix":"","endpoint":"","break_even_seconds":null,'
        '"loses_from_seconds":null,"worst_loss":null}]'
    )


def test_a_route_that_loses_says_when_and_how_much() -> None:
    """
    A second sold at 0.06 a minute earns 0.001; the minute bought costs 0.03, which 30 s earn.
    """
    card = Card("a", (Rule("44", "", parse_units("0.03"), 0, 60, 60),), Terms("GBP"))
    (route,) = json.loads(rendered(Rule("44", "", parse_units("0.06")), card))
    assert (route["break_even_seconds"], route["loses_from_seconds"]) == (30, 1)
    assert route["worst_loss"] == {"amount": "0.029", "seconds": 1}


def test_the_price_of_a_card_with_jurisdictions_says_which_it_is() -> None:
    rule = Rule("44", "", 1, rate_inter_units=2)
    behind = stand_behind(Card("retail", (Rule("44", "", 9),)), [Card("a", (rule,))], Conditions())
    found = Router(behind).route(Ask("441132456789", NOW, caller=Caller("12125550100")))
    (route,) = json.loads(routes_json(found))
    assert (route["jurisdiction"], route["rate"]) == ("international", "0.0000000001")


def test_names_are_written_as_json_whatever_is_in_them() -> None:
    card = Card('a"\\\n', (Rule("44", "", 1),), Terms("GBP"), "Süd </script>")
    (route,) = json.loads(rendered(Rule("44", "", 9), card))
    assert (route["card"], route["carrier"]) == ('a"\\\n', "Süd </script>")


def test_no_routes_are_an_empty_list() -> None:
    assert rendered(Rule("44", "", 1), Card("a", (Rule("44", "", 2),), Terms("GBP"))) == "[]"
