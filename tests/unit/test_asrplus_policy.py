"""
What the network answered counts as the policy says, and a policy that contradicts itself is refused.
"""

import pytest

from ratecards.numberset import Policy, PolicyError, reason
from ratecards.numberset.policy import DAY_S

NOW = 1_800_000_000


@pytest.mark.parametrize(
    ("sip_code", "cause", "kept"),
    [
        *((code, None, code) for code in (404, 410, 484, 604, 200)),
        *((code, None, None) for code in (None, 0, 100, 180, 302, 403, 408, 480, 486, 487, 500, 503, 600, 603, 999)),
        (503, 1, 404),
        (None, 1, 404),
        (410, 1, 410),
        (200, 1, 200),
        (503, 17, None),
    ],
)
def test_only_answers_that_say_something_about_the_number_are_kept(
    sip_code: int | None, cause: int | None, kept: int | None
) -> None:
    """
    By default; an unallocated number is a 404 whatever the gateway made of it.
    """
    assert Policy().kept_code(sip_code, cause) == kept


def test_what_counts_can_be_set() -> None:
    policy = Policy(frozenset({404, 484, 603}), frozenset({3, 28}), frozenset({200, 486}), frozenset({503}))
    assert [policy.kept_code(code) for code in (603, 486, 503, 410)] == [603, 486, 503, None]
    assert [policy.kept_code(500, cause) for cause in (3, 28, 1)] == [404, 484, None]


@pytest.mark.parametrize(
    ("answered_at", "why"),
    [
        (NOW, None),
        (NOW - 28 * DAY_S, None),
        (NOW - 30 * DAY_S + 1, None),
        (NOW - 30 * DAY_S, "is 30 days old"),
        (NOW - 31 * DAY_S, "is 31 days old"),
        (NOW + 60, None),
        (NOW + 61, "is dated 61 seconds ahead"),
        (NOW + 10**9, "is dated 1000000000 seconds ahead"),
    ],
)
def test_an_answer_counts_for_thirty_days_and_not_before_it_is_given(answered_at: int, why: str | None) -> None:
    """
    But for a minute that a clock may be ahead.
    """
    assert Policy().why_not(answered_at, NOW) == why


def test_an_answer_of_before_time_began_is_too_old() -> None:
    assert Policy().why_not(-1, 5) == "is 0 days old"


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"failed": frozenset({404, 180})}, "180 is no final SIP answer"),
        ({"good": frozenset({200, 404})}, "404 is said to be failed and good"),
        ({"also_kept": frozenset({200})}, "200 is said to be"),
        ({"failed_causes": frozenset({17})}, "cause 17 stands for no SIP code that counts as failed"),
        ({"failed": frozenset({410})}, "cause 1 stands for no SIP code that counts as failed"),
        ({"keep_s": 0}, "answers are kept 1 to 6912000 seconds, not 0"),
        ({"keep_s": 81 * DAY_S}, "not 6998400"),
        ({"ahead_s": -1}, "not -1"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings: dict[str, object], why: str) -> None:
    with pytest.raises(PolicyError, match=why):
        Policy(**settings)


@pytest.mark.parametrize(
    ("code", "phrase"),
    [
        (200, "OK"),
        (404, "Not Found"),
        (410, "Gone"),
        (484, "Address Incomplete"),
        (604, "Does Not Exist Anywhere"),
        (299, "OK"),
        (499, "Bad Request"),
        (699, "Busy Everywhere"),
    ],
)
def test_every_code_has_a_reason(code: int, phrase: str) -> None:
    """
    One that nobody registered has that of its class.
    """
    assert reason(code) == phrase
