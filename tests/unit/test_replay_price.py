"""
A file of calls with prices behind them: each the exact price of that call, every row in its place.
"""

import csv
import gzip
import io
import json
import random
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from support.cards import NOW, RETAIL, random_rules

from ratecards.compile import compile_card
from ratecards.model import Rule, Terms
from ratecards.money import parse_units
from ratecards.replay import CallsError, Pricing, Reading, header_of, lay_out, price, read_pieces
from ratecards.rules import to_frame

CARD = lay_out(to_frame(RETAIL), Terms("GBP"))
ADDED = ["rated_number", "rated_prefix", "rated_rate", "rated_currency", "rated_seconds", "rated_cost", "rated_error"]


def priced(path: Path, content: str | bytes, pricing: Pricing | None = None) -> tuple[str, list[tuple[int, str]]]:
    """
    What is written for a file, and the rows refused.
    """
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    pricing = pricing or Pricing(CARD, Reading(NOW, asks_call=False))
    text, problems = b"", []
    for piece in read_pieces(path):
        done = price(pricing, piece)
        text += (b"" if text else header_of(piece)) + done.text
        problems += done.problems
    return text.decode(), problems


def test_a_row_has_number_prefix_price_and_cost_behind_what_it_had(tmp_path: Path) -> None:
    said, problems = priced(tmp_path / "c.csv", "id;called;billsec;disposition\n1;+44 113 2456789;37;ANSWERED\n")
    header, row = said.splitlines()
    assert header == f"id;called;billsec;disposition;{';'.join(ADDED)}"
    assert row == "1;+44 113 2456789;37;ANSWERED;441132456789;44113;0.0075;GBP;42;0.00525;"
    assert problems == []


def test_a_row_that_cannot_be_rated_says_why_in_its_place(tmp_path: Path) -> None:
    rows = [
        "44113,60", "4470111,5", "999,5", "foo,5", "44113,", "44113,x", "", '"44113,1', "44113,1,2,3", "44113",
        "44113,60,,", '"44,113",60', "5551,60",
    ]  # fmt: skip
    said, problems = priced(tmp_path / "c.csv", "number,duration\n" + "\n".join(rows))
    table = list(csv.reader(io.StringIO(said)))
    assert [len(row) for row in table] == [2 + len(ADDED)] * (1 + len(rows) - 1)
    assert [row[-1] for row in table[1:]] == [
        "", "blocked", "no_rate", "number 'f' is not a digit", "duration is blank",
        "duration is not a number of seconds, nor h:mm:ss", "row has a quote that is not closed on its line",
        "row has more cells than the 2 of the header", "duration is blank", "", "number ',' is not a digit", "expired",
    ]  # fmt: skip
    assert [line for line, _ in problems] == [5, 6, 7, 9, 10, 11, 13]
    assert table[7][0] == '"44113,1'


def test_a_call_that_nobody_took_costs_nothing(tmp_path: Path) -> None:
    said, _ = priced(tmp_path / "c.csv", "number,duration,sip_code\n44113,60,487\n44113,0,200\n44113,60,200\n")
    rows = list(csv.DictReader(io.StringIO(said)))
    assert [(row["rated_seconds"], row["rated_cost"]) for row in rows] == [("0", "0"), ("0", "0"), ("60", "0.0075")]


def test_an_object_keeps_what_it_had_and_a_line_that_is_none_is_kept_too(tmp_path: Path) -> None:
    lines = ['{"number":"441132456789","duration":37, "x":"}"} ', "{}", "foo", '{"number":"x","duration":3}', "[1]"]
    said, problems = priced(tmp_path / "c.ndjson", "\n".join(lines))
    objects = [json.loads(line) for line in said.splitlines()]
    cost = {"number": "441132456789", "prefix": "44113", "rate": "0.0075", "currency": "GBP", "seconds": 42}
    assert objects == [
        {"number": "441132456789", "duration": 37, "x": "}", "rated": {**cost, "cost": "0.00525"}},
        {"rated": {"error": "duration is blank"}},
        {"row": "foo", "rated": {"error": "row is not a JSON object"}},
        {"number": "x", "duration": 3, "rated": {"error": "number 'x' is not a digit"}},
        {"row": "[1]", "rated": {"error": "row is not a JSON object"}},
    ]
    assert [line for line, _ in problems] == [2, 3, 4, 5]


