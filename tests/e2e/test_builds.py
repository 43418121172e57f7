"""
Derived cards as a rates manager makes them: by commands on real decks, and over HTTP by a process of its own.
"""

import asyncio
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine
from starlette.requests import Request
from support.cards import NOW, sdf_rows
from support.patience import FAIL_SAFE_S, seconds_until, until
from support.people import store
from support.shell import run, told

from ratecards.money import format_units, parse_units
from ratecards.samples import SDF
from service.access.account import Account, Identity
from service.errors import ApiError
from service.http import building
from service.http.slow import Call
from service.manage import build_process, build_worker
from service.ops.reload import load_snapshot
from service.quota.meters import Meters
from service.quota.plan import Plan
from service.snapshot import Desk, Snapshot
from service.store.audit import list_changes
from service.store.catalogue import list_revisions, read_generation

PAGE = (Path(__file__).parents[2] / "docs/derived.md").read_text()
EXAMPLE = PAGE.partition("## Commands")[0]
COMMAND = re.compile(r"^\$ ratedip (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
DECK = "Prefix,Destination,Rate,First Interval,Next Interval,Currency\n"
PLAN = '{"decimals": 4, "rules": [{"prefix": "", "percent": "20"}, {"prefix": "447", "absolute": "0.005"}]}'


def deck(path: Path, *rows: str) -> Path:
    path.write_text(DECK + "".join(f"{row}\n" for row in rows))
    return path


def answers(data: Path, card: str, numbers: list[str]) -> list[str | None]:
    with store(data) as engine:
        index = load_snapshot(engine, data / "cards", Snapshot()).cards[card].index
    rules = [index.quote(number, NOW).rule for number in numbers]
    return [None if rule is None else rule.rate for rule in rules]


def test_the_commands_of_the_page_do_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in re.findall(r"`([a-z0-9-]+\.(?:csv|json))`[^`]*```(?:csv|json)\n(.*?)```", EXAMPLE, re.DOTALL):
        Path(name).write_text(content)
    done = COMMAND.findall("\n".join(re.findall(r"```console\n(.*?)```", EXAMPLE, re.DOTALL)))
    assert len(done) == 10
    for command, printed in done:
        words = command.split()
        said = run(tmp_path / "data", *words, status=1 if "made as" in printed else 0).stdout
        _, skipped, shown = printed.partition("…\n")
        assert said.endswith(shown) if skipped else said.strip() == printed.strip(), said
    assert answers(tmp_path / "data", "retail", ["4930", "4915", "4420", "4479"]) == [
        "0.015",
        "0.0168",
        "0.0066",
        "0.035",
    ]


def test_every_option_of_the_page_is_one(tmp_path: Path) -> None:
    known = run(tmp_path, "card", "build", "--help").stdout + run(tmp_path, "exchange", "set", "--help").stdout
    options = set(re.findall(r"`(--[a-z-]+)", PAGE)) | set(re.findall(r" (--[a-z-]+)", PAGE))
    assert len(options) > 12
    assert [option for option in options if option not in known] == []


def varied(path: Path) -> Path:
    """
    A second carrier's deck from the real one: other prices, every seventh code missing.
    """
    kept = [row for place, row in enumerate(sdf_rows()) if place % 7 and row["Rate"]]
    rates = [format_units(parse_units(row["Rate"]) * (60 + place % 80) // 100) for place, row in enumerate(kept)]
    rows = (f'{row["Prefix"]},"{row["Destination"]}",{rate},60,1,EUR' for row, rate in zip(kept, rates, strict=True))
    return deck(path, *rows)


def test_the_life_of_a_card_made_from_real_decks(tmp_path: Path) -> None:
    run(tmp_path, "card", "load", "sdf", str(SDF), "--currency", "USD", "--activate")
    run(tmp_path, "card", "load", "other", str(varied(tmp_path / "other.csv")), "--activate")
    assert (
        "no rate of exchange for EUR"
        in run(tmp_path, "card", "merge", "cost", "sdf", "other", "--by", "minimum", status=2).stderr
    )
    run(tmp_path, "exchange", "set", "EUR", "0.8")
    made = told(tmp_path, "card", "merge", "cost", "sdf", "other", "--by", "minimum", "--no-names", "--activate")
    assert made["rules"] < 24_000 < made["prefixes_before"]
    numbers = [row["Prefix"] + "5550123" for row in list(sdf_rows())[::40]]
    pairs = zip(answers(tmp_path, "sdf", numbers), answers(tmp_path, "other", numbers), strict=True)
    least = [
        format_units(min(parse_units(a), -(-parse_units(b) * 100 // 80) if b else parse_units(a))) if a else None
        for a, b in pairs
    ]
    assert sum(price is not None for price in least) > 600
    assert [price and price[:9] for price in answers(tmp_path, "cost", numbers)] == [p and p[:9] for p in least]
    plan = tmp_path / "plan.json"
    plan.write_text('{"decimals": 10, "rules": [{"prefix": "", "percent": "100"}]}')
    run(tmp_path, "card", "build", "retail", "cost", "--by", "minimum", "--margin", str(plan), "--activate")
    doubled = [price and format_units(2 * parse_units(price)) for price in answers(tmp_path, "cost", numbers)]
    assert answers(tmp_path, "retail", numbers) == doubled
    run(tmp_path, "exchange", "set", "EUR", "0.5")
    assert [card["card"] for card in told(tmp_path, "card", "stale", status=1)] == ["cost", "retail"]
    assert "nothing was changed" in run(tmp_path, "card", "rebuild", "--dry-run").stdout
    shown = run(tmp_path, "card", "rebuild").stdout
    assert "destinations more" in shown
    run(tmp_path, "card", "stale")
    assert answers(tmp_path, "retail", numbers) != doubled


def test_what_cannot_be_made_is_exit_two_and_one_that_failed_of_several_exit_one(tmp_path: Path) -> None:
    for name in ("a", "b"):
        run(tmp_path, "card", "load", name, str(deck(tmp_path / "deck.csv", "44,UK,0.01,1,1,USD")), "--activate")
        run(tmp_path, "card", "merge", f"of-{name}", name, "--by", "minimum", "--activate")
    plan = tmp_path / "plan.json"
    plan.write_text('{"rules": []}')
    for words, said in (
        (("merge", "c", "nobody", "--by", "minimum"), "no card 'nobody'"),
        (("merge", "c", "a", "--by", "median"), "not by 'median'"),
        (("merge", "c", "a", "--by", "minimum", "--at", "tomorrow"), "neither a unix time nor ISO 8601"),
        (("merge", "of-a", "of-a", "--by", "minimum"), "made from itself"),
        (("build", "c", "a", "--by", "minimum", "--margin", str(plan)), "no margin rule for every number"),
        (("build", "c", "a", "--by", "minimum", "--margin", "nowhere.json"), "nowhere.json"),
        (("rebuild", "a"), "card 'a' is not made from others"),
    ):
        assert said in run(tmp_path, "card", *words, status=2).stderr
    plan.write_text('{"rules": [{"prefix": "", "absolute": "-0.009"}]}')
    run(tmp_path, "card", "build", "of-b", "b", "--by", "minimum", "--margin", str(plan), "--activate")
    for name, rate in (("a", "0.011"), ("b", "0.008")):
        run(tmp_path, "card", "load", name, str(deck(tmp_path / "deck.csv", f"44,UK,{rate},1,1,USD")), "--activate")
    failed = run(tmp_path, "card", "rebuild", status=1)
    assert "would sell for -0.001" in " ".join(failed.stderr.split())
    assert "of-a revision 2 answers now" in failed.stdout


def test_a_recipe_noted_for_later_is_made_by_the_next_rebuild(tmp_path: Path) -> None:
    for name, rate in (("a", "0.01"), ("b", "0.02")):
        run(tmp_path, "card", "load", name, str(deck(tmp_path / "deck.csv", f"44,UK,{rate},1,1,USD")), "--activate")
    run(tmp_path, "card", "merge", "c", "a", "b", "--by", "minimum", "--activate")
    noted = run(tmp_path, "card", "merge", "c", "a", "b", "--by", "maximum", "--later").stdout
    assert "ratedip card rebuild c" in noted
    run(tmp_path, "card", "rebuild")
    assert answers(tmp_path, "c", ["44"]) == ["0.02"]


# Over HTTP


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    Two carriers' cards, in production and in the sandbox, where a server would find them.
    """
    for name, rate in (("a", "0.01"), ("b", "0.02"), ("test/a", "0.5")):
        run(tmp_path, "card", "load", name, str(deck(tmp_path / "deck.csv", f"44,UK,{rate},1,1,USD")), "--activate")
    monkeypatch.setenv("RATEDIP_DATA", str(tmp_path))
    return tmp_path


def call(method: str = "POST", environment: str = "live", **parameters: str) -> Call:
    meter = Meters(1).of("t", Plan())
    identity = Identity(Account(1, "acme", ""), environment, frozenset({"cards"}), meter, "k1")
    return Call(Desk(), identity, parameters, "json", Request({"type": "http", "method": method, "headers": []}))


def state(engine: Engine) -> tuple[object, ...]:
    return read_generation(engine), list_revisions(engine), [change.id for change in list_changes(engine)]


def test_cards_are_made_listed_as_stale_and_made_again_over_http(data: Path) -> None:
    asyncio.run(building.exchange(call(currency="EUR", per_base="0.92")))
    assert asyncio.run(building.exchange(call("GET")))["rates"][0]["per_base"] == "0.92"
    recipe = {"card": "cost", "parents": "a, b", "by": "maximum", "activate": "1", "note": "--json"}
    made = asyncio.run(building.merge(call(**recipe)))
    assert (made["revision"], made["active"], made["parents"]) == (1, True, {"a": 1, "b": 1})
    plan = {"card": "retail", "parents": "cost", "by": "minimum", "margin": PLAN, "activate": "true"}
    asyncio.run(building.build(call(**plan)))
    assert answers(data, "retail", ["44"]) == ["0.024"]
    assert asyncio.run(building.stale(call("GET"))) == {"stale": []}
    assert asyncio.run(building.rebuild(call())) == {"rebuilt": []}
    run(data, "card", "load", "b", str(deck(data / "deck.csv", "44,UK,0.03,1,1,USD")), "--activate")
    assert [card["card"] for card in asyncio.run(building.stale(call("GET")))["stale"]] == ["cost", "retail"]
    done = asyncio.run(building.rebuild(call()))["rebuilt"]
    assert [(card["card"], card["error"], card["made"]["revision"]) for card in done] == [
        ("cost", None, 2),
        ("retail", None, 2),
    ]
    assert answers(data, "retail", ["44"]) == ["0.036"]
    with store(data) as engine:
        assert {c.actor for c in list_changes(engine) if c.action in {"card.build", "exchange.set"}} == {"key:k1"}
        assert list_revisions(engine, "cost")[0].note == "--json"


def test_a_key_of_the_sandbox_makes_cards_of_the_sandbox_and_sees_no_other(data: Path) -> None:
    recipe = {"card": "c", "parents": "a", "by": "minimum", "activate": "1"}
    made = asyncio.run(building.merge(call(environment="test", **recipe)))
    assert (made["card"], made["source"], made["parents"]) == ("c", "minimum of a r1", {"a": 1})
    with pytest.raises(ApiError) as refused:
        asyncio.run(building.merge(call(environment="test", **recipe | {"parents": "b"})))
    assert refused.value.more["detail"] == "no card 'b'"
    with pytest.raises(ApiError, match="Unauthorized"):
        asyncio.run(building.exchange(call(environment="test", currency="EUR", per_base="1")))
    with store(data) as engine:
        assert [r.card for r in list_revisions(engine)] == ["a", "b", "test/a", "test/c"]
    run(data, "card", "load", "test/a", str(deck(data / "deck.csv", "44,UK,0.51,1,1,USD")), "--activate")
    assert asyncio.run(building.stale(call("GET"))) == {"stale": []}
    (card,) = asyncio.run(building.stale(call("GET", "test")))["stale"]
    assert (card["card"], card["reasons"]) == ("c", ["card 'a' is at revision 2, was at 1"])


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({}, "Missing Required Parameter 'card'"),
        ({"card": "c"}, "Missing Required Parameter 'parents'"),
        ({"card": "c", "parents": "a"}, "Missing Required Parameter 'by'"),
        ({"card": "--help", "parents": "a", "by": "minimum"}, "Invalid Parameter 'card'"),
        ({"card": "c", "parents": "a,test/a", "by": "minimum"}, "Invalid Parameter 'parents'"),
        ({"card": "c", "parents": "a", "by": "minimum", "dry_run": "yes"}, "Invalid Parameter 'dry_run'"),
        ({"card": "c", "parents": "a", "by": "min\0imum"}, "Invalid Parameter 'by'"),
    ],
)
def test_a_request_that_cannot_be_meant_is_refused_before_any_work(parameters: dict[str, str], said: str) -> None:
    with pytest.raises(ApiError, match=re.escape(said)) as refused:
        asyncio.run(building.merge(call(**parameters)))
    assert refused.value.status == 400


def test_what_the_work_refuses_is_a_400_that_names_it_and_changes_nothing(data: Path) -> None:
    recipe = {"card": "c", "parents": "a", "by": "minimum"}
    with store(data) as engine:
        before = state(engine)
        for work, change, said in (
            (building.merge, {"parents": "a,nobody"}, "no card 'nobody'"),
            (building.merge, {"precision": "many"}, "Invalid value for '--precision'"),
            (building.build, {"margin": "{"}, "margin plan -: "),
        ):
            with pytest.raises(ApiError) as refused:
                asyncio.run(work(call(**recipe | change)))
            assert refused.value.status == 400
            assert said in refused.value.more["detail"]
        with pytest.raises(ApiError) as refused:
            asyncio.run(building.exchange(call(currency="EUR", per_base="1e3")))
        assert (refused.value.status, state(engine)) == (400, before)


def test_work_that_dies_takes_too_long_or_is_too_much_changes_nothing(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = {"card": "c", "parents": "a", "by": "minimum", "activate": "1"}

    def refusal() -> tuple[int, bool]:
        with pytest.raises(ApiError) as refused:
            asyncio.run(building.merge(call(**recipe)))
        return refused.value.status, "retry_after" in refused.value.more

    with store(data) as engine:
        before = state(engine)
        monkeypatch.setattr(build_process, "LIMIT_S", 0.1)
        assert refusal() == (503, True)
        monkeypatch.setattr(build_process, "LIMIT_S", 30.0)
        monkeypatch.setattr(build_process, "AT_ONCE", 0)
        assert refusal() == (503, True)
        monkeypatch.setattr(build_process, "AT_ONCE", 2)
        monkeypatch.setattr(build_process, "_COMMAND", (sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"))
        assert refusal() == (500, False)
        assert state(engine) == before


def test_work_that_nobody_waits_for_any_more_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    began = tmp_path / "began"
    program = f"import os, pathlib, time; pathlib.Path({str(began)!r}).write_text(str(os.getpid())); time.sleep(60)"
    monkeypatch.setattr(build_process, "_COMMAND", (sys.executable, "-c", program))

    async def leave() -> None:
        asked = asyncio.create_task(building.merge(call(card="c", parents="a", by="minimum")))
        await until(lambda: began.exists() and began.read_text())
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked

    asyncio.run(leave())
    seconds_until(lambda: not Path(f"/proc/{began.read_text()}").exists())


def test_work_that_nobody_waits_for_before_it_begins_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    started, left = threading.Event(), threading.Event()
    processes = []

    class Slow(subprocess.Popen):
        def __init__(self, *words: object, **options: object) -> None:
            super().__init__(*words, **options)
            processes.append(self)
            started.set()
            assert left.wait(FAIL_SAFE_S)

    async def leave() -> None:
        asked = asyncio.create_task(building.merge(call(card="c", parents="a", by="minimum")))
        await until(started.is_set)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        left.set()

    monkeypatch.setattr(build_process, "_COMMAND", (sys.executable, "-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(subprocess, "Popen", Slow)
    asyncio.run(leave())
    seconds_until(lambda: processes[0].poll() is not None, 30)


def test_a_store_that_cannot_be_used_is_a_503(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ratedip.db").write_bytes(b"this is no database, whatever it is called")
    monkeypatch.setenv("RATEDIP_DATA", str(tmp_path))
    for work in (building.merge, building.stale):
        with pytest.raises(ApiError) as refused:
            asyncio.run(work(call(card="c", parents="a", by="minimum")))
        assert refused.value.status == 503


def test_the_commands_are_there_for_the_process_that_does_the_work() -> None:
    command = [sys.executable, "-m", "service.cli.builds", "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for name in ("merge", "build", "stale", "rebuild", "exchange"):
        assert name in said


def test_a_card_made_automatic_follows_its_parents_without_anybody_asking(data: Path) -> None:
    run(data, "card", "merge", "best", "a", "b", "--by", "minimum", "--activate", "--automatic")
    assert asyncio.run(build_worker.look()) is False
    with store(data) as engine:
        run(data, "card", "load", "a", str(deck(data / "a.csv", "44,UK,0.015,1,1,USD")), "--activate", "--force")
        assert asyncio.run(build_worker.look()) is True
        (answers,) = [revision for revision in list_revisions(engine, "best") if revision.active]
        card = load_snapshot(engine, data / "cards", Snapshot()).cards["best"]
    assert (answers.number, card.index.quote("44", NOW).rate_units) == (2, parse_units("0.015"))
    assert asyncio.run(build_worker.look()) is False


def test_a_card_that_another_is_made_from_is_not_deleted(data: Path) -> None:
    run(data, "card", "merge", "best", "a", "b", "--by", "minimum")
    run(data, "card", "archive", "a")
    refused = run(data, "card", "delete", "a", "--yes", status=1)
    assert "card 'best' is made from card 'a'" in " ".join(refused.output.split())
