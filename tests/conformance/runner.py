"""
Ask any engine the questions of vectors/lcr.json over HTTP, and compare.

    python tests/conformance/runner.py --base-url http://127.0.0.1:8080 --header 'Authorization: Bearer ...'

The cards of the vectors must be there. Load them yourself, or say how, once a card and once a set of carriers:

    --load 'ratedip card load {name} {file} --currency {currency} --activate'     file: the deck, as CSV
    --behind 'some-command {name} {file}'              file: the carriers behind a customer's card, as JSON

An engine is asked GET {base-url}/api/{service}.json with the parameters of each case. One whose interface is another
needs a small translating server in front. Only the standard library is used.

Prints a line a case. Ends with 0 if all agree, 1 if one does not, 2 if cards could not be loaded or nobody answers.
"""

import argparse
import csv
import io
import json
import shlex
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).parent / "vectors" / "lcr.json"
TIMEOUT_S = 30
COLUMNS = {
    "Prefix": "prefix",
    "Destination": "name",
    "Rate": "rate",
    "Connect Fee": "connect_fee",
    "First Interval": "mcd",
    "Next Interval": "pulse",
    "Effective Date": "effective",
    "Expiry Date": "expires",
    "Status": "status",
    "Interstate": "interstate",
    "Intrastate": "intrastate",
    "Indeterminate": "indeterminate",
}
DEFAULTS = {"connect_fee": "0", "mcd": 1, "pulse": 1, "status": "active"}

Ask = Callable[[dict[str, Any]], tuple[int, Any]]


def deck(card: dict[str, Any]) -> str:
    """
    A card of the vectors as the CSV a carrier would send, with the columns its rules use.
    """
    rules = [DEFAULTS | rule for rule in card["rules"]]
    used = {header: name for header, name in COLUMNS.items() if any(name in rule for rule in rules)}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(used)
    writer.writerows([_cell(name, rule.get(name, "")) for name in used.values()] for rule in rules)
    return text.getvalue()


def _cell(name: str, value: object) -> str:
    if name in {"effective", "expires"} and isinstance(value, int):
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S}"
    return str(value)


def differences(expected: Any, got: Any, where: str = "") -> Iterator[str]:
    """
    What is not as expected; what is not named may be anything, lists are compared in order and length.
    """
    if isinstance(expected, dict) and isinstance(got, dict):
        for key, value in expected.items():
            place = f"{where}.{key}".lstrip(".")
            if key in got:
                yield from differences(value, got[key], place)
            else:
                yield f"{place} is missing"
    elif isinstance(expected, list) and isinstance(got, list):
        if len(expected) != len(got):
            yield f"{where} has {len(got)} entries, not {len(expected)}"
        for place, (one, other) in enumerate(zip(expected, got, strict=False)):
            yield from differences(one, other, f"{where}[{place}]")
    elif (expected, type(expected)) != (got, type(got)):
        yield f"{where} is {json.dumps(got)}, not {json.dumps(expected)}"


def check(case: dict[str, Any], ask: Ask) -> list[str]:
    """
    Ask one case.
    """
    status, body = ask(case)
    expected = case["expect"]
    if status != expected["status"]:
        return [f"status is {status}, not {expected['status']}: {json.dumps(body)[:200]}"]
    return list(differences(expected["body"], body))


def over_http(base_url: str, headers: dict[str, str]) -> Ask:
    """
    Ask a server.
    """

    def ask(case: dict[str, Any]) -> tuple[int, Any]:
        url = f"{base_url.rstrip('/')}/api/{case['service']}.json?{urllib.parse.urlencode(case['query'])}"
        request = urllib.request.Request(url, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, _json_or_text(error.read())

    return ask


def _json_or_text(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def load(vectors: dict[str, Any], card_command: str | None, set_command: str | None) -> None:
    """
    Hand every card, then every set of carriers, to a command.

    Raises:
        CalledProcessError: it ended with anything but 0.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, card in vectors["cards"].items() if card_command else ():
            _hand_over(str(card_command), Path(folder) / f"{name}.csv", deck(card), name, card["currency"])
        for one in vectors["sets"] if set_command else ():
            _hand_over(str(set_command), Path(folder) / f"{one['card']}.json", json.dumps(one), one["card"], "")


def _hand_over(command: str, file: Path, content: str, name: str, currency: str) -> None:
    file.write_text(content, encoding="utf-8")
    words = [word.format(name=name, file=file, currency=currency) for word in shlex.split(command)]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def report(cases: list[dict[str, Any]], ask: Ask) -> int:
    """
    Ask all, print a line each; how many do not agree.
    """
    wrong = 0
    for case in cases:
        found = check(case, ask)
        wrong += bool(found)
        print("FAIL" if found else "ok  ", f"{case['service']:5}", case["name"])  # noqa: T201
        for line in found:
            print("           ", line)  # noqa: T201
    print(f"{len(cases) - wrong} of {len(cases)} agree")  # noqa: T201
    return wrong


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Ask an engine what the vectors ask, and compare.")
    parser.add_argument("--base-url", required=True, help="such as http://127.0.0.1:8080")
    parser.add_argument("--header", action="append", default=[], help="'Name: value', sent with every question")
    parser.add_argument("--vectors", type=Path, default=VECTORS)
    parser.add_argument("--load", help="command for each card: {name} {file} {currency}")
    parser.add_argument("--behind", help="command for each set of carriers: {name} {file}")
    parser.add_argument("--service", help="only cases of this one: rate or lcr")
    return parser


def main(words: list[str] | None = None) -> int:
    """
    The command line; the exit code.
    """
    given = arguments().parse_args(words)
    vectors = json.loads(given.vectors.read_text(encoding="utf-8"))
    headers = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in given.header)}
    cases = [case for case in vectors["cases"] if given.service in {None, case["service"]}]
    try:
        load(vectors, given.load, given.behind)
        return 1 if report(cases, over_http(given.base_url, headers)) else 0
    except (subprocess.CalledProcessError, OSError) as error:
        print(f"stopped: {error}", file=sys.stderr)  # noqa: T201
        return 2


if __name__ == "__main__":
    sys.exit(main())
