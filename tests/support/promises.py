"""
What is promised of a bad day, and which tests hold it.

All of these tests are of ``make faults``, wherever they stand: :func:`is_of_a_promise` gives them their marker.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Promise:
    """
    Attributes:
        harm: what is done.
        says: what holds all the same.
        tests: files below ``tests``, or single tests in them after ``::``.
    """

    harm: str
    says: str
    tests: tuple[str, ...]


LIMITS = "faults/test_service_limits.py"
PROMISES = {
    1: Promise(
        "Redis killed under load and back empty; told to forget everything",
        "no look-up fails, p99 at most twice as long or 5 ms longer, admissions within their bound, ready and degraded",
        (
            "faults/test_redis.py::test_killed_under_load_and_back_empty",
            "faults/test_redis.py::test_killed_and_not_coming_back_each_goes_on_by_its_share",
            "faults/test_redis.py::test_throughput_stays_within_its_bound_in_the_second_of_the_loss",
            "faults/test_redis.py::test_connections_reset_again_and_again",
            "faults/test_redis_bounds.py",
            "faults/test_redis_late.py::test_redis_killed_and_back_empty_makes_nobody_wait",
            f"{LIMITS}::test_redis_killed_and_back_empty_costs_no_look_up_and_hardly_a_limit",
            f"{LIMITS}::test_redis_that_forgets_gives_no_more_than_was_lent",
        ),
    ),
    2: Promise(
        "Redis stopped in its tracks, half a second late, swallowed",
        "no request asks Redis, p99.9 at most 25 ms longer, what was used is counted to the last once it wakes",
        (
            "faults/test_redis.py::test_stalled_and_awake_again_everything_is_counted_once",
            "faults/test_redis.py::test_answers_late_never_or_wrong_and_right_again",
            "faults/test_redis_late.py::test_redis_that_says_nothing_makes_nobody_wait",
            f"{LIMITS}::test_redis_that_stands_still_holds_nobody_up_and_is_told_everything_after",
            f"{LIMITS}::test_a_way_to_redis_that_is_slow_or_a_hole_holds_nobody_up",
            f"{LIMITS}::test_redis_is_asked_twice_a_second_and_process_at_most_and_knows_no_secret",
        ),
    ),
    3: Promise(
        "a card swapped every two seconds under load, bulk requests among it",
        "no look-up fails, each answer is of one revision and says which, all agree within 2 s, memory back to 1.1 x",
        (
            "faults/test_cards.py",
            "e2e/test_bulk.py::test_a_bulk_request_is_answered_by_one_revision_while_cards_are_swapped",
        ),
    ),
    4: Promise(
        "sixty bad decks",
        "each refused with line, column and reason, the same on every run; what answered goes on answering",
        (
            "conformance/test_deck_bad_decks.py",
            "e2e/test_ratecard_upload.py::test_a_refused_deck_is_reported_line_by_line_and_changes_nothing",
        ),
    ),
    5: Promise(
        "seven hundred damaged artifacts",
        "all refused before they are opened; no crash, no wrong answer",
        ("faults/test_artifacts.py",),
    ),
    6: Promise(
        "1,300 slow sockets of four kinds",
        "no look-up fails; each is closed within its deadline and a second",
        ("faults/test_slow_sockets.py",),
    ),
    7: Promise(
        "three times the load there is capacity for, then half of it",
        "four fifths of capacity answered, the rest refused within 50 ms with Retry-After, p99 as before within 5 s",
        ("faults/test_overload.py",),
    ),
    8: Promise(
        "every route asked by everybody, for what is one's own and what is not",
        "as the table of routes says; another's looks like what is missing; no route is missing from the table",
        (
            "e2e/test_matrix.py",
            "e2e/test_access.py::test_another_s_card_looks_like_a_missing_one",
            "e2e/test_access.py::test_the_sandbox_has_its_own_cards_under_the_same_names",
        ),
    ),
    9: Promise(
        "credentials wrong, unknown, revoked, expired, doubled",
        "refused alike, a revoked one everywhere within 5 s; no secret in logs, metrics, Redis, store or bodies",
        (
            "e2e/test_access.py::test_what_is_wrong_is_refused_in_one_way_whatever_is_wrong_with_it",
            "e2e/test_access.py::test_a_revoked_key_and_its_tokens_hold_nowhere_after_five_seconds",
            "e2e/test_access.py::test_no_secret_is_said_or_written_down",
            "faults/test_secrets.py",
        ),
    ),
    10: Promise(
        "a million numbers, in process and over HTTP, again after each reload",
        "prefix, rate and cost as a dict and Decimal say",
        ("conformance/test_oracle.py", "faults/test_oracle_http.py"),
    ),
    11: Promise(
        "told to stop, and processes replaced one by one, under keep-alive load that never tries again",
        "no look-up fails, unready first, Connection: close on the way out, exit 0 in time",
        ("faults/test_restart.py",),
    ),
    12: Promise(
        "four processes of 25 tasks at a limit of 5 and of 1,000",
        "exactly as many let through",
        (
            "integration/quota/test_exact.py",
            f"{LIMITS}::test_exactly_as_many_are_let_through_as_the_plan_has_in_a_day",
        ),
    ),
    13: Promise(
        "a process killed; a start with Redis of no use, without a card, with an old or a damaged one",
        "another within 3 s; without a card alive, unready and never a guess; no endless crashing",
        (
            "faults/test_starts.py",
            "faults/test_restart.py::test_a_rolling_restart_costs_no_look_up_and_a_killed_process_is_replaced",
            f"{LIMITS}::test_a_service_starts_and_answers_by_its_share_with_a_redis_that_is_of_no_use",
            "e2e/test_service.py::test_with_no_card_it_lives_is_not_ready_and_guesses_nothing",
        ),
    ),
    14: Promise(
        "malformed requests, direct and behind HAProxy",
        "refused and closed, or answered once; never a 500, never two answers to one request",
        ("faults/test_malformed.py",),
    ),
    15: Promise(
        "bombs: one byte too many, endless chunks, deep JSON, a million digits, what unpacks a thousandfold, entities",
        "refused after the limit and 64 KiB at most; memory stays flat",
        ("faults/test_bombs.py", "unit/service/http/test_limits.py"),
    ),
    16: Promise(
        "injection: formulas, line ends, terminal escapes, script, control characters, entities that point elsewhere",
        "neutral in every format, a log line stays a line, nothing is fetched, no trace and no path in a body",
        ("faults/test_injection.py", "unit/service/test_render_table.py"),
    ),
    17: Promise(
        "requests made from the interface's own document, good and bad; 100,000 raw strings at each parser",
        "an answer the document has, a parse or a refusal; never a 500",
        ("e2e/test_interface.py", "fuzz/test_strings.py", "fuzz/test_corpus.py"),
    ),
    18: Promise(
        "10,000 requests given up at random points",
        "nobody gets another's answer, descriptors as before, nothing left over",
        (
            "faults/test_bombs.py::test_requests_given_up_at_any_point_leave_nothing_behind",
            f"{LIMITS}::test_clients_that_hang_up_at_any_point_disturb_nobody",
        ),
    ),
    19: Promise(
        "plans on a clock that is told: N and one more, edges, a plan changed meanwhile, an hour forth and back",
        "never more than burst + rate x time; Retry-After finite and right",
        (
            "unit/service/quota/test_meter.py",
            "unit/service/quota/test_meter_property.py",
            "unit/service/quota/test_windows.py",
            "unit/service/test_gcra.py",
        ),
    ),
    20: Promise(
        "resets, drops, reloads and changing keys for a long time (make soak: 20 minutes; here some seconds)",
        "descriptors within 5, memory flat, no look-up fails",
        ("faults/test_soak.py",),
    ),
    21: Promise(
        "killed between any two writes of an upload, an activation, a batch of call records, a set",
        "after it the old or the new, never half; what was answered with 200 is there",
        ("faults/test_crash.py", "faults/test_cdr_crash.py", "faults/test_set_crash.py"),
    ),
}


def is_of(promise: Promise, test: str) -> bool:
    """
    Args:
        test: its id below ``tests``, as ``faults/test_x.py::test_y[z]``.
    """
    file, _, name = test.partition("::")
    return any(one in {file, f"{file}::{name.partition('[')[0]}"} for one in promise.tests)


def is_of_a_promise(test: str) -> bool:
    return any(is_of(promise, test) for promise in PROMISES.values())
