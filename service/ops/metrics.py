"""
How one serving process is, as a sample of its metrics.
"""

import os
import time
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from service.access.account import ENVIRONMENTS, qualified
from service.http.overload import Load
from service.quota.meter import Meter, Mode
from service.quota.total_gauge import TotalGauge
from service.quota.windows import window_of
from service.snapshot import Desk, LiveCard
from service.watch.sample import Sample
from service.watch.seen import OK, Seen

MAX_CARDS = 500
"""Cards, and files of numbers, that are told one by one."""
_PAGE = os.sysconf("SC_PAGE_SIZE")
_NS = 1_000_000_000


def take_sample(desk: Desk, seen: Seen, worker: str, load: Load, created: Mapping[str, int]) -> Sample:
    """
    Args:
        worker: name of this process.
        load: what its application has in hand.
        created: unix seconds at which the revisions that answer were loaded, by qualified name of the card.
    """
    sample = Sample(worker)
    _put_answers(sample, seen)
    _put_process(sample, desk, seen, load)
    _put_snapshot(sample, desk, created)
    _put_accounts(sample, desk)
    return sample


def _put_answers(sample: Sample, seen: Seen) -> None:
    answers = seen.answers.copy()
    quick = {("rate", 200, OK): seen.rates, ("asrplus", 200, OK): seen.asrplus}
    answers.update({**quick, ("asrplus", 404, "unknown_number"): seen.unknown})
    for (service, status, verdict), count in answers.items():
        if count:
            sample.put("ratedip_answers", count, service, str(status), verdict)
    for service, row in seen.spans.items():
        sample.put("ratedip_lookup_seconds", row, service)
    for service, row in seen.services.items():
        sample.put("ratedip_service_seconds", row, service)
    for outcome, count in seen.records.items():
        sample.put("ratedip_call_records", count, outcome)
    sample.put("ratedip_decisions_unlogged", seen.unlogged)


def _put_process(sample: Sample, desk: Desk, seen: Seen, load: Load) -> None:
    sample.put("ratedip_loop_lag_seconds", seen.lag)
    sample.put("ratedip_loop_lag_worst_seconds", seen.worst_lag_ns / _NS)
    seen.worst_lag_ns = 0
    sample.put("ratedip_overload_refusals", load.refused)
    sample.put("ratedip_reload_errors", seen.reload_errors)
    sample.put("ratedip_cpu_seconds", time.process_time())
    sample.put("ratedip_memory_bytes", resident_bytes())
    sample.put("ratedip_start_time_seconds", _STARTED)
    sample.put("ratedip_workers", 1)
    sample.put("ratedip_draining", int(desk.draining))
    sample.put("ratedip_ready", int(bool(desk.snapshot.cards) and not desk.draining))
    sample.put("ratedip_connections", desk.crowd.open, "open")
    sample.put("ratedip_connections", desk.crowd.slow, "slow")
    sample.put("ratedip_in_flight", len(load.lookups), "lookups")
    sample.put("ratedip_in_flight", len(load.services), "services")
    sample.put("ratedip_store_up", int(desk.store_away is None))
    redis = desk.limits()
    if redis is not None:
        sample.put("ratedip_redis_up", int(redis.word == "up"))


def _put_snapshot(sample: Sample, desk: Desk, created: Mapping[str, int]) -> None:
    snapshot, now = desk.snapshot, desk.clock()
    sample.put("ratedip_generation", snapshot.generation)
    sample.put("ratedip_generation_newest", snapshot.generation)
    sample.put("ratedip_broken", len(snapshot.broken))
    for environment in ENVIRONMENTS:
        cards = snapshot.cards_of(environment)
        sample.put("ratedip_cards", len(cards), environment)
        for name, card in islice(sorted(cards.items()), MAX_CARDS):
            _put_card(sample, card, name, environment, created, now)
    for name, loaded in islice(snapshot.loaded.items(), MAX_CARDS):
        labels = (name.rpartition("/")[2], loaded.kind, loaded.environment)
        sample.put("ratedip_set_numbers", loaded.rows, *labels)
        sample.put("ratedip_set_age_seconds", max(0.0, now - loaded.loaded_at), *labels)
    _put_heard(sample, desk, int(now))


def _put_card(
    sample: Sample, card: LiveCard, name: str, environment: str, created: Mapping[str, int], now: float
) -> None:
    sample.put("ratedip_card_revision", card.revision, name, environment)
    at = created.get(qualified(name, environment))
    if at is not None:
        sample.put("ratedip_card_age_seconds", max(0.0, now - at), name, environment)


def _put_heard(sample: Sample, desk: Desk, now: int) -> None:
    heard = desk.heard
    sample.put("ratedip_asrplus_ready", int(heard.is_ready))
    if heard.is_ready:
        sample.put("ratedip_asrplus_behind_seconds", max(0.0, time.monotonic() - heard.read_s))
    for environment, numbers in heard.numbers.items():
        sample.put("ratedip_asrplus_numbers", sum(numbers.counts(now).values()), environment)


def _put_accounts(sample: Sample, desk: Desk) -> None:
    """
    What the oldest accounts use; that of the others is in the answers.
    """
    guest, now_ns, leases = desk.door.anonymous, time.monotonic_ns(), 0
    guests = [] if guest is None else [(guest.account, guest.environment, guest.meter)]
    for account, environment, meter in (*guests, *desk.snapshot.access.metered()):
        _put_counts(sample, meter, account.name, environment)
        _put_limits(sample, meter, account.name, environment, desk.clock())
        leases += meter.mode is Mode.REDIS and now_ns < meter.lease.until_ns
    if desk.limits() is not None:
        sample.put("ratedip_leases", leases)


def _put_counts(sample: Sample, meter: Meter, account: str, environment: str) -> None:
    counts = {
        "admitted": meter.admitted + meter.unsettled,
        "refused": meter.refused,
        "would_refuse": meter.would_refuse,
    }
    for outcome, count in counts.items():
        if count:
            sample.put("ratedip_account_requests", count, account, environment, outcome)


def _put_limits(sample: Sample, meter: Meter, account: str, environment: str, now_s: float) -> None:
    """
    As far as is known without settling anything, which would cost as much as a request.
    """
    for gauge in meter.gauges:
        labels = (account, environment, gauge.service, gauge.per)
        if isinstance(gauge, TotalGauge):
            used = gauge.used + (0 if gauge.service else meter.unsettled)
            sample.put("ratedip_quota_limit", gauge.limit, *labels)
            sample.put("ratedip_quota_used", used if gauge.window == window_of(gauge.per, now_s) else 0, *labels)
        if meter.mode is Mode.REDIS:
            sample.put("ratedip_lease_requests", gauge.held, *labels)


def resident_bytes() -> int:
    """
    Memory of this process that is there; 0: this system does not say.

    Source: proc(5), statm.
    """
    try:
        return int(Path("/proc/self/statm").read_bytes().split()[1]) * _PAGE
    except OSError:
        return 0


_STARTED = time.time()
