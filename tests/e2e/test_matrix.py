"""
Who gets in where: every route there is, asked by everybody there is, as the table of routes says.

A route that is missing from the table fails here, because the application's own list of routes is held against it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.cards import RETAIL, install
from support.patience import seconds_until
from support.people import account, bearer, key
from support.server import Server, serve

from service.access.account import SCOPES
from service.http.app import make_app
from service.http.routes import Entry, table
from service.snapshot import Desk

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")
CLOSED = {"own": 403, "disabled": 403, "nobody": 401, "wrong": 401}


@dataclass(frozen=True)
class Asker:
    """
    Attributes:
        header: credential shown; empty: none.
        scopes: what it is for; None: it is no good at all.
        refusal: what it gets where it may not.
    """

    header: str
    scopes: frozenset[str] | None
    refusal: int

    def may(self, entry: Entry) -> bool:
        if entry.scope is None:
            return True
        if self.scopes is None:
            return False
        return not entry.scope or entry.scope in self.scopes or "admin" in self.scopes


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, dict[str, Asker]]]:
    data = tmp_path_factory.mktemp("matrix")
    install(data, "retail", RETAIL)
    install(data, "test/retail", RETAIL)
    with serve(data, ready=True) as server:
        yield server, _askers(data)


def _askers(data: Path) -> dict[str, Asker]:
    askers = {
        "nobody": Asker("", None, CLOSED["nobody"]),
        "wrong": Asker("Authorization: Bearer x", None, CLOSED["wrong"]),
    }
    for environment in ("live", "test"):
        for scope in SCOPES:
            name = f"{scope}-{environment}"
            account(data, name)
            text = key(data, name, scope, environment=environment)
            askers[name] = Asker(bearer(text), frozenset({scope}), CLOSED["own"])
    account(data, "disabled", disabled=True)
    askers["disabled"] = Asker(bearer(key(data, "disabled", *SCOPES)), None, CLOSED["disabled"])
    return askers


def ask(server: Server, method: str, path: str, header: str) -> int:
    fields = ["Host: t", *([header] if header else []), "Content-Length: 0", "Connection: close"]
    answer = server.ask("\r\n".join((f"{method} {path} HTTP/1.1", *fields, "", "")).encode())
    return int(answer[9:12])


@pytest.mark.parametrize("entry", table(), ids=lambda entry: entry.path)
def test_each_may_what_the_table_says_and_nothing_else(asked: tuple[Server, dict[str, Asker]], entry: Entry) -> None:
    server, askers = asked
    path = f"{entry.path}.json" if entry.path.startswith("/api/") else entry.path
    method = "GET" if "GET" in entry.methods else entry.methods[0]
    for name, asker in askers.items():
        if asker.refusal != CLOSED["nobody"]:  # a key just made holds a second later at most
            seconds_until(lambda shown=asker.header: ask(server, method, path, shown) != 401)
        status = ask(server, method, path, asker.header)
        if asker.may(entry):
            assert status not in {401, 403} or entry.path == "/oauth2/token", (name, status)
        else:
            assert status == asker.refusal, (name, status)
        assert status < 500, name


@pytest.mark.parametrize("entry", table(), ids=lambda entry: entry.path)
def test_a_method_that_the_table_does_not_have_is_refused_with_those_it_has(
    asked: tuple[Server, dict[str, Asker]], entry: Entry
) -> None:
    server, askers = asked
    path = f"{entry.path}.json" if entry.path.startswith("/api/") else entry.path
    for method in METHODS:
        if method in entry.methods:
            continue
        fields = ["Host: t", askers["admin-live"].header, "Content-Length: 0", "Connection: close"]
        answer = server.ask("\r\n".join((f"{method} {path} HTTP/1.1", *fields, "", "")).encode())
        assert answer.startswith(b"HTTP/1.1 405"), method
        allowed = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"allow:"))
        assert {m.strip().decode().upper() for m in allowed[6:].split(b",")} == set(entry.methods), method


def test_no_route_is_missing_from_the_table() -> None:
    paths = {entry.path for entry in table() if not entry.path.startswith("/api/")}
    mounted = {route.path for route in make_app(Desk()).routes}
    assert mounted == paths | {"/api/{path:path}"}
