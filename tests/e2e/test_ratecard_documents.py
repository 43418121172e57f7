"""
What the page on the interface shows of rate cards is what one gets.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.cards import RETAIL, install
from support.ratecards import Manager, managing
from typer.testing import CliRunner

from service.cli.main import app
from service.http.ratecard import SERVICES
from service.http.ratecard_deck import UPLOAD

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "api.md").read_text()
EXAMPLE = re.compile(r"```http\nGET (\S+)\nAuthorization: [^\n]*\n```\n```(json|xml|csv)\n(.*?)\n```", re.DOTALL)
EXAMPLES = EXAMPLE.findall(PAGE)


@pytest.fixture(scope="module")
def boss(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Manager]:
    """
    The card of the examples; its first two revisions lack two rules and one.
    """
    folder = tmp_path_factory.mktemp("documents")
    for rules in (RETAIL[:5], [RETAIL[0], *RETAIL[2:6]], RETAIL):
        install(folder, "retail", [replace(rule) for rule in rules])
    with managing(folder) as made:
        yield made


@pytest.mark.parametrize(("target", "form", "body"), EXAMPLES, ids=[target for target, _, _ in EXAMPLES])
def test_every_example_of_rate_cards_is_answered_as_printed(boss: Manager, target: str, form: str, body: str) -> None:
    answer = boss.client.get(target)
    assert answer.text.rstrip("\n") == body
    assert form in answer.headers["content-type"]


def test_every_service_has_its_line_and_every_parameter_is_named() -> None:
    assert len(EXAMPLES) >= 7
    section = PAGE.partition("## Rate cards")[2].partition("\n## ")[0]
    for service in SERVICES:
        line = next(line for line in section.splitlines() if line.startswith("|") and f"`{service.title}`" in line)
        named = section if service.title == "upload" else line + section.partition("**Tables**")[2]
        for parameter in service.known | (UPLOAD if service.title == "upload" else set()):
            assert f"`{parameter}" in named, (service.title, parameter)


def test_every_command_of_the_page_for_rates_managers_is_one() -> None:
    page = (DOCS / "cards.md").read_text()
    commands = set(re.findall(r"ratedip card ([a-z]+)", page))
    assert commands >= {
        "check",
        "load",
        "diff",
        "activate",
        "cancel",
        "rollback",
        "archive",
        "restore",
        "delete",
        "set",
    }
    for command in commands:
        shown = CliRunner().invoke(app, ["card", command, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
        assert shown.exit_code == 0, command
        for option in re.findall(rf"ratedip card {command} [^`\n]*?(--[a-z-]+)", page):
            assert option in shown.stdout, (command, option)
