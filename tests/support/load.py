"""
Load on a real server: keep-alive connections that ask, read, and note what came.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from support.corpus import get
from support.patience import FAIL_SAFE_S, promised
from support.server import Server, read_responses

SLOW_S = 1.0


@dataclass
class Load:
    """
    What came back so far.

    Attributes:
        statuses: how often each HTTP status came.
        failed: look-ups that failed: no answer, a 5xx, one later than a second, or a wrong one.
        bodies: of answers with 200, how often each came, but for the number.
        refused: by connection, how often in a row it has been refused by now.
        times_s: how long each took, in their order.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    bodies: Counter[bytes] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)
    times_s: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def admitted(self) -> int:
        return self.statuses[200]

    def note(self, connection: int, number: str, answer: bytes, seconds: float) -> None:
        with self.lock:
            status = int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0
            self.statuses[status] += 1
            self.times_s.append(seconds)
            body = answer.partition(b"\r\n\r\n")[2]
            wrong = status == 200 and not body.startswith(b'{"number":"%b",' % number.encode())
            if status not in (200, 429) or seconds > promised(SLOW_S) or wrong:
                self.failed.append(f"{status} after {seconds:.3f} s for {number}: {answer[:300]!r}")
            self.refused[connection] = self.refused[connection] + 1 if status == 429 else 0
            if status == 200:
                self.bodies[body.partition(b",")[2]] += 1


@contextmanager
def load(
    server: Server, header: str, *, connections: int = 8, pause_s: float = 0.002, card: str = ""
) -> Iterator[Load]:
    """
    Ask for prices of numbers in +44 113 until the block ends.

    Args:
        pause_s: each connection rests so long between two questions.
        card: to name; empty: none is.
    """
    seen, stop = Load(), threading.Event()
    asking = [
        threading.Thread(target=_ask, args=(server, header, seen, stop, pause_s, card, i)) for i in range(connections)
    ]
    for thread in asking:
        thread.start()
    try:
        yield seen
    finally:
        stop.set()
        for thread in asking:
            thread.join(FAIL_SAFE_S)


def _ask(server: Server, header: str, seen: Load, stop: threading.Event, pause_s: float, card: str, seed: int) -> None:
    rng = random.Random(seed)
    more = f"&card={card}" if card else ""
    with server.connect() as client:
        while not stop.is_set():
            number = f"44113{rng.randrange(10**7):07d}"
            start = time.monotonic()
            client.sendall(get(f"/api/rate.json?number={number}{more}", header))
            seen.note(seed, number, read_responses(client), time.monotonic() - start)
            time.sleep(pause_s)
