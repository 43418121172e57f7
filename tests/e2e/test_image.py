"""
The image of the Dockerfile, built, and a service in it, asked: as its own user, on a root that is read-only.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.corpus import get
from support.patience import FAIL_SAFE_S, promised, seconds_until
from support.server import Server, free_port

ROOT = Path(__file__).parents[2]
NAME = "ratedip:test"
MAX_MB = 450
START_S = 2.0
BUILDAH = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}
INSIDE = """
root=$1 data=$2 user=$3; shift 3
mount --bind "$root" "$root"; mount --bind "$data" "$root/var/lib/ratedip"
mount -t tmpfs tmpfs "$root/tmp"; mount -t proc proc "$root/proc"; mount --bind /dev "$root/dev"
mount -o remount,bind,ro "$root"
exec chroot --userspec="$user" "$root" /usr/bin/env -i "$@"
"""

pytestmark = [pytest.mark.outside, pytest.mark.long]


def buildah(*words: str) -> str:
    done = subprocess.run(["buildah", *words], env=os.environ | BUILDAH, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@dataclass(frozen=True)
class Image:
    """
    Attributes:
        said: by what built it.
        root: its files.
        config: how it is run.
    """

    said: str
    root: Path
    config: dict[str, Any]

    def start(self, data: Path, *words: str, **settings: str) -> "subprocess.Popen[bytes]":
        """
        Run a command as an engine runs it, its root read-only.
        """
        made = [*self.config["Env"], *(f"RATEDIP_{name}={value}" for name, value in settings.items())]
        command = [*self.config["Entrypoint"], *(words or self.config["Cmd"])]
        inside = ["sh", str(self.root), str(data), self.config["User"], *made, *command]
        with (data.parent / "said").open("ab") as said:
            return subprocess.Popen(["unshare", "-m", "sh", "-euc", INSIDE, *inside], stdout=said, stderr=said)

    @contextmanager
    def serving(self, data: Path) -> Iterator[tuple[Server, float]]:
        """
        A service in it, and the seconds of processor time it took to be ready.
        """
        port = free_port()
        process = self.start(data, PORT=str(port), ADMIN_PORT="0")
        server = Server("127.0.0.1", port, process, data.parent / "said")
        try:
            seconds_until(lambda: _is_ready(server), pause_s=0.01)
            yield server, _used_s(process.pid)
        finally:
            process.terminate()
            assert process.wait(FAIL_SAFE_S) == 0


def _used_s(pid: int) -> float:
    """
    Processor time of a process, and of those of its that have ended. Source: proc(5), /proc/pid/stat.
    """
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _is_ready(server: Server) -> bool:
    assert server.process.poll() is None, server.log.read_text()
    with suppress(OSError):
        return server.ask(get("/readyz")).startswith(b"HTTP/1.1 200")
    return False


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    script = ["sh", str(ROOT / "scripts" / "image.sh"), NAME]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    config = json.loads(buildah("inspect", "--type", "image", NAME))["Docker"]["config"]
    container = buildah("from", "--pull-never", NAME)
    try:
        yield Image(done.stdout, Path(buildah("mount", container)), config)
    finally:
        buildah("rm", container)
        buildah("rmi", NAME)


@pytest.fixture
def data(tmp_path: Path, image: Image) -> Path:
    """
    A data directory with a card in it, loaded by the image.
    """
    folder = tmp_path / "data"
    folder.mkdir()
    user, group = map(int, image.config["User"].split(":"))
    os.chown(folder, user, group)
    deck = folder / "deck.csv"
    deck.write_text("Prefix,Destination,Rate\n44,United Kingdom,0.0103\n")
    load = image.start(folder, "card", "load", "c", "/var/lib/ratedip/deck.csv", "--currency", "USD", "--activate")
    assert load.wait(FAIL_SAFE_S) in {0, 1}, (tmp_path / "said").read_text()
    return folder


def test_it_is_small_enough(image: Image) -> None:
    megabytes = int(re.findall(r": (\d+) MB unpacked over its base", image.said)[0])
    assert 100 < megabytes <= MAX_MB


def test_it_answers_on_a_read_only_root_and_stops_when_told(image: Image, data: Path) -> None:
    with image.serving(data) as (server, _):
        answer = server.ask(get("/api/rate.json?number=441132456789&card=c"))
        assert answer.startswith(b"HTTP/1.1 401")  # nobody but accounts may ask; it is there
        check = [part for part in image.config["Healthcheck"]["Test"] if part != "CMD"]
        healthy = [
            "chroot",
            str(image.root),
            "/usr/bin/env",
            *image.config["Env"],
            f"RATEDIP_PORT={server.port}",
            *check,
        ]
        assert subprocess.run(healthy, check=False).returncode == 0
    assert subprocess.run(healthy, check=False, stderr=subprocess.DEVNULL).returncode != 0
    assert "Read-only" not in (data.parent / "said").read_text()


@pytest.mark.timed
def test_it_is_ready_in_two_seconds(image: Image, data: Path) -> None:
    """
    Of one core's time, as a start is busy all the time, and others on the machine are, too.
    """
    took = []
    for _ in range(3):
        with image.serving(data) as (_, seconds):
            took.append(seconds)
    assert min(took) <= promised(START_S), took
