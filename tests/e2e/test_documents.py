"""
What the documents show is what one gets.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from pydantic import SecretStr
from support.corpus import get
from support.server import Server, read_responses, serve

from ratecards.deck import Mapping
from ratecards.profiles import Profile
from service.settings import Settings

ROOT = Path(__file__).parents[2]
EXAMPLE = re.compile(r"```http\nGET (\S+)\n```\n```(json|xml)\n(.*?)\n```", re.DOTALL)
EXAMPLES = EXAMPLE.findall((ROOT / "docs/api.md").read_text())


@pytest.mark.parametrize(("target", "form", "body"), EXAMPLES, ids=[target for target, _, _ in EXAMPLES])
def test_every_example_of_the_interface_is_answered_as_printed(door: Server, target: str, form: str, body: str) -> None:
    with door.connect() as client:
        client.sendall(get(target))
        head, _, answer = read_responses(client).decode().partition("\r\n\r\n")
    assert answer == body
    assert f"content-type: application/{form}" in head
    if form == "xml":
        ElementTree.fromstring(answer)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 8


def test_the_library_s_page_prints_what_it_says() -> None:
    page = (ROOT / "docs/library.md").read_text()
    program, printed = re.findall(r"```(?:python|text)\n(.*?)```", page, re.DOTALL)
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd="/")
    assert run.stdout == printed


def test_the_mapping_and_the_profile_of_the_page_on_decks_are_ones() -> None:
    mapping, profile = map(
        json.loads, re.findall(r"```json\n(.*?)```", (ROOT / "docs/decks.md").read_text(), re.DOTALL)
    )
    assert Mapping.from_json(mapping).date_order == "dmy"
    assert Profile.from_json(profile).normalise("9001#0113 245 6789".replace(" ", "")) == "441132456789"


def test_the_readme_shows_the_answer_it_gets(tmp_path: Path) -> None:
    page = (ROOT / "README.md").read_text()
    shown = json.loads(re.findall(r"```json\n(.*?)```", page, re.DOTALL)[0])
    target = re.findall(r"curl 'http://127.0.0.1:8080(.*?)'", page)[0]
    with serve(tmp_path, DEMO="1") as server:
        answer = json.loads(server.ask(get(target)).partition(b"\r\n\r\n")[2])
    assert answer == shown


def test_every_setting_is_documented_with_its_default() -> None:
    page = (ROOT / "docs/settings.md").read_text()
    for name, field in Settings.model_fields.items():
        default = (
            ""
            if field.default == "" or field.default is False or isinstance(field.default, SecretStr)
            else f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"
        )
        assert f"| `RATEDIP_{name.upper()}` | {default} | {field.description} |" in page
