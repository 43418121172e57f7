"""
No byte string makes the reader do anything but give rows or a refusal.

Whatever arrives, :func:`read_deck` returns a deck whose report adds up, within seconds. A cell reader returns a value
or raises ``CellError``.
"""

import io
import json
import random
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples, some
from support.patience import promised

from ratecards import samples
from ratecards.deck import Mapping, read_deck
from ratecards.deck.cells.amounts import decimal_evidence, read_amount
from ratecards.deck.cells.codes import CodeStyle, read_codes
from ratecards.deck.cells.dates import orders, read_date
from ratecards.deck.cells.entries import hyphen_evidence, items, space_evidence
from ratecards.deck.cells.intervals import read_digits, read_interval
from ratecards.deck.cells.names import read_origin
from ratecards.deck.cells.statuses import read_change, read_flag, read_remark, read_status
from ratecards.deck.errors import CellError, DeckError
from ratecards.deck.formats.opening import open_sheets
from ratecards.deck.grid import Sheet
from ratecards.deck.words import recognise

pytestmark = pytest.mark.many
TESTS = Path(__file__).parents[1]
SEED = 20260916
QUICK = some(600)
"""Files read on every run of the tests; ``make long`` reads two hundred thousand."""

SHARDS, OF_A_SHARD = 20, 5_000
CELLS = some(10_000)
PER_FILE_S = 5
"""Seconds of the processor, which a busy machine does not lengthen."""

PER_BOMB_S = 30

TOKENS = (
    b'"', b'""', b",", b";", b"\t", b"|", b"\n", b"\r\n", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"-",
    b"[0-9]",
    b"1E+5", b"9" * 30, b"0.01", b"0,01", b"1.234", b"1,234", b"$", "€".encode(), b"44", b"447400-447409", b"93-76",
    b"61 38,39", b"^93.*", b"03/04/2027", b"16/09/2026", b"2026-09-16", b"46281", b"ASAP", b"60/1", b"NaN", b"#", b"'",
    b"=1+1", b"Closed", b"blocked", b"Currency: EUR\n", b"sep=;\n", b"Prefix,Rate\n", b"Code;Price\n",
    b"Country Code,Area Code,Rate\n", b"NPANXX,Inter,Intra\n", b"Prefix,Rate,Effective,Expires,Status,Origin\n",
    b"PK\x03\x04", b"\x1f\x8b", b"\xfd7zXZ\x00", b'{"cards":', "٠١".encode(), b"\x1f",
)  # fmt: skip
MAPPINGS = (None, Mapping(hyphen="range", date_order="dmy", decimal_comma=True, spaces="list", duplicates="last"),
            Mapping(npa_nxx=True, duplicates="dearest", timezone="America/New_York", rate_seconds=1))  # fmt: skip


def seeds() -> list[bytes]:
    files = [*sorted((TESTS / "good_decks").iterdir()), *sorted((TESTS / "bad_decks").iterdir())]
    vectors = json.loads((TESTS / "conformance" / "vectors" / "deck_import.json").read_text("utf-8"))
    acme = Path(samples.__file__).parent / "acme_rate_notice.csv"
    small = [path.read_bytes() for path in files if path.stat().st_size < 20_000]
    return [acme.read_bytes(), *(case["input"].encode() for case in vectors["cases"]), *small]


def mutated(data: bytes, chance: random.Random, tokens: tuple[bytes, ...] = TOKENS) -> bytes:
    out = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 4, 9])):
        place = chance.randrange(len(out) + 1)
        what = chance.random()
        if what < 0.3 and out:
            out[min(place, len(out) - 1)] = chance.randrange(256)
        elif what < 0.6:
            out[place:place] = chance.choice(tokens)
        elif what < 0.75:
            del out[place : place + chance.choice([1, 2, 10, 200])]
        elif what < 0.9:
            start = chance.randrange(len(out) + 1)
            out[place:place] = out[start : start + chance.choice([5, 50, 500])]
        else:
            del out[place:]
    return bytes(out)


def of_tokens(chance: random.Random) -> bytes:
    return b"".join(chance.choice(TOKENS) for _ in range(chance.randrange(40)))


