"""
Accounts, keys and the audit, as an operator meets them at the command line.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from support.cards import RETAIL, install
from support.corpus import get
from support.patience import seconds_until
from support.people import account, bearer, key
from support.server import Server, read_responses, serve
from support.shell import run, told

from service.quota.plan import Limits, Plan

ASK = "/api/rate.json?number=441132456789"
ROOT = Path(__file__).parents[2]


class Shell:
    """
    Commands on one data directory.
    """

    def __init__(self, data: Path) -> None:
        self.data = data

    def run(self, *words: str, status: int = 0) -> Result:
        return run(self.data, *words, status=status)

    def json(self, *words: str) -> Any:
        return told(self.data, *words)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_a_life_of_an_account(shell: Shell) -> None:
    made = shell.json("account", "add", "acme", "--card", "retail", "--rps", "100", "--daily", "1_000_000")
    assert made["plan"] == {"per_second": 100, "burst": 100, "per_day": 1_000_000}
    changed = shell.json("account", "set", "acme", "--rps", "200", "--daily", "none", "--cards", "gold, silver")
    assert changed["plan"] == {"per_second": 200, "burst": 200}
    assert changed["cards"] == ["gold", "silver"]
    assert shell.json("account", "set", "acme", "--cards", "all", "--dry-run")["cards"] == "all"
    assert shell.json("account", "set", "acme", "--enforce")["dry_run"] is False
    assert shell.json("account", "disable", "acme")["disabled"] is True
    assert shell.json("account", "enable", "acme")["disabled"] is False
    assert [a["name"] for a in shell.json("account", "list")] == ["acme"]
    assert {c["action"] for c in shell.json("audit", "account acme")} == {"account.add", "account.set"}


def test_the_limits_of_one_service_are_set_and_lifted(shell: Shell) -> None:
    made = shell.json("account", "add", "acme", "--service", "rate:rps=10,daily=1000", "--service", "lcr:rps=5,burst=9")
    assert made["services"] == {
        "rate": {"per_second": 10, "burst": 10, "per_day": 1000},
        "lcr": {"per_second": 5, "burst": 9},
    }
    assert shell.json("account", "set", "acme", "--service", "rate:")["services"] == {
        "lcr": {"per_second": 5, "burst": 9}
    }


def test_a_key_is_shown_once_alone_on_standard_output(shell: Shell) -> None:
    """
    Of a process of its own, where nothing else may get in between.
    """
    shell.run("account", "add", "acme")
    command = [Path(sys.executable).with_name("ratedip"), "key", "new", "acme", "--label", "switch 1"]
    done = subprocess.run(
        [*command, "--scope", "lookup", "--scope", "cards"],
        env={"RATEDIP_DATA": str(shell.data), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.fullmatch(r"rd_live_[0-9A-Za-z]{10}_[0-9A-Za-z]{38}\n", done.stdout)
    assert "not shown again" in done.stderr
    secret = done.stdout.strip().rsplit("_", 1)[1]
    (held,) = shell.json("key", "list", "acme")
    assert (held["label"], held["scopes"], held["holds"]) == ("switch 1", ["cards", "lookup"], True)
    everything = [shell.run(*words).stdout for words in (["key", "list"], ["account", "show", "acme"], ["audit"])]
    assert secret not in "".join(everything)
    assert secret.encode() not in b"".join(file.read_bytes() for file in shell.data.rglob("*") if file.is_file())
    assert shell.json("key", "revoke", done.stdout.strip())["revoked"] is True
    assert shell.json("key", "list", "acme")[0]["holds"] is False


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["account", "add", "Acme"], "'Acme' is not an account name"),
        (["account", "add", "acme"], "there is an account 'acme' already"),
        (["account", "add", "b", "--rps", "ten"], "rps is 'ten', should be a whole number or 'none'"),
        (
            ["account", "add", "b", "--rps", "10", "--burst", "5"],
            "the burst is 5, should be at least the 10 of a second",
        ),
        (["account", "add", "b", "--network", "192.0.2.1/24"], "'192.0.2.1/24' is not a network"),
        (["account", "add", "c", "--service", "rate:rps"], "rps is '', should be a whole number"),
        (["account", "add", "b2", "--profile", "nowhere"], "profile 'nowhere'"),
        (["account", "set", "nobody", "--rps", "1"], "no account 'nobody'"),
        (["key", "new", "nobody"], "no account 'nobody'"),
        (["key", "new", "acme", "--scope", "all"], "no scope 'all'; there are lookup, cards"),
    ],
)
def test_what_cannot_be_done_says_what_is_wrong_and_changes_nothing(shell: Shell, words: list[str], says: str) -> None:
    shell.run("account", "add", "acme")
    before = shell.json("audit")
    assert says in " ".join(shell.run(*words, status=2).stderr.split())
    assert shell.json("audit") == before


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Shell]]:
    """
    A server with one card, and commands on its data directory.
    """
    data = tmp_path_factory.mktemp("people")
    install(data, "retail", RETAIL)
    with serve(data) as server:
        yield server, Shell(data)


def holds(server: Server, header: str, target: str = ASK) -> bool:
    """
    A key just made does so a second later at most.
    """
    return server.ask(get(target, header)).startswith(b"HTTP/1.1 200")


def test_an_account_s_numbers_are_read_as_its_switch_dials_them(served: tuple[Server, Shell]) -> None:
    server, shell = served
    shell.run("account", "add", "leeds", "--card", "retail", "--profile", "uk")
    header = bearer(shell.run("key", "new", "leeds").stdout.strip())
    seconds_until(lambda: holds(server, header))
    with server.connect() as client:
        for dialled in ("01132456789", "0044 113 245 6789".replace(" ", ""), "01132456789"):
            client.sendall(get(f"/api/rate.json?number={dialled}", header))
            assert b'{"number":"441132456789",' in read_responses(client), dialled


def test_under_a_fifth_of_a_limit_the_answer_says_how_much_is_left(served: tuple[Server, Shell]) -> None:
    server, shell = served
    account(shell.data, "daily", Plan(Limits(per_day=100)), card="retail")
    header = bearer(key(shell.data, "daily"))
    answers = []
    with server.connect() as client:
        while len(answers) < 101:
            client.sendall(get(ASK, header))
            answer = read_responses(client)
            if not answer.startswith(b"HTTP/1.1 401"):  # until the key holds
                answers.append(answer)
    told = [i for i, answer in enumerate(answers) if b"ratelimit:" in answer]
    assert told == list(range(80, 101))
    assert b'ratelimit-policy: "day";q=100;w=86400\r\n' in answers[90]
    assert re.search(rb'ratelimit: "day";r=9;t=\d+\r\n', answers[90])
    assert answers[100].startswith(b"HTTP/1.1 429")
    assert 0 < int(re.findall(rb"retry-after: (\d+)", answers[100])[0]) <= 86_400
    assert b'"reason":"Rate Limiting Applied. 100 requests per day exceeded."' in answers[100]


def test_the_page_on_accounts_says_what_the_commands_do(served: tuple[Server, Shell]) -> None:
    """
    Its first example is run as it stands, but for the key.
    """
    server, shell = served
    page = (ROOT / "docs/accounts.md").read_text()
    commands = [line.removeprefix("$ ratedip ").split() for line in page.splitlines() if line.startswith("$ ratedip ")]
    assert len(commands) == 2
    keys = [shell.run(*words).stdout.strip() for words in commands]
    seconds_until(lambda: holds(server, bearer(keys[-1]), "/api/rate.json?number=%2B441132456789"))
    for command in re.findall(r"^\| `((?:account|key|audit)[^`]*)`", page, re.MULTILINE):
        group = command.split()[:2] if command.startswith(("account", "key")) else ["audit"]
        shell.run(*group, "--help")


def test_as_many_slow_requests_run_at_one_time_as_the_plan_has(served: tuple[Server, Shell]) -> None:
    """
    Two decks that come in slowly, and a third question meanwhile; look-ups go on.
    """
    server, shell = served
    account(shell.data, "busy", Plan(Limits(concurrent=2)))
    header = bearer(key(shell.data, "busy", "lookup", "cards"))
    line = "POST /api/ratecard/upload.json?card=new&filename=d.csv HTTP/1.1"
    start = f"{line}\r\nHost: t\r\n{header}\r\nContent-Length: 100\r\n\r\n"
    seconds_until(lambda: holds(server, header, "/api/account.json"))
    with server.connect() as one, server.connect() as other:
        for slow in (one, other):
            slow.sendall(start.encode() + b"Prefix,Rate\n")
        seconds_until(lambda: server.ask(get("/api/account.json", header)).startswith(b"HTTP/1.1 429"))
        refused = server.ask(get("/api/account.json", header))
        assert holds(server, header, f"{ASK}&card=retail")
        other.close()
        seconds_until(lambda: holds(server, header, "/api/account.json"))
    assert b'"reason":"Rate Limiting Applied. 2 active requests are already in progress."' in refused
    assert b"retry-after: 1\r\n" in refused
