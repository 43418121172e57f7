"""
ASR, ACD and PDD are those of the attempts in the window, counted as they come, in bounded memory.
"""

import random
from collections import Counter
from decimal import Decimal

import pytest

from service.quality import (
    MAX_KEYS,
    OTHER,
    SLOTS,
    Counts,
    Quality,
    Wanted,
    WindowsError,
    add_up,
    counts_of,
    read_windows,
    window_name,
)
from service.store.attempts import Attempt

NOW = 1_800_000_000
LIVE = Wanted("live")


def attempt(ended_s: int = NOW, /, **changes: object) -> Attempt:
    """
    A call of a minute, answered at once, that ended at an instant.
    """
    plain = Attempt(1, "live", "acme", "retail", "carrier-a", "441132456789", 0, 60_000, 900, 200, 16, ended_s)
    made = plain._replace(**changes)
    return made._replace(start_ms=ended_s * 1000 - (made.duration_ms or 0))


def counted(*attempts: Attempt, now: int = NOW, **said: object) -> Quality:
    quality = Quality(**said)
    quality.roll(now)
    for one in attempts:
        quality.add(one, "UK")
    return quality


def total(quality: Quality, window_s: int = 300, wanted: Wanted = LIVE) -> Counts:
    return add_up(counts for _, counts in quality.rows(wanted, window_s))


def test_the_measures_are_those_of_the_attempts() -> None:
    """
    Four attempts, three of them answered: 75 %; 60 s, 30 s and one of a length nobody knows; delays of 900 and 2000 ms.
    """
    counts = total(
        counted(
            attempt(),
            attempt(duration_ms=30_000, pdd_ms=2000),
            attempt(duration_ms=None, pdd_ms=None),
            attempt(sip_code=486, duration_ms=0, pdd_ms=None),
        )
    )
    assert (counts.attempts, counts.answered) == (4, 3)
    assert (counts.asr_percent, counts.acd_s, counts.mean_pdd_ms) == (Decimal("75.0"), Decimal("45.0"), 1450)


def test_what_is_not_known_is_not_said() -> None:
    counts = total(counted(attempt(sip_code=404, pdd_ms=None)))
    assert (counts.asr_percent, counts.acd_s, counts.mean_pdd_ms) == (Decimal("0.0"), None, None)


@pytest.mark.parametrize("sip_code", [300, 302, 399, 401, 407])
def test_a_redirection_or_a_challenge_is_no_attempt(sip_code: int) -> None:
    assert counts_of(attempt(sip_code=sip_code)) is None


def test_a_failed_attempt_of_some_length_adds_nothing_to_the_time_talked() -> None:
    assert counts_of(attempt(sip_code=487, duration_ms=5_000, pdd_ms=None)) == (1, 0, 0, 0, 0, 0)


def test_windows_slide_and_say_what_a_naive_count_of_their_slots_says() -> None:
    """
    Over a day of ends out of order, looked at at random moments, nothing is counted twice, late, or left behind.
    """
    rng = random.Random(1)
    quality, ended = Quality(), list[int]()
    moments = sorted(NOW + rng.randrange(86_400 * 2) for _ in range(400))
    for now in moments:
        quality.roll(now)
        for _ in range(rng.randrange(6)):
            ended.append(now - rng.choice((0, 1, 20, 400, 5000, 80_000)))
            quality.add(attempt(ended[-1]), "UK")
        for window_s in quality.windows_s:
            slot_s = window_s // SLOTS
            expected = sum(now // slot_s - SLOTS < at // slot_s <= now // slot_s for at in ended)
            assert total(quality, window_s).attempts == expected
    quality.roll(moments[-1] + 2 * 86_400)
    assert [total(quality, window_s).attempts for window_s in quality.windows_s] == [0, 0, 0]
    assert not quality._keys


def test_a_record_from_the_future_is_not_counted() -> None:
    """
    A wrong clock cannot make a carrier look good for a day.
    """
    late = attempt(NOW + 61, received=NOW)
    assert total(counted(late, attempt(NOW + 59, received=NOW), now=NOW)).attempts == 1


def test_rows_are_told_apart_by_whose_they_are_and_where_they_went() -> None:
    quality = Quality()
    quality.roll(NOW)
    for account, environment, carrier in (
        ("a", "live", "x"),
        ("a", "live", "y"),
        ("b", "live", "x"),
        ("a", "test", "x"),
    ):
        quality.add(attempt(account=account, environment=environment, carrier=carrier), f"To {carrier}")
    found = {key[:2] + key[3:] for key, _ in quality.rows(Wanted("live", "a"), 300)}
    assert found == {("live", "a", "x", "To x"), ("live", "a", "y", "To y")}
    assert total(quality, wanted=Wanted("live", carrier="x")).attempts == 2
    assert total(quality, wanted=Wanted("live", destination="TO Y")).attempts == 1
    assert total(quality, wanted=Wanted("live", "")).attempts == 0


def test_an_account_that_names_ever_new_carriers_fills_its_own_share_of_memory_and_no_more() -> None:
    quality = Quality()
    quality.roll(NOW)
    for number in range(MAX_KEYS + 500):
        quality.add(attempt(carrier=f"c{number}"), "UK")
    quality.add(attempt(account="other", carrier="mine"), "UK")
    names = Counter(key.carrier for key, _ in quality.rows(LIVE, 86_400))
    assert len(names) == MAX_KEYS + 2
    assert total(quality, 86_400, Wanted("live", carrier=OTHER)).attempts == 500
    assert total(quality, 86_400, Wanted("live", "other", carrier="mine")).attempts == 1


def test_a_carrier_is_judged_by_the_destination_where_enough_calls_tell_and_else_by_all() -> None:
    bad = [attempt(sip_code=503, card="retail") for _ in range(20)]
    quality = counted(*bad, windows_s=(3600,))
    for _ in range(60):
        quality.add(attempt(), "France")
    names = frozenset({"carrier-a"})
    assert quality.of_carrier("live", names, "retail", "UK") == (20, 0, 0, 0, 20, 18_000)
    everywhere = quality.of_carrier("live", names, "retail", "Spain")
    assert everywhere is not None
    assert (everywhere.attempts, everywhere.asr_percent) == (80, Decimal("75.0"))
    assert quality.of_carrier("live", frozenset({"carrier-b"}), "retail", "UK") is None
    assert quality.of_carrier("test", names, "retail", "UK") is None


def test_a_carrier_of_too_few_calls_is_not_judged_until_there_are_enough() -> None:
    """
    What was told before is not told again once the windows have slid.
    """
    quality = counted(*[attempt()] * 19, windows_s=(3600,))
    names = frozenset({"carrier-a"})
    assert quality.of_carrier("live", names, "retail", "UK") is None
    quality.add(attempt(), "UK")
    quality.roll(NOW + 1)
    assert quality.of_carrier("live", names, "retail", "UK") is not None


def test_windows_are_read_as_they_are_typed() -> None:
    assert read_windows("24h, 5m,1h") == (300, 3600, 86_400)
    assert [window_name(length_s) for length_s in (90, 300, 3600, 86_400)] == ["90s", "5m", "1h", "24h"]


@pytest.mark.parametrize("text", ["", "5", "1s", "25h", "1h,x", "٣h", "1m,2m,3m,4m,5m,6m,7m"])
def test_windows_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(WindowsError):
        read_windows(text)
