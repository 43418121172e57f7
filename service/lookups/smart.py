"""
``lookup/smart``: several sources asked about a number at once, each of which also stands alone.
"""

from collections.abc import Callable, Iterable
from typing import Any

from service.errors import ApiError, not_configured
from service.lookups.asrplus import AsrplusQuery, asrplus
from service.lookups.hlr import tell_hlr
from service.lookups.known import Asked
from service.lookups.lrn import tell_lrn
from service.lookups.range import tell_range
from service.lookups.tps import answer_tps

Tell = Callable[[str, Asked], dict[str, Any]]


def smart(number: str, types: Iterable[str], asked: Asked) -> dict[str, Any]:
    """
    What each source says of a number; one that has no answer says so in its place.

    Args:
        number: E.164 digits.
        types: among :data:`TYPES`.
    """
    return {name: _told(TYPES[name], number, asked) for name in types}


def _told(tell: Tell, number: str, asked: Asked) -> dict[str, Any]:
    try:
        return tell(number, asked)
    except ApiError as error:
        return error.body()


def _asrplus(number: str, asked: Asked) -> dict[str, Any]:
    return asrplus(AsrplusQuery(number, asked.account, asked.environment, asked.heard, asked.now))


def _tps(number: str, asked: Asked) -> dict[str, Any]:
    return answer_tps(number, asked.snapshot, asked.environment, asked.lists)


def tell_ping(_number: str, _asked: Asked) -> dict[str, Any]:
    """
    Whether somebody would answer: nothing here calls anybody.

    Raises:
        ApiError: 404, always.
    """
    raise not_configured("nothing is there to ping numbers with")


TYPES: dict[str, Tell] = {
    "asrplus": _asrplus,
    "tps": _tps,
    "range": tell_range,
    "lrn": tell_lrn,
    "hlr": tell_hlr,
    "ping": tell_ping,
}
"""By name, in the order in which they are documented."""
