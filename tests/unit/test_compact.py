"""
Cards merged and minimised: the cases a rates manager asks about, and real decks before and after.
"""

import random
from decimal import Decimal

import polars as pl
import pytest
from support.cards import NOW, sdf_rules
from support.examples import some

from ratecards.columns.tree import PrefixError, ancestors, nearest, prefix_keys, prefixes_of
from ratecards.compact import CompactError, Kind, Source, merge, minimise
from ratecards.compile import compile_card
from ratecards.deck import read_deck
from ratecards.exchange import Exchange, ExchangeError
from ratecards.index import CardIndex
from ratecards.model import Rule, Terms
from ratecards.money import MAX_UNITS, format_units, parse_units
from ratecards.rules import from_frame, to_frame
from ratecards.samples import ACME

NUMBERS = some(100_000)


def source(name: str, *rules: Rule, currency: str = "USD", rates_by_lrn: bool = False) -> Source:
    return Source(name, to_frame(rules), Terms(currency, rates_by_lrn=rates_by_lrn))


def merged(*sources: Source, kind: Kind = "minimum", at: int = NOW) -> dict[str, Rule]:
    return {rule.prefix: rule for rule in from_frame(merge(sources, kind, at).rules)}


A = source("a", Rule("441", "UK", 100))
B = source("b", Rule("441", "Britain", 200), Rule("441481", "Guernsey", 900))


@pytest.mark.parametrize(
    ("kind", "prices"), [("minimum", (100, 100)), ("maximum", (200, 900)), ("average", (150, 500))]
)
def test_cards_of_different_depth_compare_prefix_by_prefix(kind: Kind, prices: tuple[int, int]) -> None:
    """
    A has 441, B has 441 and 441481: the merged card has both, A's 441 answering for 441481 too.
    """
    rules = merged(A, B, kind=kind)
    assert (rules["441"].rate_units, rules["441481"].rate_units) == prices
    assert set(rules) == {"441", "441481"}


def test_a_name_is_that_of_the_longest_prefix_then_of_the_first_card() -> None:
    """
    Whichever card's price wins.
    """
    assert (merged(A, B)["441"].name, merged(A, B)["441481"].name) == ("UK", "Guernsey")
    assert merged(B, A)["441"].name == "Britain"


def test_a_card_that_blocks_a_number_does_not_take_part() -> None:
    """
    Where another has a price it wins, dear as it may be; where none has, the hole is a blocked rule.
    """
    blocking = source("c", Rule("44", "UK", 1), Rule("441", "UK North", 1, blocked=True))
    rules = merged(A, blocking)
    assert (rules["441"].rate_units, rules["441"].blocked) == (100, False)
    alone = merged(blocking, source("d", Rule("33", "France", 5)))
    assert alone["441"].blocked
    assert not alone["44"].blocked


@pytest.mark.parametrize("kind", ["minimum", "maximum", "average"])
def test_a_number_no_card_knows_has_no_rule(kind: Kind) -> None:
    """
    Neither a price of 0 nor a block.
    """
    assert set(merged(A, B, kind=kind)) == {"441", "441481"}
    assert merged(source("empty"), source("empty too"), kind=kind) == {}


@pytest.mark.parametrize(("kind", "fee", "increments"), [("minimum", 7, (1, 1)), ("maximum", 0, (60, 60))])
def test_fee_and_increments_go_with_the_price_that_won(kind: Kind, fee: int, increments: tuple[int, int]) -> None:
    """
    Even where the fee makes the call dearer: cards compare by the price of a minute.
    """
    rule = merged(source("a", Rule("1", "A", 10, 7, 1, 1)), source("b", Rule("1", "B", 11, 0, 60, 60)), kind=kind)["1"]
    assert (rule.connect_fee_units, (rule.mcd_s, rule.pulse_s)) == (fee, increments)


@pytest.mark.parametrize(("kind", "fee"), [("minimum", 3), ("maximum", 9)])
def test_of_equal_prices_the_cost_of_a_minute_decides(kind: Kind, fee: int) -> None:
    """
    The cheaper call for a minimum, the dearer for a maximum.
    """
    cards = [source(str(fee), Rule("1", "A", 10, fee)) for fee in (5, 3, 9)]
    assert merged(*cards, kind=kind)["1"].connect_fee_units == fee


def test_of_equal_costs_the_first_card_wins() -> None:
    """
    60/60 and 60/1 cost the same for a minute.
    """
    cards = [source(str(pulse), Rule("1", "A", 10, 0, 60, pulse)) for pulse in (60, 1)]
    assert merged(*cards)["1"].pulse_s == 60
    assert merged(*reversed(cards))["1"].pulse_s == 1


