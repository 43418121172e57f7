"""
The clients that the page on partner reports shows do what it says.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.partners import Partners, reporting
from support.patience import FAIL_SAFE_S
from support.ratecards import sheet

PAGE = (Path(__file__).parents[2] / "docs/partner.md").read_text()
SHELL = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def partners(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Partners]:
    with reporting(tmp_path_factory.mktemp("partner-clients")) as made:
        yield made


def run(partners: Partners, command: list[str], folder: Path) -> str:
    environment = {
        "PATH": os.environ["PATH"],
        "RATEDIP_URL": partners.server.url,
        "RATEDIP_KEY": partners.keys["partner"],
    }
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=FAIL_SAFE_S
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.outside
def test_curl_gets_what_the_page_says_it_gets(partners: Partners, tmp_path: Path) -> None:
    companies, devices, book, token = (run(partners, ["sh", "-c", text], tmp_path) for text in SHELL)
    assert [row["CompanyName"] for row in json.loads(companies)] == ["KENTEL", "TRICKS"]
    assert devices.splitlines()[1].startswith("014497002384313,2016-04-17T00:00:00,2016-12-30T00:00:00,24168022-")
    assert len(devices.splitlines()) == 3
    assert book == ""
    (file,) = tmp_path.iterdir()
    assert re.fullmatch(r"relationships-\d{4}-\d\d-\d\d\.xlsx", file.name)
    assert sheet(file.read_bytes())[1] == [21090, "KENTEL", "Kentel Corp"]
    assert ElementTree.fromstring(token).findtext("Record/CompanyName") == "KENTEL"


def test_the_program_in_python_prints_the_locations(partners: Partners, tmp_path: Path) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert run(partners, [sys.executable, "-c", program], tmp_path) == "21090 500 @North\n21090 501 -South\n"


def test_the_table_that_the_page_shows_is_the_one_that_is_answered(partners: Partners) -> None:
    (shown,) = re.findall(r"```json\n(.*?)\n```", PAGE, re.DOTALL)
    asked = {"Response": "JsonDataTable", "ForWho": "Company", "ForWhoIDs": "21090"}
    assert partners.ask("relationships", **asked).text == shown


def test_there_is_a_client_in_each_language() -> None:
    for language, asked in {
        "java": "/partner/relationships",
        "csharp": "/partner/relationships",
        "ruby": "/partner/relationships",
    }.items():
        (program,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
        assert asked in program
        assert "RATEDIP_KEY" in program
