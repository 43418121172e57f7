"""
Days and months are those of the calendar, UTC.
"""

from datetime import UTC, datetime

import pytest

from service.quota.windows import DAY, MONTH, ends_s, length_s, starts_s, window_of


def unix(*date: int) -> int:
    return int(datetime(*date, tzinfo=UTC).timestamp())  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("per", "inside", "start", "end"),
    [
        (DAY, (2027, 1, 15, 8), (2027, 1, 15), (2027, 1, 16)),
        (DAY, (2028, 2, 29, 23, 59, 59), (2028, 2, 29), (2028, 3, 1)),
        (MONTH, (2028, 2, 29, 23, 59, 59), (2028, 2, 1), (2028, 3, 1)),
        (MONTH, (2027, 12, 31, 23, 59, 59), (2027, 12, 1), (2028, 1, 1)),
        (MONTH, (2028, 1, 1), (2028, 1, 1), (2028, 2, 1)),
    ],
)
def test_a_window_holds_its_first_second_and_not_the_one_after_it(
    per: str, inside: tuple[int, ...], start: tuple[int, ...], end: tuple[int, ...]
) -> None:
    window = window_of(per, unix(*inside))
    assert (starts_s(per, window), ends_s(per, window)) == (unix(*start), unix(*end))
    assert length_s(per, window) == unix(*end) - unix(*start)
    assert window_of(per, unix(*end) - 0.001) == window
    assert window_of(per, unix(*end)) == window + 1
