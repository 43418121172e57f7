"""
What a new deck would do: past calls replayed at the command line and over HTTP say the same, and change nothing.
"""

import csv
import gzip
import io
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from support.ratecards import Manager, deck, managing, sheet
from support.shell import run, told

from service.http.ratecard_replay import REPLAY

START = 1_783_000_000
CALLS = f"""number,start,billsec,sip_code
441132456789,{START},37,200
447700900123,{START},61,200
4930123456,{START},60,200
331234567,{START},10,200
4930123456,{START},0,487
nobody,{START},10,200
"""
NAMES = ("UK", "=cmd|' /C calc'!A1", "<script>alert(1)</script>")
OLD = deck(f"44,{NAMES[0]},0.01", f'447,"{NAMES[1]}",0.03', f'49,"{NAMES[2]}",0.012')
NEW = deck(f"44,{NAMES[0]},0.011", f'447,"{NAMES[1]}",0.025')
SOLD = b"Prefix,Destination,Rate,First Interval,Next Interval,Currency\n44,UK,0.02,1,1,EUR\n49,Germany,0.01,1,1,EUR\n"
ALL = {"card": "acme", "against": "retail"}

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "replay.md").read_text()
BLOCKS = re.findall(r"```(csv|console|python|text)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A carrier's card with a revision that answers and a draft, the customer's card, and a file of calls.
    """
    folder = tmp_path_factory.mktemp("replay")
    for name, content in (("old.csv", OLD), ("new.csv", NEW), ("sold.csv", SOLD), ("calls.csv", CALLS.encode())):
        (folder / name).write_bytes(content)
    for words in (
        ["card", "load", "acme", "old.csv", "--activate"],
        ["card", "load", "acme", "new.csv", "--force"],
        ["card", "load", "retail", "sold.csv", "--activate"],
        ["card", "set", "acme", "--kind", "provider"],
        ["exchange", "set", "EUR", "0.92", "--base", "USD"],
    ):
        run(folder, *(str(folder / word) if word.endswith(".csv") else word for word in words))
    return folder


@pytest.fixture(scope="module")
def boss(place: Path) -> Iterator[Manager]:
    with managing(place) as made:
        yield made


def test_a_replay_says_what_each_call_would_have_come_to(place: Path) -> None:
    """
    Reckoned by hand: a euro is 1/0.92 dollars, and each cost and each conversion is rounded once.
    """
    said = told(place, "card", "replay", "acme", str(place / "calls.csv"), "--against", "retail")
    totals = said["totals"]
    assert {name: totals[name] for name in ("rows", "refused", "unanswered", "calls", "seconds")} == {
        "rows": 6, "refused": 1, "unanswered": 1, "calls": 4, "seconds": 168,
    }  # fmt: skip
    rows = {row["name"]: row for row in said["destinations"]}
    assert (rows["UK"]["cost_before"], rows["UK"]["cost_after"]) == ("0.00616667", "0.00678333")
    assert (rows["UK"]["margin_before"], rows["UK"]["change_percent"]) == ("0.0072391235", "10")
    assert (rows[NAMES[2]]["difference"], rows[NAMES[2]]["newly_unpriced"]) == ("-0.012", 1)
    assert rows[NAMES[2]]["margin_before"] == "-0.0011304348"
    assert rows[NAMES[2]]["margin_after"] is None
    assert (totals["newly_unpriced"], totals["newly_unpriced_cost"]) == (1, "0.012")
    assert [(loser["line"], loser["sell"], loser["buy"]) for loser in said["losers"]] == [
        (3, "0.0221014457", "0.02541667")
    ]
    assert said["refusals"] == [{"line": 7, "column": "number", "value": "nobody", "reason": "'n' is not a digit"}]
    assert (said["before"]["revision"], said["after"]["revision"], said["against"]["kind"]) == (1, 2, "customer")


def test_it_is_the_same_over_http_packed_as_a_form_and_in_two_processes(place: Path, boss: Manager) -> None:
    words = ("card", "replay", "acme", str(place / "calls.csv"), "--against", "retail")
    here = told(place, *words)
    assert told(place, *words, "--processes", "2") == here
    raw = boss.client.post("/api/ratecard/replay.json", params=ALL | {"filename": "calls.csv"}, content=CALLS)
    form = boss.client.post(
        "/api/ratecard/replay.json", data=ALL, files={"file": ("calls.csv", gzip.compress(CALLS.encode()))}
    )
    assert raw.json() == here
    assert form.json() == here


def test_a_deck_that_is_not_loaded_is_replayed_as_if_it_were(place: Path) -> None:
    words = ("card", "replay", "acme", str(place / "calls.csv"), "--against", "retail")
    loaded = told(place, *words)
    said = told(place, *words, "--deck", str(place / "new.csv"))
    assert said["after"]["deck"] == "new.csv"
    assert {**said, "after": None} == {**loaded, "after": None}


def test_a_replay_changes_nothing(place: Path, boss: Manager) -> None:
    before = boss.get("audit.json"), boss.get("revisions.json", card="acme")
    boss.client.post("/api/ratecard/replay.json", params=ALL, content=CALLS).raise_for_status()
    run(place, "card", "replay", "acme", str(place / "calls.csv"), "--deck", str(place / "new.csv"))
    assert (boss.get("audit.json"), boss.get("revisions.json", card="acme")) == before
    assert list((place / "uploads").iterdir()) == []


def test_the_page_has_a_chart_that_is_well_formed_and_obeys_no_name(place: Path, boss: Manager) -> None:
    page = boss.client.post("/api/ratecard/replay", params=ALL | {"filename": "calls.csv"}, content=CALLS)
    assert page.headers["content-type"].startswith("text/html")
    run(
        place,
        "card",
        "replay",
        "acme",
        str(place / "calls.csv"),
        "--against",
        "retail",
        "--html",
        str(place / "o.html"),
    )
    assert (place / "o.html").read_text() == page.text
    assert "<script>alert" not in page.text
    assert "http" not in page.text.replace("http-equiv", "")
    drawn = ElementTree.fromstring(page.text[page.text.index("<svg") : page.text.index("</svg>") + 6])
    widths = {
        group.findtext("title", ""): [int(bar.get("width", 0)) for bar in group.iter("rect")]
        for group in drawn.iter("g")
    }
    assert len(widths) == 3
    assert widths[f"{NAMES[1]}: 0.0305 before, 0.02541667 after"] == [390, 325]


def test_no_cell_of_its_files_is_a_formula_and_amounts_are_numbers(place: Path, boss: Manager) -> None:
    for form in ("csv", "xlsx"):
        run(place, "card", "replay", "acme", str(place / "calls.csv"), f"--{form}", str(place / f"o.{form}"))
        answer = boss.client.post(f"/api/ratecard/replay.{form}", params={"card": "acme"}, content=CALLS)
        assert answer.headers["content-disposition"] == f'attachment; filename="replay.{form}"'
        assert _cells(answer.content, form) == _cells((place / f"o.{form}").read_bytes(), form)
        header, *rows = _cells(answer.content, form)
        assert {row[0] for row in rows} == {"UK", f"'{NAMES[1]}", NAMES[2], ""}
        uk = next(row for row in rows if row[0] == "UK")
        assert float(uk[header.index("cost_before")]) == 0.00616667
        assert isinstance(uk[header.index("cost_before")], float if form == "xlsx" else str)


def _cells(content: bytes, form: str) -> list[list[Any]]:
    return sheet(content) if form == "xlsx" else list(csv.reader(io.StringIO(content.decode())))


def test_what_is_not_listed_is_in_one_row_so_that_the_rows_add_up(place: Path) -> None:
    said = told(place, "card", "replay", "acme", str(place / "calls.csv"), "--limit", "1")
    assert (len(said["destinations"]), said["total"], said["others"]["name"]) == (1, 4, "3 others")
    for what in ("calls", "seconds", "billed_before", "unpriced_after"):
        assert said["destinations"][0][what] + said["others"][what] == said["totals"][what], what


def test_on_a_terminal_it_is_a_table(place: Path) -> None:
    done = run(place, "card", "replay", "acme", str(place / "calls.csv"), "--against", "retail")
    for text in ("revision 1, each call as it was made", "cost, USD", "<script>alert(1)</script>", "lose money"):
        assert text in done.stdout
    assert "line 7, number 'nobody': 'n' is not a digit" in done.stderr


@pytest.mark.parametrize(
    ("asked", "content", "status", "says"),
    [
        ({}, CALLS, 400, "Missing Required Parameter 'card'"),
        ({"card": "acme"}, "", 400, "Missing Required Parameter 'file'"),
        ({"card": "nope"}, CALLS, 404, "no card 'nope'"),
        ({"card": "acme", "after": "9"}, CALLS, 404, "card 'acme' has no revision 9"),
        ({"card": "retail"}, CALLS, 400, "'after': cannot be left out: the latest revision, 1, is the one before too"),
        ({"card": "acme", "against": "acme"}, CALLS, 400, "'against': gives no margin: both are a provider's"),
        ({"card": "retail", "after": "1", "against": "retail"}, CALLS, 400, "neither is said to be a provider's"),
        (
            {"card": "acme"},
            "a,b\n1,2\n",
            400,
            "'file': has no column with the number of each call; its columns are a, b",
        ),
        ({"card": "acme", "at": "0", "as_dated": "1"}, CALLS, 400, "'at': is given besides 'as_dated'"),
        ({"card": "acme", "limit": "0"}, CALLS, 400, "'limit': is not a whole number from 1 to 10000"),
        ({"card": "acme", "profile": "nowhere"}, CALLS, 400, "'profile': is neither"),
        ({"card": "acme", "deck": "/etc/passwd"}, CALLS, 400, "Unknown Parameter 'deck'"),
    ],
)
def test_what_cannot_be_replayed_is_refused_by_name(
    boss: Manager, asked: dict[str, str], content: str, status: int, says: str
) -> None:
    answer = boss.client.post("/api/ratecard/replay.json", params=asked, content=content)
    assert answer.status_code == status, answer.text
    assert says in answer.json()["error"]["reason"] + answer.json()["error"].get("detail", "")


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["--after", "9"], 1, "card 'acme' has no revision 9"),
        (["--after", "1", "--deck", "new.csv"], 2, "say one of them"),
        (["--at", "soon"], 2, "--at is neither a unix time nor ISO 8601"),
        (["--at", "0", "--as-dated"], 2, "say one of them"),
        (["--deck", "calls.csv"], 2, "deck is refused"),
        (["--profile", "nowhere"], 2, "profile 'nowhere'"),
    ],
)
def test_the_command_says_what_is_wrong_with_it(place: Path, words: list[str], status: int, says: str) -> None:
    named = [str(place / word) if word.endswith(".csv") else word for word in words]
    done = run(place, "card", "replay", "acme", str(place / "calls.csv"), *named, status=status)
    assert says in " ".join(done.stderr.split())


def test_by_now_or_as_dated_or_at_an_instant(place: Path) -> None:
    """
    Of a deck whose prices start later, a call of the past meets none unless it is taken to be made then.
    """
    content = NEW.replace(b"Currency", b"Currency,Effective").replace(b"USD", b"USD,2030-01-01")
    (place / "later.csv").write_bytes(content)
    words = ("card", "replay", "acme", str(place / "calls.csv"), "--deck", str(place / "later.csv"))
    for more, rated, when in (
        ((), 2, {"at": None, "not_before": 1_893_456_000}),
        (("--as-dated",), 0, {"at": None, "not_before": None}),
        (("--at", "2029-12-31"), 0, {"at": 1_893_369_600, "not_before": None}),
        (("--at", "2031-01-01"), 2, {"at": 1_924_992_000, "not_before": None}),
    ):
        said = told(place, *words, *more)
        assert said["totals"]["rated_after"] == rated, more
        assert {name: said["after"][name] for name in when} == when
        assert said["totals"]["rated_before"] == 3, more


def test_the_worked_example_of_the_page_is_what_one_gets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = [text for kind, text in BLOCKS if kind == "csv"]
    for name, text in zip(("june.csv", "july.csv", "retail.csv", "calls.csv"), files, strict=True):
        (tmp_path / name).write_text(text)
    console, program, printed = (
        next(text for kind, text in BLOCKS if kind == k) for k in ("console", "python", "text")
    )
    for command in re.findall(r"^\$ ratedip (.*)$", console, re.MULTILINE):
        done = run(tmp_path, *command.split())
    assert done.stdout.startswith(console.rpartition("$ ")[2].partition("\n")[2])
    out = io.StringIO()
    with redirect_stdout(out):
        exec(compile(program, "replay.md", "exec"), {})  # noqa: S102 - the page's own
    assert out.getvalue() == printed


def test_every_option_and_parameter_is_on_the_page(tmp_path: Path) -> None:
    shown = run(tmp_path, "card", "replay", "--help").stdout
    for option in set(re.findall(r"--[a-z-]+", shown)) - {"--help"}:
        assert option in PAGE, option
    for parameter in REPLAY:
        assert f"`{parameter}" in PAGE, parameter
