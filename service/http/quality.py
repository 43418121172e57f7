"""
``/api/quality``: ASR, ACD and PDD of late; and ``/api/asrplus/counts``: how many numbers last answered with what.
"""

import asyncio
from functools import partial

from ratecards.numberset import reason
from service.access.account import ADMIN, LOOKUP
from service.errors import invalid
from service.http import cdr_ask
from service.http.query import Parameters
from service.http.ratecard_ask import PAGING, page
from service.http.slow import TABLE_FORMATS, Call, Service
from service.manage.quality import BY, COUNTED_BY, quality_view
from service.quality import Quality, Wanted, window_name
from service.render.table import Table

GET = ("GET", "HEAD")
_MAX_NAME = 128


async def answer_quality(call: Call) -> Table:
    """
    A row for each card, carrier and destination, the most called first; of other accounts for staff only.
    """
    asked, heard = call.parameters, call.desk.heard
    wanted, now = _wanted(call), int(call.desk.clock())
    view = partial(quality_view, window_s=_window(asked, heard.quality), now=now, by=_by(asked), page=page(call))
    return await asyncio.to_thread(view, heard.quality, call.desk.snapshot, wanted)


def _wanted(call: Call) -> Wanted:
    """
    Whose attempts are looked at: as of call records.
    """
    asked, own = call.parameters, call.identity.account.name
    account = asked.get("account")
    if not call.identity.may(ADMIN):
        account = own if account in (None, own) else cdr_ask.NOBODY
    names = {name: _name(asked, name) for name in BY}
    return Wanted(call.identity.environment, account, **names)


def _name(asked: Parameters, name: str) -> str | None:
    text = asked.get(name)
    if text is not None and len(text) > _MAX_NAME:
        raise invalid(name, f"has more than {_MAX_NAME} characters")
    return text


def _window(asked: Parameters, quality: Quality) -> int:
    names = {window_name(length_s): length_s for length_s in quality.windows_s}
    usual = quality.windows_s[min(1, len(quality.windows_s) - 1)]
    text = asked.get("window", window_name(usual))
    if text not in names:
        raise invalid("window", f"is none of {', '.join(names)}")
    return names[text]


def _by(asked: Parameters) -> tuple[str, ...]:
    text = asked.get("by")
    if text is None:
        return BY
    names = {word.strip() for word in text.split(",") if word.strip()}
    if not names or not names <= {*COUNTED_BY}:
        raise invalid("by", f"is none of {', '.join(COUNTED_BY)}, or several with commas between")
    return tuple(name for name in COUNTED_BY if name in names)


async def answer_counts(call: Call) -> Table:
    """
    How many numbers of the environment last answered with which code.
    """
    heard = call.desk.heard
    counts = heard.numbers[call.identity.environment].counts(int(call.desk.clock()))
    rows = [{"code": code, "reason": reason(code), "numbers": count} for code, count in counts.items()]
    about = {"numbers": sum(counts.values()), "complete": heard.is_ready}
    return Table("codes", ("code", "reason", "numbers"), rows, len(rows), about=about)


SERVICES = (
    Service("asrplus/counts", LOOKUP, GET, answer_counts, formats=TABLE_FORMATS),
    Service(
        *("quality", "cdr", GET, answer_quality),
        frozenset({"window", "by", "account", *BY}) | PAGING,
        formats=TABLE_FORMATS,
    ),
)
"""What is told of all numbers, and of carriers."""
