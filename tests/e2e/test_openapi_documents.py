"""
The clients that the page on the interface's document shows get a rate.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cards import RETAIL, install
from support.patience import FAIL_SAFE_S
from support.people import account, key
from support.server import serve

PAGE = (Path(__file__).parents[2] / "docs/openapi.md").read_text()


def programs(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """
    What a client finds in its environment.
    """
    data = tmp_path_factory.mktemp("clients")
    install(data, "retail", RETAIL)
    account(data, "switch")
    shown = key(data, "switch")
    with serve(data) as server:
        yield {"PATH": os.environ["PATH"], "RATEDIP_URL": server.url, "RATEDIP_KEY": shown}


def run(command: list[str], place: dict[str, str], folder: Path) -> str:
    done = subprocess.run(
        command, env=place, cwd=folder, capture_output=True, text=True, check=False, timeout=FAIL_SAFE_S
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.outside
def test_curl_gets_one_rate_and_many(place: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "numbers.txt").write_text("441132456789\n44x\n441132456780\n")
    one, many = (run(["sh", "-c", text], place, tmp_path) for text in programs("sh"))
    assert json.loads(one)["cost"] == "0.00525"
    told = [json.loads(line) for line in many.splitlines()]
    assert [line.get("prefix") for line in told] == ["44113", None, "44113"]
    assert told[1]["error"]["code"] == 400


def test_the_program_in_python_prints_what_the_call_costs(place: dict[str, str], tmp_path: Path) -> None:
    (program,) = programs("python")
    assert run([sys.executable, "-c", program], place, tmp_path) == "UK Leeds 0.00525 USD\n"


@pytest.mark.parametrize("language", ["java", "csharp", "ruby"])
def test_there_is_a_program_in_each_language_that_asks_the_same(language: str) -> None:
    (program,) = programs(language)
    assert all(word in program for word in ("/api/rate.json", "RATEDIP_KEY", "+44 113 245 6789"))
