"""
``ratedip rate-file``: killed at any moment and resumed, in one process or several or on Dask, it writes the same file.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from support.cards import RETAIL, install, sdf_rules
from support.patience import FAIL_SAFE_S, seconds_until
from support.shell import run, told

from ratecards.artifact import pack
from ratecards.compile import compile_rules
from ratecards.model import Terms
from ratecards.rules import to_frame
from service.manage import rate_output
from service.manage.rate_output import output
from service.manage.ratecards import BadValueError

ROWS = 120_000
"""Several pieces of some four megabytes."""
START = 1_783_000_000


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A card, calls, and the file that is made of them when nothing disturbs.
    """
    folder = tmp_path_factory.mktemp("rate-file")
    install(folder, "sdf", sdf_rules())
    (folder / "sdf.card").write_bytes(pack(compile_rules(to_frame(RETAIL), Terms())))
    prefixes, rng = [rule.prefix for rule in sdf_rules()], random.Random(1)
    with (folder / "calls.csv").open("w") as out:
        out.write("call_id,number,start,duration,a column of the switch's own\n")
        for row in range(ROWS):
            number = f"{rng.choice(prefixes)}{rng.randrange(10**9):09d}"[:14] if row % 1000 else "nobody"
            out.write(f"call-{row:09d},{number},{START + row},{rng.randrange(4000)},{'x' * 20}\n")
    (folder / "few.csv").write_bytes(_first(folder / "calls.csv"))
    said = told(folder, "rate-file", str(folder / "calls.csv"), "--card", "sdf", "-o", str(folder / "whole.csv"))
    (folder / "whole.json").write_text(json.dumps(said))
    return folder


def _first(path: Path) -> bytes:
    """
    The header and two thousand rows.
    """
    with path.open("rb") as file:
        return b"".join(islice(file, 2001))


def _without_names(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name != "out"}


def test_what_came_of_it_is_told_and_nothing_is_left_beside_the_file(place: Path) -> None:
    said = json.loads((place / "whole.json").read_text())
    assert (said["rows"], said["refused"], said["card"], said["revision"]) == (ROWS, ROWS // 1000, "sdf", 1)
    assert said["rated"] + said["unpriced"] + said["blocked"] + said["refused"] == ROWS
    assert said["problems"][0] == {"line": 2, "reason": "number 'n' is not a digit"}
    assert len((place / "whole.csv").read_bytes().splitlines()) == ROWS + 1
    assert not [path for path in place.iterdir() if path.name.endswith((".part", ".journal"))]


@contextmanager
def _started(place: Path, out: Path, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [Path(sys.executable).with_name("ratedip"), "rate-file", place / "calls.csv", "-o", out, *more]
    environment = os.environ | {"RATEDIP_DATA": str(place)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, start_new_session=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.long)])
