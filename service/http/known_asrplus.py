"""
Requests for what was answered for a number, seen before all but their number; as :mod:`service.http.known` for prices.
"""

import re
from time import monotonic_ns

from ratecards.numberset import Answers, Mode, reason
from ratecards.numberset.answer import CODES, answer_of
from ratecards.numberset.policy import DAY_S, LEAST_CODE
from service.access.account import LOOKUP, Identity
from service.access.identify import Shown, identify
from service.errors import ApiError, unknown_number
from service.http.respond import OK_DATE, STATUS_LINES, Head
from service.quota.meter import Meter
from service.render.plain import to_json
from service.snapshot import Desk, Snapshot

START = b"GET /api/asrplus.json?number="
SERVICE = "asrplus"
_START = len(START)
_REST = re.compile(rb" HTTP/1\.1\r\n").match
_LOST_DATE = STATUS_LINES[404] + b"date: "
_LOST = to_json(unknown_number().body())
_BEGUN = [
    to_json({"code": code, "reason": reason(code)})[:-1] + b',"datetime":' if code >= LEAST_CODE else b""
    for code in (answer_of(place).code for place in range(CODES))
]
"""How an answer begins, by the part of a stamp that is its code."""
_LENGTHS = [b"%d\r\n\r\n" % length for length in range(512)]
"""The value of content-length and the blank line."""


class KnownAsrplus:
    """
    What the bytes around the number of a request mean.

    Attributes:
        head: what its header fields say.
        peer: address of the connection; empty where the head names the account.
        snapshot: for which ``identity``, ``meter``, ``numbers`` and ``until`` are settled; ``until``: unix seconds.
    """

    __slots__ = ("head", "identity", "meter", "numbers", "peer", "snapshot", "until")

    identity: Identity
    meter: Meter
    numbers: Answers
    until: float

    def __init__(self, head: Head, peer: str) -> None:
        self.head = head
        self.peer = peer
        self.snapshot: Snapshot | None = None

    def settle(self, desk: Desk) -> bool:
        """
        Find the account in the snapshot of the moment; False: the general way must answer, or say what is wrong.
        """
        snapshot = desk.snapshot
        shown = Shown(self.head.authorization, None, self.peer, self.head.forwarded)
        try:
            identity = identify(snapshot.access, desk.door, shown, desk.clock())
        except ApiError:
            return False
        account = identity.account
        is_plain = account.profile is None and (account.asrplus is None or account.asrplus.mode is Mode.OFF)
        if not is_plain or not identity.may(LOOKUP):
            return False
        self.meter, self.numbers = identity.meter, desk.heard.numbers[identity.environment]
        self.identity, self.until, self.snapshot = identity, identity.until, snapshot
        return True

    def let_go(self) -> None:
        """
        Hold on to nothing of a snapshot: who asked with these bytes may never ask again.
        """
        if self.snapshot is not None:
            self.snapshot = None
            del self.identity, self.meter, self.numbers


def learn(request: bytes, head: Head, peer: str) -> tuple[bytes, KnownAsrplus] | None:
    """
    Take apart a whole plain request.

    Returns:
        What follows the number, byte for byte, and what it means; None: it is another question.
    """
    end = number_end(request)
    if not request.startswith(START) or end < 0 or not request[_START:end].isdigit() or _REST(request, end) is None:
        return None
    return request[end:], KnownAsrplus(head, peer)


def number_end(request: bytes) -> int:
    """
    Where the number of a request that starts as :data:`START` ends; -1: it is longer than any number.
    """
    return request.find(b" ", _START, _START + 16)


def answer(desk: Desk, known: KnownAsrplus, number: bytes, head: bytes) -> bytes | None:
    """
    Answer a known request.

    Args:
        desk: of this process.
        known: from :func:`learn`, by what follows the number.
        number: as it stands in the request.
        head: status line of a 200 and header fields up to the value of content-length.

    Returns:
        The whole response, or None where the general way must answer; then nothing was charged.
    """
    if not number.isdigit() or number[0] == 0x30 or (known.snapshot is not desk.snapshot and not known.settle(desk)):
        return None
    now, now_ns, numbers = desk.clock(), monotonic_ns(), known.numbers
    answered_at, code = divmod(numbers.stamp(int(number)), CODES)
    age_s = int(now) - answered_at
    is_lost = age_s >= numbers.policy.keep_s
    if is_lost and not desk.heard.is_ready:
        return None
    meter = known.meter
    if now >= known.until or meter.is_low(now_ns) or meter.take(SERVICE, now_ns):
        return None
    seen = desk.seen
    if seen is not None:
        if is_lost:
            seen.unknown = count = seen.unknown + 1
        else:
            seen.asrplus = count = seen.asrplus + 1
        if not count & seen.mask:
            seen.note(SERVICE, now_ns, now, known.identity, number, int(not is_lost))
    if is_lost:
        return b"%b%b%b%b" % (_LOST_DATE, head.removeprefix(OK_DATE), _LENGTHS[len(_LOST)], _LOST)
    age_s = max(age_s, 0)
    begun, rest = _BEGUN[code], b'%d,"age":%d,"age_days":%d}' % (answered_at, age_s, age_s // DAY_S)
    return b"".join((head, _LENGTHS[len(begun) + len(rest)], begun, rest))
