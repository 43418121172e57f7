"""
Compiled cards damaged in every way, on disk and in the store: none is opened, and the old revision goes on answering.

A process of its own tries them, so that a crash would be seen.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.fault
ROOT = Path(__file__).parents[2]
TRY = """
import faulthandler, json, random, struct, sys, hashlib
from pathlib import Path
faulthandler.enable()
sys.path[:0] = ["tests"]
from support.cards import NOW, random_rules
from support.oracle import Oracle
from support.revisions import load
from ratecards.model import Rule
from service.ops import open as opening
from service.ops.reload import artifact_path, load_snapshot
from service.snapshot import Snapshot
from service.store.files import get_file
from service.store.migrate import create
from service.store.tables import files

opening.breathe = lambda: None
folder, seed, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
rng = random.Random(seed)
engine = create(f"sqlite:///{folder / 'ratedip.db'}")
rules = random_rules(1, 2000)
load(engine, folder, "c", rules, activate=True)
old = load_snapshot(engine, folder, Snapshot())
new = load(engine, folder, "c", random_rules(2, 2000), activate=True)
other = get_file(engine, load(engine, folder, "other", [Rule("44", "UK", 1)]).digest)
whole = get_file(engine, new.digest)
path = artifact_path(folder, new.digest)
oracle = Oracle(rules)


def sections(data):
    count = struct.unpack_from("<I", data, 12)[0]
    return [struct.unpack_from("<24sQQ", data, 56 + 40 * i) for i in range(count)]


def flip(data):
    at = rng.randrange(len(data))
    data[at] ^= 1 << rng.randrange(8)


def flip_head(data):
    at = rng.randrange(min(len(data), 56 + 40 * 19))
    data[at] ^= 1 << rng.randrange(8)


def cut(data):
    del data[rng.randrange(len(data)):]


def grow(data):
    data += rng.randbytes(rng.randrange(1, 9000))


def zero(data):
    start = rng.randrange(0, len(data), 4096)
    data[start:start + 4096] = bytes(len(data[start:start + 4096]))


def swap(data):
    (_, one, a), (_, two, b) = rng.sample([s for s in sections(data) if s[2]], 2)
    size = min(a, b)
    data[one:one + size], data[two:two + size] = data[two:two + size], data[one:one + size]


def swap_entries(data):
    one, two = rng.sample(range(struct.unpack_from("<I", data, 12)[0]), 2)
    a, b = 56 + 40 * one + 24, 56 + 40 * two + 24
    data[a:a + 16], data[b:b + 16] = data[b:b + 16], data[a:a + 16]


def sealed(data):
    # somebody who makes the digest inside agree again
    rng.choice((flip, swap, swap_entries))(data)
    data[24:56] = hashlib.sha256(bytes(data[:24] + data[56:])).digest()


def shift(data):
    at = rng.randrange(1, len(data))
    data[:] = data[at:] + data[:at]


def another(data):
    data[:] = other


ways = [flip, flip, flip_head, cut, grow, zero, swap, swap_entries, sealed, shift, another]
seen = {"tried": 0, "refused": 0, "wrong": 0, "ways": {}}
for turn in range(count):
    way, data = ways[turn % len(ways)], bytearray(whole)
    way(data)
    if bytes(data) == whole:
        data[0] ^= 1
    with engine.begin() as connection:
        connection.execute(files.delete().where(files.c.digest == new.digest))
        if turn % 2:  # in the store, and from there on disk
            connection.execute(files.insert().values(digest=new.digest, part=0, data=bytes(data)))
    path.unlink(missing_ok=True)
    if not turn % 2:
        path.write_bytes(data)
    after = load_snapshot(engine, folder, old)
    fresh = load_snapshot(engine, folder, Snapshot())
    seen["tried"] += 1
    seen["ways"][way.__name__] = seen["ways"].get(way.__name__, 0) + 1
    refused = set(after.broken) == {"c"} == set(fresh.broken) and "c" not in fresh.cards
    seen["refused"] += refused and after.cards["c"].revision == 1
    for _ in range(5):
        number = rng.choice(rules).prefix + "123"
        told, right = after.cards["c"].index.quote(number, NOW), oracle.price(number, NOW)
        seen["wrong"] += (told.verdict, told.prefix) != (right.verdict, right.prefix)
path.write_bytes(whole)
seen["mended"] = load_snapshot(engine, folder, old).cards["c"].revision
print(json.dumps(seen))
"""


@pytest.mark.parametrize(("seed", "count"), [(1, 66), pytest.param(2, 560, marks=pytest.mark.long)])
def test_seven_hundred_damaged_cards_are_refused_and_nothing_crashes(tmp_path: Path, seed: int, count: int) -> None:
    command = [sys.executable, "-c", TRY, str(tmp_path), str(seed), str(count)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    assert (seen["tried"], seen["refused"], seen["wrong"]) == (count, count, 0), seen
    assert len(seen["ways"]) == 10
    assert seen["mended"] == 2
