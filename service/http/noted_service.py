"""
A request to a slow service, noted: by a name that its answer and every line logged for it carry.
"""

import re
import time
from secrets import token_hex

import structlog
from starlette.requests import Request

from service.http.respond import Response
from service.http.stream import Stream
from service.snapshot import Desk

FIELD = b"x-request-id"
LONG_S = 1.0
"""An answer that takes longer is worth a line."""
MAX_LINES = 20
"""Lines a second on requests; whoever sends more that go wrong does not fill the disk."""
_NAME = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_KEY = "ratedip.request_id"
_log = structlog.stdlib.get_logger("ratedip.requests")


class Lines:
    """
    How many lines were written in this second.
    """

    def __init__(self) -> None:
        self._second = 0
        self._count = 0

    def take(self, second: int) -> bool:
        """
        Whether there may be one more.
        """
        if second != self._second:
            if self._count > MAX_LINES:
                _log.warning("requests not logged", count=self._count - MAX_LINES)
            self._second, self._count = second, 0
        self._count += 1
        return self._count <= MAX_LINES


def name_request(request: Request) -> str:
    """
    Its name: as its sender has it, or else a new one; the same however often it is asked for.
    """
    known: str | None = request.scope.get(_KEY)
    if known is None:
        sent = request.headers.get(FIELD.decode(), "")
        known = request.scope[_KEY] = sent if _NAME.fullmatch(sent) else token_hex(8)
    return known


def named(answer: Response | Stream, request: Request) -> Response | Stream:
    """
    An answer that says which request it is for.
    """
    field = (FIELD, name_request(request).encode())
    if isinstance(answer, Stream):
        answer.headers += (field,)
        return answer
    return Response(answer.status, answer.content_type, answer.body, (*answer.headers, field))


def note_service(request: Request, service: str, status: int, started_ns: int) -> None:
    """
    Count an answer, and log it where it is worth that: a refusal, or a long one.

    Args:
        started_ns: by the monotonic clock.
    """
    desk: Desk = request.app.state.desk
    if desk.seen is not None:
        desk.seen.note_service(started_ns, service, status)
    took_s = (time.monotonic_ns() - started_ns) / 1e9
    about = {"service": service, "method": request.method, "status": status, "ms": round(took_s * 1000, 1)}
    if status < 400 and took_s < LONG_S:
        _log.debug("answered", **about)
    elif _lines.take(int(time.monotonic())):
        (_log.info if status < 500 else _log.warning)("answered", **about)


def note_fault(request: Request) -> None:
    """
    Count a mistake of ours.
    """
    desk: Desk = request.app.state.desk
    if desk.seen is not None:
        desk.seen.answers["error", 500, ""] += 1


_lines = Lines()
