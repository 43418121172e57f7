"""
Every metric there is: what it is called, what it says, and how those of several processes make one.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """
    As Prometheus calls them.
    """

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Join(StrEnum):
    """
    How the gauges of several processes make one.
    """

    SUM = "sum"
    LEAST = "least"
    MOST = "most"


@dataclass(frozen=True, slots=True)
class Family:
    """
    Attributes:
        name: with its unit, without the ending of a counter.
        text: what it says, as its help.
        bits: of a histogram, its bounds are these powers of two, in nanoseconds.
    """

    name: str
    kind: Kind
    text: str
    labels: tuple[str, ...] = ()
    join: Join = Join.SUM
    bits: range = range(0)


_COUNTER, _GAUGE, _HISTOGRAM = Kind.COUNTER, Kind.GAUGE, Kind.HISTOGRAM
_ACCOUNT = ("account", "environment")
_LIMIT = (*_ACCOUNT, "service", "per")
_CARD = ("card", "environment")

FAMILIES = (
    Family(
        "ratedip_lookup_seconds",
        _HISTOGRAM,
        "Time of look-ups inside the process, from the parsed request to the rendered answer; of more than about five "
        "hundred a second and process a regular share is timed, and each counts for those that are not.",
        ("service",),
        bits=range(10, 29),
    ),
    Family(
        "ratedip_service_seconds", _HISTOGRAM, "Time of requests to slow services.", ("service",), bits=range(19, 37)
    ),
    Family(
        "ratedip_loop_lag_seconds",
        _HISTOGRAM,
        "How late the loop came to a timer, five times a second.",
        bits=range(17, 32),
    ),
    Family(
        "ratedip_answers",
        _COUNTER,
        "Answers; the verdict of look-ups is ok, or why not.",
        ("service", "status", "verdict"),
    ),
    Family("ratedip_overload_refusals", _COUNTER, "Requests refused at once, because too many were being worked on."),
    Family(
        "ratedip_account_requests",
        _COUNTER,
        "Requests counted by an account's plan; those that a dry run alone let through are would_refuse too.",
        (*_ACCOUNT, "outcome"),
    ),
    Family("ratedip_call_records", _COUNTER, "Call records sent to cdr, by what became of them.", ("outcome",)),
    Family("ratedip_reload_errors", _COUNTER, "Looks at the store that failed."),
    Family(
        "ratedip_decisions_unlogged",
        _COUNTER,
        "Look-ups that are not in the decision log: by its setting, or of more than about five hundred a second.",
    ),
    Family("ratedip_cpu_seconds", _COUNTER, "Processor time used."),
    Family("ratedip_workers", _GAUGE, "Serving processes of this node."),
    Family(
        "ratedip_worker_age_seconds",
        _GAUGE,
        "Time since a process last said how it is; more than a few seconds: it hangs.",
        ("worker",),
        Join.MOST,
    ),
    Family("ratedip_start_time_seconds", _GAUGE, "Unix time at which the oldest process started.", join=Join.LEAST),
    Family("ratedip_draining", _GAUGE, "Processes that want no new work."),
    Family("ratedip_ready", _GAUGE, "Processes that answer look-ups."),
    Family("ratedip_memory_bytes", _GAUGE, "Resident memory; what processes share is counted for each."),
    Family(
        "ratedip_loop_lag_worst_seconds",
        _GAUGE,
        "The worst of the last second, of the process with the worst.",
        join=Join.MOST,
    ),
    Family(
        "ratedip_connections",
        _GAUGE,
        "Connections; slow are those that hold a request back, an answer up, or have asked nothing.",
        ("state",),
    ),
    Family("ratedip_in_flight", _GAUGE, "Requests that wait for something.", ("kind",)),
    Family("ratedip_generation", _GAUGE, "Of the store, as the process furthest behind has it.", join=Join.LEAST),
    Family("ratedip_generation_newest", _GAUGE, "Of the store, as the process furthest ahead has it.", join=Join.MOST),
    Family("ratedip_store_up", _GAUGE, "1: the store answers every process.", join=Join.LEAST),
    Family(
        "ratedip_redis_up",
        _GAUGE,
        "1: Redis answers every process; only there where Redis is configured.",
        join=Join.LEAST,
    ),
    Family("ratedip_cards", _GAUGE, "Cards that answer.", ("environment",), Join.LEAST),
    Family(
        "ratedip_broken", _GAUGE, "Cards and files of numbers that should answer but cannot be opened.", join=Join.MOST
    ),
    Family("ratedip_card_revision", _GAUGE, "Revision of a card that answers.", _CARD, Join.LEAST),
    Family("ratedip_card_age_seconds", _GAUGE, "Time since that revision was loaded.", _CARD, Join.MOST),
    Family(
        "ratedip_set_numbers", _GAUGE, "Numbers or ranges of a loaded file.", ("set", "kind", "environment"), Join.LEAST
    ),
    Family(
        "ratedip_set_age_seconds", _GAUGE, "Time since that file was loaded.", ("set", "kind", "environment"), Join.MOST
    ),
    Family("ratedip_asrplus_numbers", _GAUGE, "Numbers whose last answer is known.", ("environment",), Join.LEAST),
    Family(
        "ratedip_asrplus_ready",
        _GAUGE,
        "1: every process has read what was answered before it started.",
        join=Join.LEAST,
    ),
    Family(
        "ratedip_asrplus_behind_seconds",
        _GAUGE,
        "Time since all call records there were had been read.",
        join=Join.MOST,
    ),
    Family("ratedip_quota_limit", _GAUGE, "Limits of plans a day and a month.", _LIMIT, Join.MOST),
    Family("ratedip_quota_used", _GAUGE, "What is used of them, as far as known here.", _LIMIT, Join.MOST),
    Family("ratedip_lease_requests", _GAUGE, "Requests lent by Redis and not yet used.", _LIMIT),
    Family("ratedip_leases", _GAUGE, "Accounts that Redis lends to now, by process."),
)
BY_NAME = {family.name: family for family in FAMILIES}