def test_killed_at_any_moment_and_resumed_it_is_the_same_file(
    place: Path, tmp_path: Path, kills: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    One kill as soon as there is a journal, the others later and later; each time the next one goes on.
    """
    out, rng = tmp_path / "out.csv", random.Random(kills)
    journal = out.with_name("out.csv.journal")
    for turn in range(kills):
        with _started(place, out, "--card", "sdf", "--resume", "--processes", str(1 + turn % 2)) as process:
            seconds_until(lambda: journal.exists() or process.poll() is not None, pause_s=0.005)
            time.sleep(rng.uniform(0, 1.0) if turn else 0)
            os.killpg(process.pid, signal.SIGKILL)
        if out.exists():
            break
    if not out.exists():
        said = told(place, "rate-file", str(place / "calls.csv"), "--card", "sdf", "-o", str(out), "--resume")
        assert _without_names(said) == _without_names(json.loads((place / "whole.json").read_text()))
    assert out.read_bytes() == (place / "whole.csv").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_what_was_being_written_when_the_power_went_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Whatever of a piece, or of its line in the journal, came to the disk.
    """
    monkeypatch.setattr(rate_output, "SYNC_S", 0.0)
    out, about = tmp_path / "out", {"same": {"calls": 1}}
    part, journal = tmp_path / "out.part", tmp_path / "out.journal"
    with output(out, about, resume=False) as begun:
        begun.add(b"one\n", {"rows": 1})
        begun.add(b"two\n", {"rows": 1})
    whole = journal.read_bytes()
    first = whole.index(b"\n", whole.index(b"\n") + 1) + 1
    for cut in range(first, len(whole)):
        journal.write_bytes(whole[:cut])
        part.write_bytes(b"one\ntwo\nthr")
        with output(out, about, resume=True) as again:
            assert (len(again.entries), part.read_bytes()) == (1, b"one\n")
    journal.write_bytes(whole)
    part.write_bytes(b"one\ntw")  # which the journal was told of too early
    with output(out, about, resume=True) as again:
        again.add(b"two\n", {"rows": 1})
        again.finish()
    assert (out.read_bytes(), journal.exists(), part.exists()) == (b"one\ntwo\n", False, False)


def test_only_one_writes_and_only_of_the_same(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with output(out, {"same": 1}, resume=False) as begun:
        begun.add(b"one\n", {"rows": 1})
        with pytest.raises(BadValueError, match="another process"), output(out, {"same": 1}, resume=True):
            pass
    with pytest.raises(BadValueError, match="something else"), output(out, {"same": 2}, resume=True):
        pass
    with pytest.raises(BadValueError, match="--resume goes on"), output(out, {"same": 1}, resume=False):
        pass
    out.touch()
    with pytest.raises(BadValueError, match="is there already"), output(out, {"same": 1}, resume=True):
        pass


@pytest.mark.long
def test_processes_packed_files_and_a_compiled_card_make_no_difference(place: Path, tmp_path: Path) -> None:
    few = str(place / "few.csv")
    wanted = _first(place / "whole.csv")
    run(place, "rate-file", few, "--card", "sdf", "-o", str(tmp_path / "one.csv"), "--processes", "1")
    run(place, "rate-file", few, "--card", "sdf", "-o", str(tmp_path / "two.csv"), "--processes", "2")
    subprocess.run(["gzip", "-k", few], check=True)
    run(place, "rate-file", f"{few}.gz", "--card", "sdf", "-o", str(tmp_path / "o.csv.gz"), "--processes", "1")
    unpacked = subprocess.run(["gzip", "-dc", tmp_path / "o.csv.gz"], check=True, capture_output=True).stdout
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes() == unpacked == wanted
    (tmp_path / "c.ndjson").write_text('{"number":"441132456789","duration":37}\n')
    card = str(place / "sdf.card")
    said = told(place, "rate-file", str(tmp_path / "c.ndjson"), "--artifact", card, "-o", str(tmp_path / "o.ndjson"))
    assert (said["cost"], json.loads((tmp_path / "o.ndjson").read_text())["rated"]["cost"]) == ("0.00525", "0.00525")


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["few.csv", "-o", "o.csv"], 2, "say either --card or --artifact"),
        (["few.csv", "-o", "o.csv", "--card", "nope"], 1, "no card 'nope'"),
        (["few.csv", "-o", "o.csv", "--card", "sdf", "--revision", "9"], 1, "no revision 9"),
        (["few.csv", "-o", "o.csv", "--artifact", "few.csv"], 1, "cannot be used"),
        (["sdf.card", "-o", "o.csv", "--card", "sdf"], 2, "calls"),
        (["few.csv", "-o", "whole.csv", "--card", "sdf"], 2, "is there already"),
        (["few.csv", "-o", "o.csv", "--card", "sdf", "--at", "soon"], 2, "--at is neither"),
    ],
)
def test_the_command_says_what_is_wrong_with_it_and_leaves_nothing(
    place: Path, words: list[str], status: int, says: str
) -> None:
    named = [str(place / word) if word.endswith((".csv", ".card")) else word for word in words]
    done = run(place, "rate-file", *named, status=status)
    assert says in " ".join(done.stderr.split())
    assert not list(place.glob("o.csv*"))


CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, scheduler_port=0) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """
    A Dask cluster of two worker processes; the address of its scheduler.
    """
    program = tmp_path / "cluster.py"
    program.write_text(CLUSTER)
    with subprocess.Popen(
        [sys.executable, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield process.stdout.readline().strip()
        process.stdin.close()
        process.wait(FAIL_SAFE_S)


def test_on_dask_it_is_the_same_file(place: Path, tmp_path: Path, cluster: str) -> None:
    out = tmp_path / "out.csv"
    with _started(place, out, "--card", "sdf", "--dask", cluster, "--json") as process:
        said = json.loads(process.communicate(timeout=FAIL_SAFE_S)[0])
    assert out.read_bytes() == (place / "whole.csv").read_bytes()
    assert _without_names(said) == _without_names(json.loads((place / "whole.json").read_text()))


def test_a_cluster_that_is_not_there_or_not_installed_is_said_in_words(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    words = ("rate-file", str(place / "few.csv"), "--card", "sdf", "-o", str(tmp_path / "o.csv"))
    done = run(place, *words, "--dask", "tcp://127.0.0.1:1", status=2)
    assert "pip install 'ratedip[dask]'" in " ".join(done.stderr.split())
