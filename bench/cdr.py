"""
What taking in call records costs, from the bytes of a file to the disk, in a process of its own.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from bench.figures import Figure
from service.manage.cdr_fields import FIELDS, Sender
from service.manage.cdr_intake import Intake
from service.manage.cdr_load import load_file
from service.store.migrate import create
from service.store.records import START, tail

RECORDS, ROUNDS = 100_000, 5
SQLITE_US, POSTGRESQL_US = 50.0, 20.0  # of a record: 20,000 and 50,000 a second
SENDER: Final = Sender("live", "bench", {"bench": None})
ROOT: Final = Path(__file__).resolve().parent.parent
Line = Callable[[dict[str, object]], str]


def measure() -> list[Figure]:
    """
    Time loading files of records that are all new, one after the other into one store, and following them.
    """
    path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))  # where a PostgreSQL of one's own is started
    command = (sys.executable, "-m", "bench.cdr")
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": path}
    )
    measured: dict[str, float] = json.loads(done.stdout)
    targets = {"sqlite": SQLITE_US, "postgresql": POSTGRESQL_US, "tail": None}
    return [Figure(name, value, "µs", targets[name.split(",")[0]]) for name, value in measured.items()]


def main() -> None:
    """
    Print microseconds of a record, the median of the rounds.
    """
    with tempfile.TemporaryDirectory(prefix="ratedip-bench-") as directory, ExitStack() as stack:
        folder = Path(directory)
        stores = {"sqlite": f"sqlite:///{folder / 'ratedip.db'}"}
        postgres = _postgres(stack)
        if postgres is not None:
            stores["postgresql"] = postgres
        print(json.dumps({name: value for kind, url in stores.items() for name, value in _store(kind, url, folder)}))


def _store(kind: str, url: str, folder: Path) -> Iterator[tuple[str, float]]:
    engine = create(url)
    for form, line in (("CSV", _csv), ("NDJSON", _ndjson)):
        spent = [_load(engine, _file(folder, line, f"{kind} {form} {number}")) for number in range(ROUNDS)]
        yield f"{kind}, a call record of {form} to the disk", statistics.median(spent)
    yield f"tail, a call record followed on {kind}", _follow(engine)
    engine.dispose()


def _load(engine: Engine, path: Path) -> float:
    start = time.perf_counter()
    tally = load_file(engine, Intake(SENDER), path)
    spent = time.perf_counter() - start
    if tally.taken != RECORDS:
        raise SystemExit(f"{path.name}: {tally.as_json()}")
    path.unlink()
    return spent * 1e6 / RECORDS


def _follow(engine: Engine) -> float:
    start, after, count = time.perf_counter(), START, 0
    while True:
        some, after = tail(engine, after)
        count += len(some)
        if not some:
            return (time.perf_counter() - start) * 1e6 / count


def _file(folder: Path, line: Line, seed: str) -> Path:
    """
    Calls as they come from a busy switch: ids and numbers at random, times that grow.
    """
    draw, path = random.Random(seed), folder / f"{seed}.txt"
    head = ",".join(FIELDS) + "\n" if line is _csv else ""
    path.write_text(head + "".join(line(_call(draw, number)) for number in range(RECORDS)))
    return path


def _call(draw: random.Random, number: int) -> dict[str, object]:
    code, reason = draw.choice(((200, "OK"), (200, "OK"), (404, "Not Found"), (486, "Busy Here"), (503, "")))
    return {
        "call_id": str(uuid.UUID(int=draw.getrandbits(128))),
        "number": f"44{draw.randrange(10**10):010d}",
        "cli": f"1{draw.randrange(10**10):010d}",
        "account": "",
        "card": "retail",
        "carrier": f"carrier-{draw.randrange(20)}",
        "start": f"{1_790_000_000 + number // 100}.{number % 1000:03d}",
        "duration": draw.randrange(600_000) / 1000 if code == 200 else 0,
        "pdd_ms": draw.randrange(4000),
        "sip_code": code,
        "sip_reason": reason,
        "q850": 16,
    }


def _csv(call: dict[str, object]) -> str:
    return ",".join(map(str, call.values())) + "\n"


def _ndjson(call: dict[str, object]) -> str:
    return json.dumps(call) + "\n"


def _postgres(stack: ExitStack) -> str | None:
    """
    A PostgreSQL as it comes, durable, where this machine has one; None: it has none.
    """
    try:
        from support import postgres  # noqa: PLC0415 - the tests' packages need not be installed
    except ImportError:
        return None
    if postgres.find_binaries() is None:
        return None
    postgres._FAST = ()  # type: ignore[assignment]  # noqa: SLF001 - what is measured is on disk
    server = stack.enter_context(postgres.run_postgres())
    return stack.enter_context(server.database())


if __name__ == "__main__":
    main()
