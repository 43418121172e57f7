"""
What parsers were fed before: files by target, and what those are begun with.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path

from support.corpus import NUMBERS, QUERIES, SIPHON
from support.malformed import CASES
from support.records import SAID

from fuzz import decks, targets
from fuzz.targets import TOKEN, Target

CORPUS = Path(__file__).parent / "corpus"
DECKS = Path(__file__).parents[1] / "good_decks"
TARGETS: dict[str, Target] = {
    one.__name__: one
    for one in (
        targets.number, targets.query, targets.body, targets.words, targets.lines, targets.credential, targets.head,
        targets.forwarded, targets.artifact, targets.records, decks.deck_csv, decks.deck_json, decks.deck_xlsx,
        decks.deck_ods,
    )
}  # fmt: skip
RECORD = json.dumps(SAID).encode()
SEEDS: dict[str, list[bytes]] = {
    "number": [one.encode() for one in NUMBERS.values()],
    "query": [one.removeprefix("?").encode() for one in QUERIES.values() if len(one) < 500],
    "body": [b"\x00number=44&card=retail", b'\x01{"number":["44","49"],"card":"retail","duration":1e3}',
             b"\x01" + json.dumps(SIPHON).encode(), b'\x01{"number":"\\ud800","at":null}'],
    "words": [b"37", b"36.000001", b"2020-01-01T00:00:00+02:00", b"1800000000", b"2020-02-30", b"-1"],
    "lines": [b"\x05441132456789\n\n+44 113\r\n", b'\x03number;cli\n44;"1\n', b'\x07{"number":"44"}\n"44"\n44\n',
              b"\x09\x1f\x8b\x08\x00"],
    "credential": [b"rd_live_0123456789_" + b"a" * 38, TOKEN.encode(), b"bearer " + TOKEN.encode(), b"YWNtZTp4"],
    "head": [case.raw[:4096] for case in CASES.values()],
    "forwarded": [b"198.51.100.7, 127.0.0.1", b"::ffff:127.0.0.1", b"[::1]:80", b"10.0.0.0/33", b","],
    "artifact": [b"\x01" + b"trie".ljust(24, b"\0") + (96).to_bytes(8, "little") + (4).to_bytes(8, "little") + b"abcd",
                 b"\x89RDIP\r\n\x1a"],
    "records": [b"0" + RECORD, b"1[" + RECORD + b"," + RECORD + b"]", b"2call_id,number,start\na,44,1\n",
                b'3{"callid":1}', b"4" + b"," * 14 + b"BUSY,"],
    "deck_csv": [b"\x00" + path.read_bytes() for path in sorted(DECKS.iterdir()) if path.suffix in {".csv", ".txt"}],
    "deck_json": [path.read_bytes() for path in sorted(DECKS.glob("*.json"))] + [b'{"default":{"rates":[]}}'],
    "deck_xlsx": [decks.parts("letter_and_rates.xlsx")["xl/worksheets/sheet1.xml"]],
    "deck_ods": [decks.parts("libre_office.ods")["content.xml"]],
}  # fmt: skip


def kept(name: str) -> Iterator[Path]:
    """
    Inputs of a target that once broke something, or reached what no other did.
    """
    yield from sorted((CORPUS / name).glob("*"))


def mutated(name: str, count: int) -> Iterator[bytes]:
    """
    So many strings near those known of a target, the same on every run.
    """
    chance = random.Random(name)
    known = [*SEEDS[name], *(path.read_bytes() for path in kept(name))]
    for _ in range(count):
        out = bytearray(chance.choice(known))
        for _ in range(chance.choice((1, 1, 2, 5))):
            _change(out, chance, known)
        yield bytes(out[:65536])


def _change(out: bytearray, chance: random.Random, known: list[bytes]) -> None:
    place = chance.randrange(len(out) + 1)
    what = chance.random()
    if what < 0.35 and out:
        out[min(place, len(out) - 1)] = chance.randrange(256)
    elif what < 0.55:
        del out[place : place + chance.choice((1, 3, 30))]
    elif what < 0.8:
        other = chance.choice(known)
        start = chance.randrange(len(other) + 1)
        out[place:place] = other[start : start + chance.choice((1, 4, 40))]
    else:
        out[place:place] = chance.choice((b"\0", b"\xff", b"%", b'"', b"\n", b"\r\n", b"9" * 30, "٤".encode(), b"\\u"))
