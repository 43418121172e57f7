"""
The one table of errors: what each is called, and what it tells the softswitch to do.
"""

from http import HTTPStatus
from typing import Any

from ratecards.model import Quote, Verdict

SIP_CODES = {
    "no_rate": 404,
    "expired": 404,
    "blocked": 403,
    "capped": 403,
    "no_margin": 503,
    "unknown_number": 404,
}
"""The SIP answer suggested to the softswitch for each verdict; for ``dead_number`` it is the one that was kept."""


LISTED_SIP = 603
"""Suggested for a call that a list refuses: Decline, so that no other route is tried."""


class ApiError(Exception):
    """
    An answer that says no.

    Attributes:
        status: HTTP status.
        reason: what the caller reads.
        more: further keys of ``error``: ``verdict``, ``sip_code``, ``detail``, ``retry_after``, ``line``.
        headers: HTTP headers that go with it.

    """

    def __init__(self, status: int, reason: str, *, headers: tuple[tuple[bytes, bytes], ...] = (), **more: Any) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.more = more
        self.headers = headers

    def body(self) -> dict[str, Any]:
        """
        The envelope, the same in every format.
        """
        return {"error": {"code": self.status, "reason": self.reason, **self.more}}


def missing(name: str) -> ApiError:
    return ApiError(400, f"Missing Required Parameter '{name}'")


def invalid(name: str, why: str) -> ApiError:
    """
    Args:
        name: the parameter.
        why: what is wrong with its value, as the end of the sentence "it ...".

    """
    return ApiError(400, f"Invalid Parameter '{name}': {why}")


def unknown(name: str) -> ApiError:
    return ApiError(400, f"Unknown Parameter '{name}'")


def standard(status: int, detail: str | None = None, headers: tuple[tuple[bytes, bytes], ...] = ()) -> ApiError:
    """
    An error whose reason is the standard phrase of its status.
    """
    more = {} if detail is None else {"detail": detail}
    return ApiError(status, HTTPStatus(status).phrase, headers=headers, **more)


def not_found(detail: str) -> ApiError:
    return standard(404, detail)


def bad_credential() -> ApiError:
    return ApiError(401, "Token is invalid", headers=((b"www-authenticate", b'Bearer realm="ratedip"'),))


def forbidden(detail: str) -> ApiError:
    return ApiError(403, "Unauthorized", detail=detail)


def unavailable(reason: str, retry_after_s: int, detail: str | None = None) -> ApiError:
    """
    Args:
        reason: ``Starting``, ``Overloaded`` or ``Maintenance``.
        retry_after_s: whole seconds.

    """
    more = {} if detail is None else {"detail": detail}
    return ApiError(503, reason, **more, retry_after=retry_after_s, headers=retry(retry_after_s))


def retry(after_s: int) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"retry-after", str(after_s).encode()),)


def no_price(quote: Quote) -> ApiError:
    """
    A miss, as the answer to a rate look-up.
    """
    verdict = str(quote.verdict)
    status, reason = (403, "Prefix blocked") if quote.verdict is Verdict.BLOCKED else (404, "No rate for number")
    more: dict[str, Any] = {"prefix": quote.prefix} if quote.prefix else {}
    return ApiError(status, reason, verdict=verdict, sip_code=SIP_CODES[verdict], **more)


_NO_ROUTE = {"capped": (403, "Rate above cap"), "blocked": (403, "Prefix blocked")}
_NO_MARGIN = {"no_margin", "connect_fee", "no_exchange_rate"}


def no_route(reason: str, **more: Any) -> ApiError:
    """
    No carrier to try, as the answer to a question for routes.

    Args:
        reason: what stood in the way of the best of them.
        more: further keys of the error.
    """
    if reason in _NO_MARGIN:
        return ApiError(403, "No profitable route", verdict="no_margin", sip_code=SIP_CODES["no_margin"], **more)
    status, words = _NO_ROUTE.get(reason, (404, "No rate for number"))
    verdict = reason if reason in SIP_CODES else "no_rate"
    return ApiError(status, words, verdict=verdict, sip_code=SIP_CODES[verdict], **more)


def unknown_number(**more: Any) -> ApiError:
    """
    Nothing is known of what the network answers for a number.
    """
    verdict = "unknown_number"
    return ApiError(404, "No record for number", verdict=verdict, sip_code=SIP_CODES[verdict], **more)


def dead_number(sip_code: int, answered_at: int, age_s: int) -> ApiError:
    """
    A number that should not be dialled for what the network last answered.

    Args:
        sip_code: it answered; ``answered_at``: unix second.
    """
    said = {"verdict": "dead_number", "sip_code": sip_code, "datetime": answered_at, "age": age_s}
    return ApiError(404, "Number failed before", headers=(), **said)


def not_configured(detail: str) -> ApiError:
    """
    What would answer has not been set up: nothing is known, which is not the same as that there is nothing.
    """
    return ApiError(404, "Not configured", detail=detail)


def listed_number(name: str, who: str) -> ApiError:
    """
    A call that is refused because one of its numbers is on a list.

    Args:
        name: of the list.
        who: ``Number``, the one called, or ``Caller``.
    """
    return ApiError(403, f"{who} listed in '{name}'", verdict="blocked", sip_code=LISTED_SIP, list=name)
