"""
The commands of ``docs/deploy.md``, typed as they stand into a shell in a copy of the project, lead to two nodes.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.balanced import haproxy_program
from support.patience import FAIL_SAFE_S
from support.postgres import run_postgres
from support.redis import redis_running
from support.server import free_port

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "deploy.md"
SHOWN = {
    "postgresql://ratedip:secret@127.0.0.1:5432/ratedip",
    "redis://127.0.0.1:6379/0",
    *map(str, (8080, 8081, 8082, 8404, 9181, 9182)),
}
MINUTES_S = 20 * FAIL_SAFE_S
"""All requirements are installed anew."""


def commands() -> str:
    by_hand = PAGE.read_text().partition("## By hand")[2].partition("\n## ")[0]
    return "\n".join(re.findall(r"```sh\n(.*?)```", by_hand, re.DOTALL))


def copy(folder: Path) -> None:
    """
    Lay down the project as one clones it.
    """
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def here(script: str, own: dict[str, str]) -> str:
    """
    The commands with the servers and ports there are here.
    """
    for shown, real in own.items():
        assert shown in script
        script = re.sub(rf"(?<!\d){re.escape(shown)}(?!\d)", real, script)
    return script


@pytest.mark.fault
@pytest.mark.long
def test_the_documented_commands_end_with_an_answer_before_and_after_a_node_is_stopped(tmp_path: Path) -> None:
    haproxy_program()
    copy(tmp_path)
    with run_postgres() as postgres, redis_running() as redis, postgres.database() as url:
        own = {shown: str(free_port()) for shown in SHOWN if shown.isdigit()}
        own |= {shown: url for shown in SHOWN if shown.startswith("postgresql")}
        own |= {shown: f"{redis.url}/0" for shown in SHOWN if shown.startswith("redis")}
        script = f"export RATEDIP_HAPROXY_SOCKET={tmp_path}/proxy.sock\n{here(commands(), own)}"
        log = tmp_path / "said"
        with log.open("wb") as said:
            done = subprocess.run(
                ["bash", "-eu", "-c", f"trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{script}"],
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=said,
                timeout=MINUTES_S,
                check=False,
            )
    assert done.returncode == 0, log.read_text()[-4000:]
    answers = [json.loads(found) for found in re.findall(rb'\{"number":.*?\}', done.stdout, re.DOTALL)]
    assert [(answer["number"], answer["card"], answer["rate"]) for answer in answers] == [
        ("441132456789", "carrier-a", "0.0103")
    ] * 2
