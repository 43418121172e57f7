"""
A server for a long time under a small load, while clients break off, cards are replaced, and keys change.
"""

import random
import socket
import statistics
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ratecards.model import Rule
from support.cards import install, random_rules
from support.corpus import get, post
from support.load import Load, load
from support.memory import memory_of, tree
from support.patience import FAIL_SAFE_S, seconds_until
from support.people import account, bearer, key, revoke
from support.server import Server, read_responses, serve

ASK = "/api/rate.json?number=441132456789"
RULES = 5_000
WARM_PART = 0.25
"""Of the time: until all that is kept once is kept."""


@dataclass(frozen=True)
class Sample:
    """
    Attributes:
        memory: bytes that are each process's own.
        descriptors: that each process has open; ``sockets``: those of them that are connections.
        p99_s: of what was answered since the sample before.
    """

    at_s: float
    memory: dict[int, int]
    descriptors: dict[int, int]
    sockets: dict[int, int]
    p99_s: float
    answered: int


@dataclass
class Soak:
    """
    What was seen of processes that were there all the time.
    """

    samples: list[Sample] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    reloads: int = 0
    dropped: int = 0

    def steady(self) -> set[int]:
        return set.intersection(*(set(sample.memory) for sample in self.samples))

    def memory(self) -> list[int]:
        return [sum(sample.memory[pid] for pid in self.steady()) for sample in self.samples]

    def descriptors(self) -> list[int]:
        return [sum(sample.descriptors[pid] for pid in self.steady()) for sample in self.samples]

    def sockets(self) -> list[int]:
        return [sum(sample.sockets[pid] for pid in self.steady()) for sample in self.samples]

    def growth(self) -> float:
        """
        By what part memory grew from when it was warm to the end, along the straight line through it.
        """
        warm = int(len(self.samples) * WARM_PART)
        at_s, held = [sample.at_s for sample in self.samples[warm:]], self.memory()[warm:]
        line = statistics.linear_regression(at_s, held)
        return line.slope * (at_s[-1] - at_s[0]) / statistics.median(held)

    def more(self, held: list[int]) -> float:
        """
        How many more of something there are at the end than when it was warm, by the middle of each.
        """
        warm, count = held[int(len(held) * WARM_PART) :], max(1, len(held) // 5)
        return statistics.median(warm[-count:]) - statistics.median(warm[:count])


def soak(data: Path, seconds: float, turn_s: float, sample_s: float, told: Callable[[Soak], None]) -> Soak:
    """
    Args:
        turn_s: after which a card is replaced and the key changes.
        sample_s: between two samples.
        told: what was seen so far, after each turn.
    """
    seen = Soak()
    account(data, "acme", card="c")
    _reload(data, seen)
    with serve(data, WORKERS="2") as server, _breaking_off(server, seen):
        began = time.monotonic()
        while time.monotonic() - began < seconds - 1:
            shown = key(data, "acme")
            seconds_until(partial(_is_known, server, bearer(shown)))
            time.sleep(1.5)  # a process that was not asked has looked by then
            with load(server, bearer(shown), connections=4, pause_s=0.02) as running:
                _sampled(server, running, seen, began, turn_s, sample_s)
                _reload(data, seen)
                time.sleep(min(2.5, turn_s))  # for the new card to answer under load
            seen.failed += running.failed
            revoke(data, shown)
            told(seen)
    if "Traceback" in server.log.read_text():
        seen.failed.append("a trace in the log")
    return seen


def _reload(data: Path, seen: Soak) -> None:
    seen.reloads += 1
    others = [rule for rule in random_rules(seen.reloads % 3, RULES) if not rule.prefix.startswith("44")]
    install(data, "c", [Rule("44", "UK", seen.reloads * 10**6), *others])


def _is_known(server: Server, header: str) -> bool:
    return all(server.ask(get(ASK, header)).startswith(b"HTTP/1.1 200") for _ in range(32))


def _sampled(server: Server, running: Load, seen: Soak, began: float, turn_s: float, sample_s: float) -> None:
    end, start = time.monotonic() + turn_s, 0
    while time.monotonic() < end:
        time.sleep(sample_s)
        times_s = running.times_s[start:]
        start += len(times_s)
        if len(times_s) > 1:
            p99_s = statistics.quantiles(times_s, n=100)[98]
            seen.samples.append(_sample(server, time.monotonic() - began, p99_s, len(times_s)))


def _sample(server: Server, at_s: float, p99_s: float, answered: int) -> Sample:
    held, descriptors, sockets = {}, {}, {}
    for pid in tree(server.process.pid):
        with suppress(OSError):  # a process of a moment
            held[pid] = memory_of(pid)["Pss_Anon"]
            opened = [_target(path) for path in Path(f"/proc/{pid}/fd").iterdir()]
            descriptors[pid], sockets[pid] = len(opened), sum(one.startswith("socket:") for one in opened)
    return Sample(at_s, held, descriptors, sockets, p99_s, answered)


def _target(path: Path) -> str:
    with suppress(OSError):
        return str(path.readlink())
    return ""


@contextmanager
def _breaking_off(server: Server, seen: Soak) -> Iterator[None]:
    """
    Until the block ends, clients reset their connections, close them, or go on saying nothing, wherever they are.
    """
    stop = threading.Event()
    thread = threading.Thread(target=_break_off, args=(server, seen, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(FAIL_SAFE_S)


def _break_off(server: Server, seen: Soak, stop: threading.Event) -> None:
    rng = random.Random(20)
    whole = (get(ASK), get("/readyz"), post("/api/rate.json", "application/json", '{"number":"44"}'), get("/api/nope"))
    while not stop.wait(0.05):
        raw = rng.choice(whole)
        with suppress(OSError), server.connect() as client:
            if rng.random() < 0.5:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(raw[: rng.randrange(len(raw) + 1)])
            if rng.random() < 0.3:
                client.sendall(raw)
                client.settimeout(0.5)
                read_responses(client)
        seen.dropped += 1