@pytest.mark.parametrize(
    ("increments", "together"),
    [
        ([(1, 6), (1, 6)], (1, 6)),
        ([(1, 1), (6, 6)], (6, 6)),
        ([(30, 6), (60, 1)], (60, 6)),
        ([(90, 6), (60, 60)], (120, 60)),
    ],
)
def test_an_average_bills_increments_that_undercut_no_card(
    increments: list[tuple[int, int]], together: tuple[int, int]
) -> None:
    """
    Those all agree on, or the longest pulse and whole pulses of it up to the longest minimum.
    """
    cards = [source("", Rule("1", "A", 10, 0, mcd, pulse)) for mcd, pulse in increments]
    rule = merged(*cards, kind="average")["1"]
    assert (rule.mcd_s, rule.pulse_s) == together


def test_an_average_is_exact_until_it_is_rounded_half_up() -> None:
    """
    Also of amounts whose sum is more than 64 bits hold.
    """
    cards = [source("", Rule("1", "A", rate, rate)) for rate in (MAX_UNITS, MAX_UNITS - 1, MAX_UNITS - 3)]
    rule = merged(*cards, kind="average")["1"]
    assert rule.rate_units == rule.connect_fee_units == MAX_UNITS - 1
    assert merged(source("", Rule("1", "A", 1)), source("", Rule("1", "A", 2)), kind="average")["1"].rate_units == 2


def test_currencies_are_converted_before_prices_compare() -> None:
    """
    0.95 of a euro is more than a dollar.
    """
    dollars = source("us", Rule("1", "A", parse_units("1")))
    euros = source("eu", Rule("1", "A", parse_units("0.95")), currency="EUR")
    exchange = Exchange("USD", {"EUR": Decimal("0.92")})
    card = merge([euros, dollars], "minimum", NOW, exchange, "USD")
    assert (card.terms.currency, format_units(card.rules["rate_units"][0])) == ("USD", "1")
    dear = merge([euros, dollars], "maximum", NOW, exchange, "USD")
    assert format_units(dear.rules["rate_units"][0]) == "1.0326086957"
    with pytest.raises(ExchangeError, match="no rate of exchange for EUR"):
        merge([euros, dollars], "minimum", NOW, currency="USD")


def test_a_merge_is_of_one_instant_and_says_until_when() -> None:
    """
    A rule to come and one that ends set the time at which to merge again.
    """
    card = source(
        "a",
        Rule("1", "A", 10, expires=NOW + 9),
        Rule("12", "A", 5, effective=NOW + 5),
        Rule("1", "A", 7, effective=NOW - 1),
    )
    result = merge([card, source("b", Rule("1", "A", 8))], "minimum", NOW)
    assert result.until == NOW + 5
    assert [(rule.prefix, rule.rate_units, rule.effective) for rule in from_frame(result.rules)] == [("1", 7, None)]
    assert merge([B], "minimum", NOW).until is None


@pytest.mark.parametrize(("at", "price"), [(9, None), (10, 1), (19, 1), (20, None)])
def test_a_rule_holds_from_its_start_until_just_before_its_end(at: int, price: int | None) -> None:
    """
    Half open, as in an answer.
    """
    rules = merged(source("a", Rule("1", "A", 1, effective=10, expires=20)), at=at)
    assert {rule.rate_units for rule in rules.values()} == ({price} if price else set())


def test_prices_by_jurisdiction_are_merged_each_on_its_own() -> None:
    """
    A rule without one of them asks its price for it, as the card does.
    """
    one = source("one", Rule("1212", "NY", 10, 1, 6, 6, rate_inter_units=11, rate_intra_units=30))
    two = source(
        "two", Rule("1212", "NY", 20, 2, 30, 6, rate_inter_units=5, rate_intra_units=40, rate_indeterminate_units=50)
    )
    rule = merged(one, two)["1212"]
    assert (rule.rate_units, rule.rate_inter_units, rule.rate_intra_units, rule.rate_indeterminate_units) == (
        10,
        5,
        30,
        10,
    )
    assert (rule.connect_fee_units, rule.mcd_s, rule.pulse_s) == (2, 30, 6)
    rule = merged(one, two, kind="average")["1212"]
    assert (rule.rate_units, rule.rate_inter_units, rule.rate_intra_units, rule.rate_indeterminate_units) == (
        15,
        8,
        35,
        30,
    )


@pytest.mark.parametrize(
    ("sources", "why"),
    [
        ([], "no card to merge"),
        (
            [A, source("lrn", Rule("1", "A", 1), rates_by_lrn=True)],
            "card lrn rates the routing number, card a the dialled",
        ),
        (
            [A, source("us", Rule("1", "A", 1, rate_inter_units=1))],
            "card us has prices by jurisdiction, card a has none",
        ),
        (
            [A, source("o", Rule("5", "A", 1, origin="33"), Rule("4", "A", 1, origin="33"))],
            "card o: its rule for 4 is for certain callers",
        ),
        ([A, source("s", Rule("5", "A", 1, max_digits=9))], "card s: its rule for 5 is for certain lengths"),
        ([source("odd", Rule("4x", "A", 1))], "card odd: prefix '4x' is not 1 to 15 digits"),
    ],
)
def test_cards_that_cannot_be_compared_are_refused_by_name(sources: list[Source], why: str) -> None:
    """
    Rather than merged wrongly.
    """
    with pytest.raises(CompactError, match=why):
        merge(sources, "minimum", NOW)


