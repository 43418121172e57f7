"""
An account is held to its plan: N are let through, N + 1 are not, and what is said of the next one is true.
"""

from datetime import UTC, datetime

import pytest
from support.quota import Clock, plan

from service.quota.meter import ADMITTED, REFUSED, Meter
from service.quota.plan import Limits, Plan
from service.quota.worker import Worker

HOUR_S = 3600.0


def meter_of(given: Plan, clock: Clock, count: int = 1, index: int | None = None) -> Meter:
    return Meter("p:17", given, Worker(count, index, clock=clock.wall))


def let_through(meter: Meter, clock: Clock, tries: int, service: str = "rate") -> int:
    return sum(meter.take(service, clock.now_ns) == ADMITTED for _ in range(tries))


def reason_of(meter: Meter, clock: Clock, service: str = "rate") -> tuple[str, int]:
    error = meter.refusal(service, clock.now_ns, clock.now_s)
    wait_s = int(dict(error.headers)[b"retry-after"])
    assert (error.status, error.more["retry_after"]) == (429, wait_s)
    return error.reason, wait_s


@pytest.mark.parametrize(
    "given", [plan(per_second=5), plan(per_day=5), plan(per_month=5), plan(per_second=9, per_day=5, per_month=7)]
)
def test_n_are_let_through_and_not_one_more(given: Plan) -> None:
    clock = Clock()
    meter = meter_of(given, clock)
    assert [meter.take("rate", clock.now_ns) for _ in range(7)] == [ADMITTED] * 5 + [REFUSED] * 2


def test_a_plan_without_limits_lets_everything_through() -> None:
    clock = Clock()
    meter = meter_of(Plan(), clock)
    assert let_through(meter, clock, 10_000) == 10_000
    assert meter.headers("rate", clock.now_ns, clock.now_s) == ()
    assert not meter.is_low(clock.now_ns)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (plan(per_second=100), "Rate Limiting Applied. 100 requests per second exceeded."),
        (plan(per_day=1000), "Rate Limiting Applied. 1000 requests per day exceeded."),
        (plan(per_month=1000), "Rate Limiting Applied. 1000 requests per month exceeded."),
        (plan(per_second=2000, per_day=1000), "Rate Limiting Applied. 1000 requests per day exceeded."),
        (plan(per_day=1000, per_month=1000), "Rate Limiting Applied. 1000 requests per month exceeded."),
    ],
)
def test_a_refusal_names_the_limit_and_after_exactly_its_wait_one_is_let_through(given: Plan, reason: str) -> None:
    clock = Clock(now_s=1_800_000_000.25)
    meter = meter_of(given, clock)
    assert let_through(meter, clock, 1001) <= 1000
    said, wait_s = reason_of(meter, clock)
    assert said == reason
    assert 1 <= wait_s <= 31 * 86_400
    clock.pass_s(wait_s)
    assert meter.take("rate", clock.now_ns) == ADMITTED


def test_a_daily_limit_says_the_seconds_to_midnight_and_a_monthly_one_those_to_the_first() -> None:
    noon = datetime(2027, 1, 30, 12, tzinfo=UTC).timestamp()
    clock = Clock(noon)
    daily, monthly = meter_of(plan(per_day=1), clock), meter_of(plan(per_month=1), clock)
    let_through(daily, clock, 2)
    let_through(monthly, clock, 2)
    assert reason_of(daily, clock)[1] == 12 * 3600
    assert reason_of(monthly, clock)[1] == 36 * 3600


def test_a_slow_limit_says_how_long_its_next_request_takes() -> None:
    clock = Clock()
    meter = meter_of(plan(per_second=1, burst=3), clock, count=4, index=0)
    assert let_through(meter, clock, 3) == 1
    assert reason_of(meter, clock)[1] == 4
    clock.pass_s(3.999)
    assert meter.take("rate", clock.now_ns) == REFUSED
    clock.pass_s(0.001)
    assert meter.take("rate", clock.now_ns) == ADMITTED


def test_one_more_is_let_through_each_interval_and_not_before() -> None:
    clock = Clock()
    meter = meter_of(plan(per_second=5), clock)
    assert let_through(meter, clock, 9) == 5
    clock.pass_s(0.199_999)
    assert let_through(meter, clock, 1) == 0
    clock.pass_s(0.000_001)
    assert let_through(meter, clock, 2) == 1


@pytest.mark.parametrize("per", ["day", "month"])
@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S])
def test_a_clock_that_jumps_over_the_end_of_a_window_and_back_grants_nothing_twice(per: str, jump_s: float) -> None:
    edge = datetime(2027, 2, 1, tzinfo=UTC).timestamp()
    clock = Clock(edge + (-600 if jump_s > 0 else 600))
    meter = meter_of(plan(**{f"per_{per}": 10}), clock)
    assert let_through(meter, clock, 20) == 10
    admitted = 0
    for jump in (jump_s, -jump_s, jump_s, -jump_s):
        clock.now_s += jump
        clock.pass_s(2)
        admitted += let_through(meter, clock, 20)
    assert admitted == (10 if jump_s > 0 else 0)
    clock.pass_s(1300)
    assert let_through(meter, clock, 20) == 0


def test_a_stepped_back_clock_still_says_a_finite_wait() -> None:
    clock = Clock(datetime(2027, 2, 1, 0, 10, tzinfo=UTC).timestamp())
    meter = meter_of(plan(per_day=1), clock)
    let_through(meter, clock, 1)
    clock.now_s -= HOUR_S
    clock.pass_s(2)
    assert reason_of(meter, clock)[1] == 24 * 3600 + 50 * 60 - 2


