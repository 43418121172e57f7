"""
Requests seen before, all but their number: what a softswitch sends a thousand times a second.

The line is the one of :mod:`service.http.respond`, identify, admit, look up, render, but what an earlier request with
the same bytes around its number has settled is not settled again until there is a new snapshot.
"""

import re
from time import monotonic_ns

from service.access.account import Account
from service.access.identify import identify
from service.errors import ApiError
from service.http.respond import Head
from service.lookups.rate import NUMBER, rendered
from service.snapshot import Desk, LiveCard, Snapshot

START = b"GET /api/rate.json?number="
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
        snapshot: for which ``account`` and ``card`` are settled.
    """

    __slots__ = ("account", "card", "head", "name", "snapshot")

    account: Account
    card: LiveCard

    def __init__(self, head: Head, name: str | None) -> None:
        self.head = head
        self.name = name
        self.snapshot: Snapshot | None = None

    def settle(self, desk: Desk) -> bool:
        """
        Find account and card in the snapshot of the moment; False: the general way must say what is wrong.
        """
        try:
            self.account = identify(self.head.authorization, None, desk.anonymous)
        except ApiError:
            return False
        card = desk.snapshot.cards.get(self.account.card if self.name is None else self.name)
        if card is None:
            return False
        self.card = card
        self.snapshot = desk.snapshot
        return True


def learn(request: bytes, head: Head) -> tuple[bytes, Known] | None:
    """
    Take apart a whole plain request.

    Returns:
        What follows the number, byte for byte, and what it means; None: it is another question.
    """
    end = number_end(request)
    more = _MORE(request, end) if request.startswith(START) and end > 0 else None
    if more is None:
        return None
    return request[end:], Known(head, None if more[1] is None else more[1].decode())


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
    found = rendered(known.card, number.decode(), desk.clock())
    if found is None or known.account.limit.admit(monotonic_ns()):
        return None
    rest = found[2]
    return b"".join((head, _LENGTHS[len(number) + len(rest)], number, rest))
