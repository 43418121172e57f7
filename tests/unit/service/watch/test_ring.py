"""
The ring of decisions, written by one and read by others.
"""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.watch.decision import RECORD
from service.watch.ring import Ring, RingError, read_ring


def record(number: int) -> bytes:
    return number.to_bytes(8, "little") * (RECORD.size // 8)


def numbers(records: bytes) -> list[int]:
    assert len(records) % RECORD.size == 0
    found = [records[start : start + RECORD.size] for start in range(0, len(records), RECORD.size)]
    assert all(each == each[:8] * (RECORD.size // 8) for each in found), "half one record and half another"
    return [int.from_bytes(each[:8], "little") for each in found]


@given(writes=st.lists(st.integers(0, 12), max_size=12), room=st.integers(1, 8))
def test_the_latest_are_read_in_the_order_in_which_they_were_written(
    writes: list[int], room: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("ring") / "a.ring"
    ring, written = Ring(path, room), 0
    for count in writes:
        ring.add(b"".join(record(written + place) for place in range(count)))
        written += count
        assert numbers(read_ring(path)) == list(range(written))[-room:]
    assert len(numbers(read_ring(path))) == min(room, written)
    ring.close()


def test_what_is_being_written_over_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.ring"
    ring = Ring(path, 4)
    ring.add(b"".join(map(record, range(4))))
    with (tmp_path / "a.ring").open("r+b") as file:  # two more were begun, and the first of them is half there
        file.seek(16)
        file.write((6).to_bytes(8, "little"))
        file.seek(32)
        file.write(record(9)[:100])
    assert numbers(read_ring(path)) == [2, 3]
    ring.close()


def test_only_this_user_may_read_it(tmp_path: Path) -> None:
    ring = Ring(tmp_path / "a.ring", 4)
    assert stat.S_IMODE((tmp_path / "a.ring").stat().st_mode) == 0o600
    ring.close()


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 32, b"rdring1\n" + bytes(24), b"rdring1\n" + b"\xff" * 500])
def test_what_is_no_ring_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.ring"
    path.write_bytes(content)
    with pytest.raises(RingError):
        read_ring(path)
