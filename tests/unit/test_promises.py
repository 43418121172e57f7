"""
The table of what is promised of a bad day tells what was run, and what of it failed.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.fault_table import read, written
from support.promises import PROMISES

TESTS = Path(__file__).parents[1]
RESULTS = """<testsuites><testsuite name="pytest">
<testcase classname="tests.faults.test_artifacts" name="test_a[1-2]" time="1.5">
<properties><property name="measured" value="5 | 6"/><property name="memory" value="1"/></properties></testcase>
<testcase classname="tests.faults.test_overload" name="test_b" time="2"><failure message="x">y</failure></testcase>
<testcase classname="tests.faults.test_redis_bounds" name="test_c" time="2"><skipped message="x"/></testcase>
<testcase classname="tests.unit.test_money" name="test_d" time="2"/>
</testsuite></testsuites>"""


def test_there_is_a_promise_for_each_number() -> None:
    assert list(PROMISES) == list(range(1, 22))


@pytest.mark.parametrize("number", PROMISES)
def test_every_test_that_holds_a_promise_is_there(number: int) -> None:
    """
    Seen to fail with a test renamed.
    """
    for one in PROMISES[number].tests:
        file, _, name = one.partition("::")
        assert f"def {name or 'test_'}" in (TESTS / file).read_text(), one


def test_a_row_says_what_was_measured_and_one_that_failed_or_was_skipped_is_not_kept(tmp_path: Path) -> None:
    results = tmp_path / "results.xml"
    results.write_text(RESULTS)
    rows = read([results])
    assert {number for number, row in rows.items() if row.verdict == "yes"} == {5}
    assert {number for number, row in rows.items() if row.verdict == "no"} == {1, 7}
    lines = written(rows, "abc", datetime(2026, 1, 2, tzinfo=UTC)).splitlines()
    assert lines[0] == "2026-01-02 00:00 UTC, commit abc."
    assert lines[8].endswith("| 5 / 6 | 1 in 2 s | yes |")
    assert {line.count(" | ") for line in lines[2:]} == {5}
