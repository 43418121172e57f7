"""
The document of the interface says of every route what the service itself checks.
"""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import schemathesis

from service.http.answered import ASKED
from service.http.described import PARAMETERS, describe
from service.http.described_routes import ROUTES
from service.http.openapi import Offered, address, offered, openapi
from service.http.pages import PAGES, _changelog, _docs
from service.http.routes import table

WAYS = {"key", "account", "token"}
OFFERED = list(offered())
each_route = pytest.mark.parametrize("one", OFFERED, ids=[one.path for one in OFFERED])


def names_in(operation: dict[str, Any]) -> set[str]:
    """
    Parameters that an operation says it takes, wherever they stand.
    """
    names = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
    for content in operation.get("requestBody", {}).get("content", {}).values():
        names |= set(content.get("schema", {}).get("properties", {}))
    return names


def test_the_document_is_one_of_openapi_3_1() -> None:
    assert openapi()["openapi"].startswith("3.1.")
    schemathesis.openapi.from_dict(json.loads(json.dumps(openapi()))).validate()


@each_route
def test_a_route_and_each_of_its_parameters_is_described(one: Offered) -> None:
    assert one.path in ROUTES, f"say in service/http/described_routes.py what {one.path} does"
    for name in one.known:
        said = describe(one.name, name).says
        assert said, f"say in service/http/described.py what '{name}' of {one.path} is"


def test_nothing_is_described_that_is_not_there() -> None:
    assert set(ROUTES) == {entry.path for entry in table()}
    known = {name for one in OFFERED for name in one.known}
    own = {f"{one.name}:{name}" for one in OFFERED for name in one.known}
    assert {name for name in PARAMETERS if name not in known | own} == set()
    assert all(set(ROUTES[one.path].needed) <= one.known for one in OFFERED)


@each_route
def test_a_route_has_its_methods_formats_and_parameters(one: Offered) -> None:
    path = openapi()["paths"][address(one)]
    assert {method.upper() for method in path} == set(one.methods) - {"HEAD"}
    own = set(ASKED.get(one.path, {}).get("properties", {}))
    assert set.union(*map(names_in, path.values())) - own == one.known - {"Auth"}
    for operation in path.values():
        forms = [p["schema"]["enum"] for p in operation.get("parameters", []) if p["name"] == "format"]
        assert forms == ([list(one.formats)] if len(one.formats) > 1 else [])


@each_route
def test_a_route_says_which_scope_it_wants(one: Offered) -> None:
    for operation in openapi()["paths"][address(one)].values():
        schemes = operation.get("security", [])
        assert {name for scheme in schemes for name in scheme} == (set() if one.scope is None else WAYS)
        assert all(scopes == ([one.scope] if one.scope else []) for scheme in schemes for scopes in scheme.values())


def test_a_500_is_nobody_s_answer() -> None:
    for path in openapi()["paths"].values():
        assert all(code < "500" or code == "503" for operation in path.values() for code in operation["responses"])


class Outside(HTMLParser):
    """
    What a page has a browser fetch.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """
        Note addresses that are fetched, not those that are only linked to.
        """
        told = dict(attrs)
        self.fetched += [told[name] or "" for name in ("src", "href") if name in told and tag != "a"]
        self.ids.add(told.get("id") or "")
        assert tag != "script"


def test_the_page_shows_every_operation_and_fetches_nothing() -> None:
    page = Outside()
    page.feed(_docs().decode())
    assert page.fetched == []
    assert b"url(" not in _docs() + _changelog()
    assert b"`" not in _docs().partition(b'id="answers"')[0], "what is code is shown as code"
    operations = [operation for path in openapi()["paths"].values() for operation in path.values()]
    assert {operation["operationId"] for operation in operations} <= page.ids
    assert len({operation["operationId"] for operation in operations}) == len(operations)


def test_the_changelog_is_the_one_of_the_project() -> None:
    root = Path(__file__).parents[3]
    packed = root / "service/render/templates/CHANGELOG.md"
    assert packed.read_bytes() == (root / "CHANGELOG.md").read_bytes()
    assert b"<h2>[Unreleased]</h2>" in _changelog()
    assert set(PAGES) <= {entry.path for entry in table()}