def test_a_plan_changed_in_mid_window_keeps_what_was_used() -> None:
    clock = Clock()
    meter = meter_of(plan(per_day=10), clock)
    assert let_through(meter, clock, 8) == 8
    meter.change(plan(per_day=12))
    assert let_through(meter, clock, 9) == 4
    meter.change(plan(per_day=5))
    assert let_through(meter, clock, 9) == 0
    meter.change(Plan())
    assert let_through(meter, clock, 9) == 9


def test_a_changed_rate_keeps_what_time_has_not_made_up_for() -> None:
    clock = Clock()
    meter = meter_of(plan(per_second=10), clock)
    assert let_through(meter, clock, 10) == 10
    meter.change(plan(per_second=20))
    assert let_through(meter, clock, 30) == 10
    meter.change(plan(per_second=10))
    assert let_through(meter, clock, 30) == 0


def test_a_service_has_its_own_limit_besides_and_what_one_refuses_the_other_is_not_charged() -> None:
    clock = Clock()
    meter = meter_of(Plan(Limits(per_day=10), {"lcr": Limits(per_day=3)}), clock)
    assert let_through(meter, clock, 20, "lcr") == 3
    assert reason_of(meter, clock, "lcr")[0] == "Rate Limiting Applied. 3 requests per day exceeded."
    assert let_through(meter, clock, 20, "rate") == 7
    other = meter_of(Plan(Limits(per_day=2), {"lcr": Limits(per_second=5)}), clock)
    assert let_through(other, clock, 20, "lcr") == 2
    used = {limit["per"]: limit["used"] for limit in other.usage(clock.now_s, clock.now_ns)["limits"]}
    assert used == {"day": 2, "second": 2}


def test_a_dry_run_counts_and_refuses_nothing() -> None:
    clock = Clock()
    meter = meter_of(Plan(Limits(per_day=10), dry_run=True), clock)
    assert let_through(meter, clock, 15) == 15
    usage = meter.usage(clock.now_s, clock.now_ns)
    assert (usage["dry_run"], usage["admitted"], usage["would_refuse"], usage["refused"]) == (True, 15, 5, 0)
    assert usage["limits"][0]["used"] == 15


@pytest.mark.parametrize("amount", [1, 3, 4, 10, 1003])
@pytest.mark.parametrize("limit", ["per_second", "per_day", "per_month"])
def test_the_shares_of_all_processes_make_the_whole(limit: str, amount: int) -> None:
    clock = Clock()
    meters = [meter_of(plan(**{limit: amount}), clock, count=4, index=i) for i in range(4)]
    admitted = [let_through(meter, clock, 2 * amount) for meter in meters]
    assert sum(admitted) == amount
    assert min(admitted) == amount // 4


def test_processes_that_do_not_know_their_index_are_never_over_a_total() -> None:
    clock = Clock()
    assert let_through(meter_of(plan(per_day=11), clock, count=4), clock, 99) == 2


def test_usage_says_what_is_used_left_and_when_that_ends() -> None:
    clock = Clock(datetime(2027, 1, 30, 12, tzinfo=UTC).timestamp())
    meter = meter_of(plan(per_second=10, burst=20, per_day=100, per_month=1000), clock)
    let_through(meter, clock, 15)
    usage = meter.usage(clock.now_s, clock.now_ns)
    assert usage["mode"] == "process"
    midnight = int(datetime(2027, 1, 31, tzinfo=UTC).timestamp())
    assert usage["limits"] == [
        {
            "per": "second",
            "service": None,
            "limit": 10,
            "burst": 20,
            "used": 15,
            "left": 5,
            "resets": midnight - 43_198,
        },
        {"per": "day", "service": None, "limit": 100, "used": 15, "left": 85, "resets": midnight},
        {"per": "month", "service": None, "limit": 1000, "used": 15, "left": 985, "resets": midnight + 86_400},
    ]
    clock.pass_s(2)
    assert meter.usage(clock.now_s, clock.now_ns)["limits"][0]["left"] == 20


@pytest.mark.parametrize("limit", ["per_second", "per_day"])
def test_a_client_is_told_when_less_than_a_fifth_remains_and_not_before(limit: str) -> None:
    clock = Clock()
    meter = meter_of(plan(**{limit: 100}), clock)
    assert let_through(meter, clock, 79) == 79
    assert not meter.is_low(clock.now_ns)
    assert let_through(meter, clock, 1) == 1
    assert meter.headers("rate", clock.now_ns, clock.now_s) == ()
    assert meter.is_low(clock.now_ns), "the next answer says so"
    assert let_through(meter, clock, 1) == 1
    assert meter.headers("rate", clock.now_ns, clock.now_s)
    assert meter.is_low(clock.now_ns)


def test_the_fields_name_each_limit_with_what_remains_and_for_how_long() -> None:
    clock = Clock(datetime(2027, 1, 30, 12, tzinfo=UTC).timestamp())
    meter = meter_of(Plan(Limits(per_second=100, per_day=10), {"lcr": Limits(per_month=50)}), clock)
    let_through(meter, clock, 9, "lcr")
    assert dict(meter.headers("lcr", clock.now_ns, clock.now_s)) == {
        b"ratelimit-policy": b'"second";q=100;w=1, "day";q=10;w=86400, "month.lcr";q=50;w=2678400',
        b"ratelimit": b'"second";r=91;t=1, "day";r=1;t=43200, "month.lcr";r=41;t=129600',
    }
    let_through(meter, clock, 2)
    refused = dict(meter.refusal("rate", clock.now_ns, clock.now_s).headers)
    assert refused[b"ratelimit"].endswith(b'"day";r=0;t=43200')
    assert refused[b"ratelimit-policy"] == b'"second";q=100;w=1, "day";q=10;w=86400'
