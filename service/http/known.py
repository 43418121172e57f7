"""
Requests seen before, all but their number: what a softswitch sends a thousand times a second.

The line is the one of :mod:`service.http.respond`, identify, admit, look up, render, but what an earlier request with
the same bytes around its number has settled is not settled again until there is a new snapshot.
"""

import re
from time import monotonic_ns

from service.access.account import LOOKUP, Identity
from service.access.identify import Shown, identify
from service.errors import ApiError
from service.http.respond import Head
from service.lookups.ready import NUMBER, rendered
from service.quota.meter import Meter
from service.snapshot import Desk, LiveCard, Snapshot

START = b"GET /api/rate.json?number="
SERVICE = "rate"
_MORE = re.compile(rb"(?:&card=([a-z0-9][a-z0-9._-]{0,63}))? HTTP/1\.1\r\n").match
_COMMON = 2048
_LENGTHS = [b"%d\r\n\r\n" % (n + len(NUMBER)) + NUMBER for n in range(_COMMON)]
"""By the bytes that follow it: the value of content-length, the blank line, and how every answer begins."""


class Known:
    """
    What the bytes around the number of a request mean.

    Attributes:
        head: what its header fields say.
        name: of the card; None: the account's own.
        peer: address of the connection; empty where the head names the account.
        snapshot: for which ``identity``, ``meter``, ``card`` and ``until`` are settled; ``until``: unix seconds.
    """

    __slots__ = ("card", "head", "identity", "meter", "name", "peer", "snapshot", "until")

    identity: Identity
    meter: Meter
    card: LiveCard
    until: float

    def __init__(self, head: Head, name: str | None, peer: str) -> None:
        self.head = head
        self.name = name
        self.peer = peer
        self.snapshot: Snapshot | None = None

    def settle(self, desk: Desk) -> bool:
        """
        Find account and card in the snapshot of the moment; False: the general way must say what is wrong.
        """
        snapshot = desk.snapshot
        shown = Shown(self.head.authorization, None, self.peer, self.head.forwarded)
        try:
            identity = identify(snapshot.access, desk.door, shown, desk.clock())
        except ApiError:
            return False
        card = self._card(identity, snapshot)
        if card is None or identity.account.profile is not None or not identity.may(LOOKUP):
            return False
        screening = identity.account.asrplus
        if screening is not None and screening.refuses_in(SERVICE):
            return False
        if identity.account.refusing is not None:
            return False
        self.meter, self.card, self.until, self.snapshot = identity.meter, card, identity.until, snapshot
        self.identity = identity
        return True

    def let_go(self) -> None:
        """
        Hold on to nothing of a snapshot: who asked with these bytes may never ask again, and its cards are large.
        """
        if self.snapshot is not None:
            self.snapshot = None
            del self.identity, self.meter, self.card

    def _card(self, identity: Identity, snapshot: Snapshot) -> LiveCard | None:
        name = identity.account.card if self.name is None else self.name
        return snapshot.cards_of(identity.environment).get(name) if identity.account.may_ask(name) else None


def learn(request: bytes, head: Head, peer: str) -> tuple[bytes, Known] | None:
    """
    Take apart a whole plain request.

    Returns:
        What follows the number, byte for byte, and what it means; None: it is another question.
    """
    end = number_end(request)
    more = _MORE(request, end) if request.startswith(START) and end > 0 else None
    if more is None:
        return None
    return request[end:], Known(head, None if more[1] is None else more[1].decode(), peer)


def number_end(request: bytes) -> int:
    """
    Where the number of a request that starts as :data:`START` ends; -1: it is longer than any number.
    """
    end = request.find(b"&", len(START), len(START) + 16)
    return end if end > 0 else request.find(b" ", len(START), len(START) + 16)


def answer(desk: Desk, known: Known, number: bytes, head: bytes) -> bytes | None:
    """
    Answer a known request.

    Args:
        desk: of this process.
        known: from :func:`learn`, by what follows the number.
        number: as it stands in the request.
        head: status line and header fields up to the value of content-length.

    Returns:
        The whole response, or None where the general way must answer; then nothing was charged.
    """
    if not number.isdigit() or number[0] == 0x30 or (known.snapshot is not desk.snapshot and not known.settle(desk)):
        return None
    now, now_ns = desk.clock(), monotonic_ns()
    found = rendered(known.card, number.decode(), now)
    meter = known.meter
    if found is None or now >= known.until or meter.is_low(now_ns) or meter.take(SERVICE, now_ns):
        return None
    rest, seen = found[2], desk.seen
    if seen is not None:
        seen.rates = count = seen.rates + 1
        if not count & seen.mask:
            seen.note(SERVICE, now_ns, now, known.identity, number, rest)
    return b"".join((head, _LENGTHS[len(number) + len(rest)], number, rest))
