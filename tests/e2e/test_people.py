"""
Accounts, keys and the audit, as an operator meets them at the command line.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.cards import RETAIL, install
from support.corpus import get
from support.load import wait_until
from support.people import account, bearer, key
from support.server import read_responses, serve

from service.quota.plan import Limits, Plan

ASK = "/api/rate.json?number=441132456789"
ROOT = Path(__file__).parents[2]


class Shell:
    def __init__(self, data: Path) -> None:
        self.data = data

    def run(self, *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        program = Path(sys.executable).with_name("ratedip")
        environment = {"RATEDIP_DATA": str(self.data), "PATH": "/usr/bin:/bin", "COLUMNS": "200"}
        done = subprocess.run([program, *words], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == status, (words, done.stdout, done.stderr)
        return done

    def json(self, *words: str) -> object:
        return json.loads(self.run(*words, "--json").stdout)


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
    shell.run("account", "add", "acme")
    done = shell.run("key", "new", "acme", "--label", "switch 1", "--scope", "lookup", "--scope", "cards")
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


def test_an_account_s_numbers_are_read_as_its_switch_dials_them(tmp_path: Path, shell: Shell) -> None:
    install(tmp_path, "retail", RETAIL)
    shell.run("account", "add", "leeds", "--card", "retail", "--profile", "uk")
    header = bearer(shell.run("key", "new", "leeds").stdout.strip())
    with serve(tmp_path) as server, server.connect() as client:
        for dialled in ("01132456789", "0044 113 245 6789".replace(" ", ""), "01132456789"):
            client.sendall(get(f"/api/rate.json?number={dialled}", header))
            assert b'{"number":"441132456789",' in read_responses(client), dialled


def test_under_a_fifth_of_a_limit_the_answer_says_how_much_is_left(tmp_path: Path) -> None:
    install(tmp_path, "retail", RETAIL)
    account(tmp_path, "acme", Plan(Limits(per_day=100)), card="retail")
    header = bearer(key(tmp_path, "acme"))
    with serve(tmp_path) as server, server.connect() as client:
        answers = []
        for _ in range(101):
            client.sendall(get(ASK, header))
            answers.append(read_responses(client))
    told = [i for i, answer in enumerate(answers) if b"ratelimit:" in answer]
    assert told == list(range(80, 101))
    assert b'ratelimit-policy: "day";q=100;w=86400\r\n' in answers[90]
    assert re.search(rb'ratelimit: "day";r=9;t=\d+\r\n', answers[90])
    assert answers[100].startswith(b"HTTP/1.1 429")
    assert 0 < int(re.findall(rb"retry-after: (\d+)", answers[100])[0]) <= 86_400
    assert b'"reason":"Rate Limiting Applied. 100 requests per day exceeded."' in answers[100]


def test_the_page_on_accounts_says_what_the_commands_do(tmp_path: Path, shell: Shell) -> None:
    """
    Its first example is run as it stands, but for the key.
    """
    page = (ROOT / "docs/accounts.md").read_text()
    commands = [line.removeprefix("$ ratedip ").split() for line in page.splitlines() if line.startswith("$ ratedip ")]
    assert len(commands) == 2
    install(tmp_path, "retail", RETAIL)
    keys = [shell.run(*words).stdout.strip() for words in commands]
    with serve(tmp_path) as server:
        assert server.ask(get("/api/rate.json?number=%2B441132456789", bearer(keys[-1]))).startswith(b"HTTP/1.1 200")
    for command in re.findall(r"^\| `((?:account|key|audit)[^`]*)`", page, re.MULTILINE):
        group = command.split()[:2] if command.startswith(("account", "key")) else ["audit"]
        shell.run(*group, "--help")


def test_as_many_slow_requests_run_at_one_time_as_the_plan_has(tmp_path: Path) -> None:
    """
    Two decks that come in slowly, and a third question meanwhile; look-ups go on.
    """
    install(tmp_path, "retail", RETAIL)
    account(tmp_path, "acme", Plan(Limits(concurrent=2)))
    header = bearer(key(tmp_path, "acme", "lookup", "cards"))
    line = "POST /api/ratecard/upload.json?card=new&filename=d.csv HTTP/1.1"
    start = f"{line}\r\nHost: t\r\n{header}\r\nContent-Length: 100\r\n\r\n"
    with serve(tmp_path) as server, server.connect() as one, server.connect() as other:
        for slow in (one, other):
            slow.sendall(start.encode() + b"Prefix,Rate\n")
        wait_until(lambda: server.ask(get("/api/account.json", header)).startswith(b"HTTP/1.1 429"))
        refused = server.ask(get("/api/account.json", header))
        assert server.ask(get(f"{ASK}&card=retail", header)).startswith(b"HTTP/1.1 200")
        other.close()
        wait_until(lambda: server.ask(get("/api/account.json", header)).startswith(b"HTTP/1.1 200"))
    assert b'"reason":"Rate Limiting Applied. 2 active requests are already in progress."' in refused
    assert b"retry-after: 1\r\n" in refused
