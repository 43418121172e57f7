"""
What the page on bulk shows is what one gets.
"""

import re
from pathlib import Path

import httpx
import pytest
from support.server import Server
from support.shell import run

from service.http.bulk import SERVICES

PAGE = (Path(__file__).parents[2] / "docs/bulk.md").read_text()
EXAMPLES = re.findall(
    r"```http\nPOST (\S+)\nContent-Type: (\S+)\n\n(.*?)\n```\n```(?:json|csv)\n(.*?)\n```", PAGE, re.DOTALL
)


@pytest.mark.parametrize(("target", "kind", "asked", "answered"), EXAMPLES, ids=[target for target, *_ in EXAMPLES])
def test_every_example_of_a_request_is_answered_as_printed(
    hot: Server, target: str, kind: str, asked: str, answered: str
) -> None:
    answer = httpx.post(hot.url + target, content=asked, headers={"Content-Type": kind})
    assert answer.text.splitlines() == answered.splitlines()


def test_the_example_of_a_file_of_calls_is_what_one_gets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    calls, rated, deck = re.findall(r"```csv\n(.*?)```", PAGE.partition("## A file of calls")[2], re.DOTALL)
    (tmp_path / "calls.csv").write_text(calls)
    (tmp_path / "retail.csv").write_text(deck)
    (console,) = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    for command in re.findall(r"^\$ ratedip (.*)$", console, re.MULTILINE):
        done = run(tmp_path, *command.split())
    assert (tmp_path / "rated.csv").read_text() == rated
    assert done.stdout.startswith(console.rpartition("$ ")[2].partition("\n")[2])


def test_every_service_and_every_option_is_on_the_page(tmp_path: Path) -> None:
    assert len(EXAMPLES) == 3
    for service in SERVICES:
        assert f"/api/{service.name}`" in PAGE, service.name
    shown = run(tmp_path, "rate-file", "--help").stdout
    for option in set(re.findall(r"--[a-z-]+", shown)) - {"--help"}:
        assert f"`{option}`" in PAGE, option