def check(data: bytes, chance: random.Random) -> None:
    start = time.process_time()
    deck = read_deck(data, mapping=chance.choice(MAPPINGS), now=chance.choice([None, 1_790_000_000]))
    assert time.process_time() - start < promised(PER_FILE_S)
    report = deck.report
    assert deck.accepted == (not report.reasons)
    assert report.rows_read == report.rows_taken + report.rows_refused
    assert report.rules == deck.rules.height
    assert deck.rules["prefix"].str.contains(r"^[1-9][0-9]{0,14}$").all()
    assert (deck.rules["pulse_s"] >= 1).all()
    assert deck.rules["rate_units"].null_count() == 0
    json.dumps(report.as_json()).encode()


def read_many(seed: str, count: int) -> None:
    chance, known = random.Random(seed), seeds()
    for _ in range(count):
        check(of_tokens(chance), chance)
        check(mutated(chance.choice(known), chance), chance)


def test_mutated_decks_and_strings_of_tokens_give_rows_or_a_refusal() -> None:
    """
    The same few hundred of each on every run.
    """
    read_many(f"{SEED}", QUICK)


@pytest.mark.long
@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_hundred_thousand_of_each_give_rows_or_a_refusal(shard: int) -> None:
    """
    Other strings and other mutations in every shard.
    """
    read_many(f"{SEED} {shard}", OF_A_SHARD)


XML_TOKENS = (
    b"<", b">", b'"', b"&#x41;", b"&x;", b"<!--", b"<![CDATA[", b"</row>", b'<row r="99">', b'<c r="A1"/>', b"</c>",
    b't="s"', b't="e"', b't="d"', b"<v>-1</v>", b"<v>99999999999999999999</v>", b"<v>1e308</v>", b"<v>nan</v>",
    b'r="ZZ99"', b'r="A0"', b'r="B99999999999999999999"', b's="99"', b'count="99999999999"', b"9" * 25, b"\xff",
    b"\x00",
    b'<dimension ref="A1:XFD1048576"/>', b'number-columns-repeated="5"', b'office:date-value="9999-99-99"',
)  # fmt: skip


def with_a_part_mutated(data: bytes, chance: random.Random) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        names = [name for name in source.namelist() if name.endswith((".xml", ".rels"))]
        chosen = chance.choice(names + [name for name in names if "sheet1" in name or "content" in name] * 4)
        for name in source.namelist():
            part = source.read(name)
            target.writestr(name, mutated(part, chance, XML_TOKENS) if name == chosen else part)
    return out.getvalue()


def read_workbooks(seed: str, count: int) -> None:
    chance = random.Random(seed)
    books = [path.read_bytes() for path in sorted((TESTS / "good_decks").iterdir()) if path.suffix in (".xlsx", ".ods")]
    for _ in range(count):
        check(with_a_part_mutated(chance.choice(books), chance), chance)


def test_workbooks_with_a_mutated_part_give_rows_or_a_refusal() -> None:
    """
    The library underneath neither crashes nor asks for the memory of a full sheet.
    """
    read_workbooks(f"{SEED}", QUICK)