def test_an_unknown_kind_is_refused() -> None:
    """
    It comes from outside.
    """
    with pytest.raises(CompactError, match="'median' is none of minimum, maximum, average"):
        merge([A], "median", NOW)  # type: ignore[arg-type]


def test_progress_counts_up_to_its_end() -> None:
    """
    A bar that is drawn from it ends full.
    """
    steps: list[tuple[int, int]] = []
    merge([A, B], "average", NOW, progress=lambda *step: steps.append(step))
    assert steps == [(n, 6) for n in range(1, 7)]
    steps.clear()
    minimise(A.rules, progress=lambda *step: steps.append(step))
    assert steps == [(n, 4) for n in range(1, 5)]


def kept(*rules: Rule, keep_names: bool = True) -> list[str]:
    return minimise(to_frame(rules), keep_names=keep_names).rules["prefix"].to_list()


def test_a_child_that_equals_its_parent_goes_at_any_distance() -> None:
    """
    Through others that go, not through one that differs.
    """
    chain = [Rule("44", "UK", 1), Rule("441", "UK", 1), Rule("441481", "UK", 1)]
    assert kept(*chain) == ["44"]
    assert kept(*chain, Rule("4414", "UK", 2)) == ["44", "4414", "441481"]


@pytest.mark.parametrize(
    "fields",
    [
        {"rate_units": 2},
        {"connect_fee_units": 1},
        {"mcd_s": 2},
        {"pulse_s": 2},
        {"blocked": True},
        {"origin": "33"},
        {"rate_inter_units": 1},
        {"rate_intra_units": 1},
        {"rate_indeterminate_units": 1},
        {"min_digits": 9},
        {"max_digits": 9},
        {"name": "Guernsey"},
    ],
)
def test_a_child_that_differs_in_any_term_stays(fields: dict[str, object]) -> None:
    """
    The name is one of them, unless names need not be kept.
    """
    child = Rule(**{"prefix": "441", "name": "UK", "rate_units": 1} | fields)
    assert kept(Rule("44", "UK", 1), child) == ["44", "441"]
    assert kept(Rule("44", "UK", 1), child, keep_names=False) == ["44", "441"][: 1 if "name" in fields else 2]


def test_ten_equal_children_go_only_where_their_parent_says_the_same() -> None:
    """
    The number 44 itself has no price without the rule, and must not get one.
    """
    ten = [Rule(f"44{digit}", "UK", 1) for digit in range(10)]
    assert len(kept(*ten)) == 10
    assert kept(*ten, Rule("44", "UK", 1)) == ["44"]
    assert len(kept(*ten, Rule("44", "UK", 2))) == 11


def test_a_block_is_a_block_whatever_it_would_charge() -> None:
    """
    Nobody pays the price of a blocked rule.
    """
    assert kept(Rule("44", "UK", 1, blocked=True), Rule("441", "UK", 2, 3, 4, 5, blocked=True)) == ["44"]


@pytest.mark.parametrize(
    ("parent", "child", "left"),
    [
        ((None, None), (10, 20), 1),
        ((10, 20), (10, 20), 1),
        ((10, 20), (9, 20), 2),
        ((10, 20), (10, 21), 2),
        ((10, 20), (10, None), 2),
        ((10, 20), (None, 20), 2),
    ],
)
def test_a_child_goes_only_where_its_parent_holds_as_long(
    parent: tuple[int | None, int | None], child: tuple[int | None, int | None], left: int
) -> None:
    """
    From its start to its end.
    """
    assert len(kept(Rule("44", "UK", 1, 0, 1, 1, *parent), Rule("441", "UK", 1, 0, 1, 1, *child))) == left


def test_several_rules_a_prefix_go_only_where_the_parent_has_the_same_several() -> None:
    """
    In whatever order they stand.
    """
    then, now = Rule("44", "UK", 1, effective=10), Rule("44", "UK", 2, effective=20)
    below = [Rule("441", "UK", 2, effective=20), Rule("441", "UK", 1, effective=10)]
    assert kept(then, now, *below) == ["44", "44"]
    assert kept(then, *below) == ["44", "441", "441"]
    assert kept(then, now, below[0]) == ["44", "44", "441"]
    assert kept(then, now, Rule("441", "UK", 3, effective=20), below[1]) == ["44", "44", "441", "441"]
    assert kept(then, now, Rule("441", "UK", 2, effective=21), below[1]) == ["44", "44", "441", "441"]


