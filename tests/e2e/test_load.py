"""
Each scenario of locust runs without a browser, finds nothing wrong with a server that is well, and writes its page.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cards import RETAIL, install
from support.people import account, key
from support.routes import install_carriers
from support.server import Server, serve

from service.quota.plan import Limits, Plan

pytestmark = pytest.mark.outside

REPOSITORY = Path(__file__).parents[2]
RUNS = {
    "softswitch": ("--users", "4", "--run-time", "3s", "--cps", "20", "--routes", "--records"),
    "spike": ("--base", "2", "--span", "4", "--cps", "20"),
    "soak": ("--users", "4", "--run-time", "3s", "--cps", "20"),
    "quota": ("--users", "4", "--run-time", "3s", "--cps", "60", "--rps", "50"),
}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, keys: dict[str, str]) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("data")
    install(data, "retail", RETAIL)
    install_carriers(data)
    account(data, "endless")
    account(data, "limited", Plan(Limits(per_second=50, burst=50)))
    keys["endless"] = key(data, "endless", "lookup", "cdr")
    keys["limited"] = key(data, "limited", "lookup")
    with serve(data) as server:
        yield server


def run(server: Server, scenario: str, key: str, folder: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    numbers = folder / "numbers.txt"
    numbers.write_text("".join(f"44113{nth:07d}\n" for nth in range(200)))
    words = ("--host", server.url, "--card", "retail", "--numbers", str(numbers), "--key", key)
    command = [sys.executable, "-m", "bench.scenarios", scenario, *words, "--report", str(folder / "page.html"), *more]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("scenario", RUNS)
def test_a_scenario_runs_and_nothing_fails(server: Server, keys: dict[str, str], scenario: str, tmp_path: Path) -> None:
    asks_too_much = scenario == "quota"
    done = run(server, scenario, keys["limited" if asks_too_much else "endless"], tmp_path, *RUNS[scenario])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0(0.00%)" in (done.stdout + done.stderr)
    assert "<html" in (tmp_path / "page.html").read_text()


def test_a_run_with_wrong_answers_fails(server: Server, keys: dict[str, str], tmp_path: Path) -> None:
    done = run(server, "softswitch", keys["endless"] + "x", tmp_path, "--users", "2", "--run-time", "2s", "--cps", "20")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "200 was expected, not 401" in done.stdout + done.stderr


def test_a_run_in_which_nothing_is_refused_says_that_the_plan_is_another(
    server: Server, keys: dict[str, str], tmp_path: Path
) -> None:
    more = ("--users", "2", "--run-time", "2s", "--rps", "50")
    assert run(server, "quota", keys["endless"], tmp_path, *more).returncode == 1