def test_packed_pieces_unpack_to_the_same(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("number,duration\n44113,60\n")
    (piece,) = read_pieces(tmp_path / "c.csv")
    plain, packed = (Pricing(CARD, Reading(NOW), packed=packed) for packed in (False, True))
    whole = header_of(piece, packed=True) + price(packed, piece).text
    assert gzip.decompress(whole) == header_of(piece) + price(plain, piece).text
    assert price(packed, piece) == price(packed, piece)


def test_parquet_is_refused_in_words(tmp_path: Path) -> None:
    to_frame(RETAIL).with_columns(number="prefix", duration="mcd_s").write_parquet(tmp_path / "c.parquet")
    (piece, *_) = read_pieces(tmp_path / "c.parquet")
    with pytest.raises(CallsError, match="is Parquet"):
        price(Pricing(CARD, Reading(NOW)), piece)


@pytest.mark.parametrize("seed", range(2))
def test_each_price_is_that_of_the_call_alone_reckoned_in_decimals(tmp_path: Path, seed: int) -> None:
    rules = random_rules(seed, 400)
    flat, index = lay_out(to_frame(rules), Terms()), compile_card(to_frame(rules), Terms())
    rng = random.Random(seed)
    calls = [
        (f"{rng.choice(rules).prefix}{rng.randrange(10**6)}"[:15], rng.choice(("0", "1", "59.5", "61", "3600")),
         NOW + rng.randrange(-(10**7), 10**7)) for _ in range(3000)
    ]  # fmt: skip
    text = "number,duration,start\n" + "".join(f"{n},{d},{s}\n" for n, d, s in calls)
    said, problems = priced(tmp_path / "c.csv", text, Pricing(flat, Reading(NOW, asks_call=False)))
    assert problems == []
    for row, (number, duration, start) in zip(csv.DictReader(io.StringIO(said)), calls, strict=True):
        quote = index.quote(number, start)
        assert row["rated_error"] == (str(quote.verdict) if quote.verdict else "")
        assert quote.rule is not None or row["rated_cost"] == ""
        if quote.verdict is None and quote.rule is not None:
            assert (row["rated_prefix"], Decimal(row["rated_cost"])) == (quote.prefix, _cost(quote.rule, duration))


def _cost(rule: Rule, duration: str) -> Decimal:
    seconds = int(Decimal(duration).to_integral_value(ROUND_CEILING))
    if not seconds:
        return Decimal(0)
    more = max(0, -(-(seconds - rule.mcd_s) // rule.pulse_s)) * rule.pulse_s
    unit = Decimal(10) ** 10
    exact = Decimal(rule.connect_fee_units) / unit + Decimal(rule.rate_units) * (rule.mcd_s + more) / 60 / unit
    return exact.quantize(Decimal("0.00000001"), ROUND_HALF_UP)


def test_all_may_be_rated_as_if_made_at_one_instant(tmp_path: Path) -> None:
    rules = [Rule("44", "Old", parse_units("1"), expires=NOW), Rule("44", "New", parse_units("2"), effective=NOW)]
    flat = lay_out(to_frame(rules), Terms())
    text = f"number,duration,start\n44113,60,{NOW - 5}\n44113,60,{NOW + 5}\n"
    for at, costs in ((None, ["1", "2"]), (NOW, ["2", "2"]), (NOW - 1, ["1", "1"])):
        said, _ = priced(tmp_path / "c.csv", text, Pricing(flat, Reading(NOW, asks_call=False), at))
        assert [row["rated_cost"] for row in csv.DictReader(io.StringIO(said))] == costs
