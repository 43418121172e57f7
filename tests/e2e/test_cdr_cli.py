"""
Call records at the command line, and the page that describes them.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.people import account, store
from support.records import SAID, many
from typer.testing import CliRunner

from service.cli.main import app
from service.manage.cdr_fields import FIELDS
from service.manage.cdr_shapes import SHAPES
from service.store.records import tail
from service.store.records_keep import keep

DOCS = Path(__file__).parents[2] / "docs"
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    account(tmp_path, "acme")

    def command(*words: str, status: int = 0) -> str:
        done = CliRunner().invoke(app, ["cdr", *words], env={"RATEDIP_DATA": str(tmp_path), "RATEDIP_DATABASE_URL": ""})
        assert done.exit_code == status, (words, done.output, done.exception)
        return done.output

    return command


def file_of(folder: Path, *rows: dict[str, Any], name: str = "calls.ndjson") -> str:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def said(nth: int, **changes: Any) -> dict[str, Any]:
    return SAID | {"call_id": f"c{nth}", "start": 1_790_000_000 + nth} | changes


def test_a_file_is_loaded_and_loading_it_again_takes_what_is_missing(run: Run, tmp_path: Path) -> None:
    file = file_of(tmp_path, *map(said, range(5)))
    assert run("load", file, "--account", "acme").startswith("calls.ndjson, read as ratedip: 5 taken")
    file_of(tmp_path, *map(said, range(9)))
    answer = json.loads(run("load", file, "--account", "acme", "--json"))
    assert (answer["taken"], answer["repeated"], answer["shape"]) == (4, 5, "ratedip")
    with store(tmp_path) as engine:
        assert [one.call_id for one in tail(engine, 0)[0]] == [f"c{n}" for n in range(9)]


def test_what_cannot_be_taken_is_said_by_its_line(run: Run, tmp_path: Path) -> None:
    file = file_of(tmp_path, said(1), said(2, number="x"), said(1, sip_code=404))
    output = run("load", file, "--account", "acme", status=1)
    assert "1 taken, 1 conflicts, 1 refused" in output
    assert "line 2: number 'x' is not a digit" in output
    assert "line 3: differs from the record that is kept" in output
    assert "2 refused" in run("load", file_of(tmp_path, {}, {}), "--account", "acme", status=2)


def test_what_is_wrong_with_the_command_changes_nothing(run: Run, tmp_path: Path) -> None:
    good = file_of(tmp_path, said(1))
    table = tmp_path / "table.csv"
    table.write_text("a,b\n1,2\n")
    for words, about in (
        (("load", good, "--account", "nobody"), "no account 'nobody'"),
        (("load", good, "--account", "acme", "--shape", "pots"), "--shape is none of"),
        (("load", good, "--account", "acme", "--timezone", "Mars"), "--timezone is no name"),
        (("load", str(table), "--account", "acme"), "table.csv: the header has 'a'"),
        (("search", "--from", "soon"), "--from is neither"),
        (("search", "--number", "x"), "--number 'x'"),
        (("search", "--cursor", "x"), "--cursor is none"),
    ):
        assert about in run(*words, status=2).replace("\n", " "), words
    assert json.loads(run("search", "--json"))["records"] == []


def test_asterisk_s_file_in_the_time_of_its_switch(run: Run, tmp_path: Path) -> None:
    cells = ["", "2079460000", "441132456789", "out", "", "SIP/a-1", "SIP/b-2", "Dial", "", "2026-07-01 12:00:00", "",
             "", "41", "37", "ANSWERED", "DOCUMENTATION", "1782907200.1"]  # fmt: skip
    path = tmp_path / "Master.csv"
    path.write_text(",".join(f'"{cell}"' for cell in cells) + "\n")
    output = run("load", str(path), "--account", "acme", "--timezone", "America/New_York")
    assert output.startswith("Master.csv, read as asterisk: 1 taken")
    assert json.loads(run("search", "--json"))["records"][0]["start"] == 1_782_921_600


def test_a_search_pages_on_and_keeps_to_its_environment(run: Run, tmp_path: Path) -> None:
    with store(tmp_path) as engine:
        keep(engine, many(*range(5)))
        keep(engine, many(7, environment="test"))
    first = json.loads(run("search", "--limit", "3", "--number", "44113*", "--json"))
    rest = json.loads(run("search", "--limit", "3", "--json", "--cursor", first["cursor"]))
    calls = [one["call_id"].partition("@")[0] for one in first["records"] + rest["records"]]
    assert (calls, rest["cursor"]) == ([f"call-{n}" for n in reversed(range(5))], None)
    assert "call-7@" in run("search", "--test")
    output = run("search", "--limit", "2")
    assert "441132456789" in output
    assert "there are more: --cursor" in output
    assert "2026-09-21 14:13:20" in output


def test_the_page_names_every_field_shape_and_option() -> None:
    page = (DOCS / "cdr.md").read_text()
    for name in FIELDS:
        assert f"`{name}`" in page, name
    for name in SHAPES:
        assert f"`{name}`" in page, name
    for command in ("load", "search"):
        shown = CliRunner().invoke(app, ["cdr", command, "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).stdout
        for option in re.findall(rf"ratedip cdr {command} [^`\n]*?(--[a-z-]+)", page):
            assert option in shown, (command, option)