@pytest.mark.long
@pytest.mark.parametrize("shard", range(SHARDS))
def test_ten_thousand_workbooks_with_a_mutated_part_give_rows_or_a_refusal(shard: int) -> None:
    """
    Other parts and other damage in every shard.
    """
    read_workbooks(f"{SEED} {shard}", OF_A_SHARD // 10)


@examples(300)
@given(st.binary(max_size=300))
def test_any_bytes_give_rows_or_a_refusal(data: bytes) -> None:
    """
    Bytes nobody meant as a deck.
    """
    check(data, random.Random(0))


@examples(150)
@given(st.lists(st.text(max_size=12), max_size=20), st.sampled_from(",;\t|"))
def test_any_cells_under_a_header_give_rows_or_a_refusal(cells: list[str], delimiter: str) -> None:
    """
    Text of any script in the columns of a deck.
    """
    rows = [cells[i : i + 4] for i in range(0, len(cells), 4)]
    lines = ["Prefix,Rate,Effective,Billing".replace(",", delimiter), *(delimiter.join(row) for row in rows)]
    check("\n".join(lines).encode("utf-8", "replace"), random.Random(0))


def codes_of(cell: str) -> None:
    for style in (CodeStyle(), CodeStyle("range", "list"), CodeStyle("join", None, told=True), CodeStyle(npa_nxx=True)):
        for country in ("", "44"):
            try:
                assert all(code.isascii() and code.isdigit() for code in read_codes(cell, style, country))
            except CellError:
                continue
    for item in items(cell):
        hyphen_evidence(item)
        space_evidence(item)


READERS: dict[str, Callable[[str], object]] = {
    "codes": codes_of,
    "amount": lambda cell: (decimal_evidence(cell), read_amount(cell, "."), read_amount(cell, ",")),
    "date": lambda cell: (orders(cell), read_date(cell, None), read_date(cell, "mdy", end=True)),
    "interval": read_interval,
    "digits": read_digits,
    "origin": read_origin,
    "status": read_status,
    "flag": read_flag,
    "change": read_change,
    "remark": read_remark,
    "header": recognise,
}
PIECES = (
    "0", "1", "44", "447400", "-", " ", ",", ";", ".", "/", ":", "+", "[0-5]", "^", ".*", "e", "E+11", "$", "€", "USD",
    "٠", "²", "\u2013", "\u200b", "\ud83d", "2026", "-09-16", "16/09/", "Sep", "21", "ASAP", "T10:30", "Z", "\n", "\t",
    "'", '"', "=", "_", "NaN", "x" * 50, "9" * 20, "Rate", "per", "min", "Closed", "yes",
)  # fmt: skip


@pytest.mark.parametrize("kind", READERS)
def test_ten_thousand_cells_give_a_value_or_a_reason(kind: str) -> None:
    """
    A hundred thousand over all kinds of cells, none of which may raise anything but ``CellError``.
    """
    chance = random.Random(f"{SEED} {kind}")
    for _ in range(CELLS):
        cell = "".join(chance.choice(PIECES) for _ in range(chance.randrange(1, 9)))
        with suppress(CellError):
            READERS[kind](cell)


def bombs() -> dict[str, bytes]:
    """
    Those of many rows have some of them here, all in make long.
    """
    line = b"44,0.01\n"
    return {
        "quotes": b"Prefix,Rate\n" + b'"' * 2_000_000,
        "open quotes": b"Prefix,Rate\n" + b'44,"0.01\n' * some(100_000),
        "quoted newlines": b'Prefix,Rate\n"' + b"\n" * 500_000,
        "one line": b"44," * 1_000_000,
        "commas": b"Prefix,Rate\n" + b"," * some(3_000_000),
        "newlines": b"Prefix,Rate\n" + b"\n" * some(3_000_000),
        "headers": b"Prefix,Rate\n" * some(100_000),
        "one code": b"Prefix,Rate\n" + line * some(200_000),
        "ranges": b"Prefix,Rate\n" + b"1000000-1009999,0.01\n" * some(100_000),
        "long cell": b"Prefix,Rate\n" + b"4" * 900_000 + b",0.01\n",
        "list": b'Prefix,Rate\n"' + b"44," * 300_000 + b'",0.01\n',
        "classes": b"Prefix,Rate\n" + b"1[0-9][0-9][0-9][0-9],0.01\n" * 1_000,
        "json": b'{"schema_version":"1","cards":{' + b'"a":{"a":{' * 3_000,
        "json list": b"[" * 1_000_000,
        "refusals": b"Prefix,Rate\n" + b"x,y\n" * some(150_000),
    }


BOMBS = bombs()


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_made_to_take_long_does_not(name: str) -> None:
    """
    Work grows with the file, not with what the file asks for.
    """
    data = BOMBS[name]
    start = time.process_time()
    deck = read_deck(data)
    assert time.process_time() - start < promised(PER_BOMB_S)
    assert deck.report.rows_read == deck.report.rows_taken + deck.report.rows_refused


@examples(200)
@given(
    st.binary(max_size=60),
    st.sampled_from([b"PK\x03\x04", b"\x1f\x8b\x08", b"\xfd7zXZ\x00", b"{", b"\xff\xfe", b"%PDF"]),
)
def test_a_file_that_starts_like_a_known_kind_gives_sheets_or_a_refusal(data: bytes, start: bytes) -> None:
    """
    The first bytes promise nothing about the rest.
    """
    with suppress(DeckError):
        assert all(isinstance(sheet, Sheet) for sheet in open_sheets(start + data))