def test_a_prefix_that_is_none_is_refused() -> None:
    """
    By what it is.
    """
    with pytest.raises(PrefixError, match="'44a' is not 1 to 15 digits"):
        minimise(to_frame([Rule("44a", "UK", 1)]))


def test_keys_sort_as_a_tree_is_walked_and_read_back() -> None:
    """
    A parent before its children, they before the next of its kind; leading zeros are digits.
    """
    prefixes = ["0", "00", "01", "1", "10", "101", "109", "11", "123456789012345", "2"]
    keys = prefix_keys(pl.Series(prefixes))
    assert keys.is_sorted()
    assert prefixes_of(keys).to_list() == prefixes
    assert ancestors(keys).to_list() == [None, 0, 0, None, 3, 4, 4, 3, 3, None]
    assert nearest(prefix_keys(pl.Series(["1019", "3", "00"])), keys).to_list() == [5, None, 1]


def with_holes() -> pl.DataFrame:
    """
    The sample deck three times: as it is, with a fifth of its codes gone, with some blocked and some dearer; merged.
    """
    rng = random.Random(5)
    deck = sdf_rules()
    thinned = [rule for rule in deck if rng.random() < 0.8]
    other = [
        Rule(
            r.prefix,
            r.name,
            r.rate_units + rng.choice((0, 0, 0, 10**6)),
            r.connect_fee_units,
            r.mcd_s,
            r.pulse_s,
            blocked=rng.random() < 0.05,
        )
        for r in deck
        if rng.random() < 0.6
    ]
    return merge([source("thinned", *thinned), source("other", *other)], "minimum", NOW).rules


DECKS = {
    "sdf": lambda: to_frame(sdf_rules()),
    "acme": lambda: read_deck(ACME, currency="USD", now=NOW).rules,
    "merged with holes": with_holes,
}


def answer(card: CardIndex, number: str, *, names: bool) -> tuple[object, ...]:
    quote = card.quote(number, NOW)
    if quote.rule is None or quote.verdict is not None:
        return (quote.verdict,)
    rule = quote.rule
    return (quote.rate_units, rule.connect_fee_units, rule.mcd_s, rule.pulse_s, rule.name if names else "")


@pytest.mark.many
@pytest.mark.parametrize("keep_names", [True, False])
@pytest.mark.parametrize("deck", DECKS)
def test_a_hundred_thousand_numbers_rate_alike_before_and_after_on_real_decks(deck: str, keep_names: bool) -> None:
    """
    Of every length from 1 to 15, most of them on or beneath a code of the deck.
    """
    rules = DECKS[deck]()
    result = minimise(rules, keep_names=keep_names)
    before, after = compile_card(rules, Terms()), compile_card(result.rules, Terms())
    assert result.prefixes_after <= result.prefixes_before == before.prefixes
    rng = random.Random(3)
    heads = rules["prefix"].to_list()
    priced = 0
    for _ in range(NUMBERS):
        head = rng.choice(heads) if rng.random() < 0.9 else str(rng.randrange(1, 10**7))
        number = (head + f"{rng.randrange(10**15):015d}")[: rng.randrange(1, 16)]
        was = answer(before, number, names=keep_names)
        assert answer(after, number, names=keep_names) == was, number
        priced += len(was) > 1
    assert priced > NUMBERS // 2


def test_what_a_real_deck_saves() -> None:
    """
    Half of a published A-Z list says what its parent says, but for the name.
    """
    rules = to_frame(sdf_rules())
    assert minimise(rules).saved > 500
    assert minimise(rules, keep_names=False).saved > rules.height // 2


def test_a_few_prefixes_among_many_find_the_same_as_one_after_the_other() -> None:
    """
    Whether few are asked for or many, each finds the longest of those known that it starts with.
    """
    draw = random.Random(11)
    known = sorted({str(draw.randrange(10 ** draw.randrange(2, 8))) for _ in range(5000)})
    asked = ["".join(draw.choices("0123456789", k=draw.randrange(1, 16))) for _ in range(150)] + known[:40]
    places = {prefix: place for place, prefix in enumerate(known)}
    lengths = [range(len(one), 0, -1) for one in asked]
    expected = [
        next((places[one[:length]] for length in tried if one[:length] in places), None)
        for one, tried in zip(asked, lengths, strict=True)
    ]
    keys = prefix_keys(pl.Series(known))
    few = nearest(prefix_keys(pl.Series(asked)), keys).to_list()
    many = nearest(prefix_keys(pl.Series(asked * 20)), keys).to_list()
    assert len(asked) * 15 < len(known)
    assert (few, many) == (expected, expected * 20)
