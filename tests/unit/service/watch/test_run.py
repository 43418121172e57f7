"""
The folder in which the processes of a node tell each other how they are.
"""

import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from service.watch.run import Place, read_rings, read_samples
from service.watch.sample import Sample, join_samples


def sample(place: Place, answers: int, connections: int = 1) -> Sample:
    made = Sample(place.worker)
    made.put("ratedip_answers", answers, "rate", "200", "ok")
    made.put("ratedip_connections", connections, "open")
    return made


def publish(place: Place, answers: int) -> None:
    place.publish(sample(place, answers).dump())


def answers(folder: Path) -> object:
    joined = join_samples("node", *read_samples(folder))
    return joined.series.get("ratedip_answers", {}).get(("rate", "200", "ok"))


def connections(folder: Path) -> object:
    joined = join_samples("node", *read_samples(folder))
    return joined.series.get("ratedip_connections", {}).get(("open",))


def test_counters_of_processes_are_added_up_and_do_not_go_down_when_one_ends(tmp_path: Path) -> None:
    one, two = Place(tmp_path, 64), Place(tmp_path, 64)
    publish(one, 5)
    publish(two, 7)
    assert (answers(tmp_path), connections(tmp_path)) == (12, 2)
    one.leave()
    assert (answers(tmp_path), connections(tmp_path)) == (12, 1)
    assert (answers(tmp_path), connections(tmp_path)) == (12, 1), "added up twice"
    three = Place(tmp_path, 64)
    publish(three, 1)
    two.leave()
    assert answers(tmp_path) == 13
    three.leave()


def test_files_of_processes_that_ended_are_removed(tmp_path: Path) -> None:
    one, two = Place(tmp_path, 64), Place(tmp_path, 64)
    publish(one, 5)
    (tmp_path / f".{one.worker}.json.123").write_bytes(b"half")
    one.leave()
    assert read_rings(tmp_path).keys() == {two.worker}
    assert {path.name for path in tmp_path.iterdir()} == {f"{two.worker}.ring", "ended.counters", "lock"}
    two.leave()


def test_a_service_that_starts_again_counts_from_zero(tmp_path: Path) -> None:
    one = Place(tmp_path, 64)
    publish(one, 5)
    one.leave()
    two = Place(tmp_path, 64)
    assert answers(tmp_path) is None
    publish(two, 1)
    assert answers(tmp_path) == 1
    two.leave()


def test_a_crash_between_adding_up_and_removing_counts_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = Place(tmp_path, 64), Place(tmp_path, 64)
    publish(one, 5)
    publish(two, 7)
    one.leave()
    with monkeypatch.context() as broken:
        broken.setattr(Path, "unlink", _crash)
        with pytest.raises(KeyboardInterrupt):
            read_samples(tmp_path)
    assert answers(tmp_path) == 12
    two.leave()


def _crash(_path: Path, missing_ok: bool = False) -> None:
    raise KeyboardInterrupt


def test_a_killed_process_is_seen_to_be_gone(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_stay, args=(tmp_path, there))
    process.start()
    here.recv()
    assert len(read_rings(tmp_path)) == 1
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert read_rings(tmp_path) == {}
    assert answers(tmp_path) == 3


def _stay(folder: Path, way: Connection) -> None:
    publish(Place(folder, 64), 3)
    way.send("ready")
    way.recv()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"worker":1}', b'{"worker":"w","at":1,"series":{"ratedip_answers":3}}']
)
def test_a_sample_that_cannot_be_read_is_passed_over(tmp_path: Path, content: bytes) -> None:
    one, two = Place(tmp_path, 64), Place(tmp_path, 64)
    publish(one, 5)
    two.publish(content)
    assert answers(tmp_path) == 5
    one.leave()
    two.leave()
