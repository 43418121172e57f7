"""
Whatever is asked of the interface, the answer is one that its document has: never a 500, never off its schema.

Requests are made by Schemathesis from the document that the server itself gives, of values it allows and of others, and
sent with keys of every scope and with none.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from support.cards import RETAIL, install
from support.examples import PART
from support.partners import install_partners
from support.patience import FAIL_SAFE_S
from support.people import account, key
from support.routes import install_carriers
from support.server import Server, serve

from service.access.account import SCOPES
from service.http.described_routes import ONLY, ROUTES
from service.http.limits import MAX_HEADERS, MAX_URL
from service.http.openapi import Offered, address, offered, openapi

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPERATIONS = [(path, method) for path, methods in openapi()["paths"].items() for method in methods]
BODIES = {"application/json", "application/x-www-form-urlencoded"}
QUICK, MANY = 5, 100
"""Requests to each operation, some of them of values the document does not allow: in make test, in make faults."""
SLOW = {"/api/ratecard/upload.{format}", "/api/ratecard/replay.{format}", "/api/sets/load.{format}"}
"""Where a good request starts a process."""
SENSE: dict[str, tuple[str, ...]] = {
    "number": ("441132456789", "+44 113 245 6789", "441132456789,14128255115", "49301234567"),
    "card": ("retail", "carrier-a", "carrier-b"),
    "duration": ("37", "0", "3600.5"),
    "at": ("1800000000", "2027-03-04T05:06:07Z"),
    "cli": ("441132456780", "anonymous"),
    "strategy": ("cost", "margin", "priority"),
    "explain": ("1", "0"),
    "type": ("asrplus,range", "tps", "hlr,lrn,ping"),
    "revision": ("1", "2"),
    "name": ("UK",),
    "from": ("1",),
    "to": ("1", "1800000000"),
    "parents": ("carrier-a,carrier-b",),
    "kind": ("provider", "customer"),
    "currency": ("EUR", "USD"),
    "per_base": ("0.92",),
    "carriers": ("carrier-a,carrier-b",),
    "window": ("1h", "5m"),
    "page": ("1", "2"),
    "dry_run": ("1",),
    "CompanyID": ("21090", "14146"),
    "IMEI": ("014497002384313,014497002384669",),
    "ForWho": ("Company", "Region"),
    "LocationType": ("Location", "Region"),
    "Response": ("Default", "JsonDataTable", "XmlDataTable", "CSV", "Excel"),
    "grant_type": ("client_credentials",),
}
"""Values with which a question is answered, not refused."""


def with_sense(case: Any, chosen: dict[str, str], form: str) -> None:
    """
    Keep those parameters of a request of which a sensible value is known, and give them that.
    """
    case.query = {name: chosen[name] for name in case.query or {} if name in chosen}
    if isinstance(case.body, dict) and case.media_type in BODIES:
        case.body = {name: chosen[name] for name in case.body if name in chosen}
    if "format" in (case.path_parameters or {}):
        case.path_parameters = {"format": form}


@pytest.fixture(scope="module")
def keys() -> dict[str, str]:
    return {}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, keys: dict[str, str]) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("interface")
    install(data, "retail", RETAIL)
    install(data, "test/retail", RETAIL)
    install_carriers(data)
    install_partners(data)
    keys |= {scope: key(data, _account(data, scope), scope) for scope in SCOPES}
    account(data, "tried", card="retail")
    keys["tried"] = key(data, "tried", *SCOPES, environment="test")
    with serve(data) as server:
        yield server


def _account(data: Path, scope: str) -> str:
    """
    One that may see companies for reports, a new one for others.
    """
    if scope == "partner":
        return "partner"
    account(data, f"for-{scope}", card="retail", cards=frozenset({"carrier-a", "carrier-b"}))
    return f"for-{scope}"


@pytest.fixture(scope="module")
def schema(server: Server) -> Any:
    document = httpx.get(f"{server.url}/openapi.json", timeout=FAIL_SAFE_S)
    assert document.json() == openapi()
    found = schemathesis.openapi.from_dict(document.json())
    found.config.generation.update(with_security_parameters=False)
    found.config.update(base_url=server.url)
    return found


NUMBER = "441132456789"
SWITCH = {"version": "1", "call_id": "c", "from": "sip:441132456780@a.example", "to": NUMBER, "dialed_number": NUMBER}
GOOD: list[tuple[str, str, dict[str, str]]] = [
    ("/api/rate.json", "lookup", {"number": NUMBER}),
    ("/api/rate.json", "lookup", {"number": NUMBER, "duration": "37", "cli": "441132456780"}),
    ("/api/lcr.json", "lookup", {"number": NUMBER, "explain": "1"}),
    ("/api/asrplus.json", "lookup", {"number": "441132456789,441132456780"}),
    ("/api/range.json", "lookup", {"number": NUMBER}),
    ("/api/lookup/smart.json", "lookup", {"number": f"{NUMBER},12125550100", "type": "asrplus,range,tps,ping"}),
    ("/api/account.json", "lookup", {}),
    ("/api/ratecard/list.json", "cards", {}),
    ("/api/ratecard/revisions.json", "cards", {"card": "retail"}),
    ("/partner/relationships", "partner", {}),
    ("/partner/relationships", "partner", {"Response": "JsonDataTable"}),
    ("/partner/relationships/dealers", "partner", {}),
    ("/partner/ingrammicro/imei", "partner", {"CompanyID": "21090", "IMEI": "014497002384313,014497002384321"}),
    ("/livez", "", {}),
    ("/readyz", "", {}),
]


@pytest.mark.parametrize(("path", "who", "asked"), GOOD)
def test_a_good_answer_is_of_the_schema_the_document_has_for_it(
    server: Server, schema: Any, keys: dict[str, str], path: str, who: str, asked: dict[str, str]
) -> None:
    shown = {"Authorization": f"Bearer {keys[who]}"} if who else {}
    answer = requests.get(server.url + path, params=asked, headers=shown, timeout=FAIL_SAFE_S)
    assert answer.status_code == 200
    schema[path.replace(".json", ".{format}")]["GET"].validate_response(answer)


def test_a_switch_and_a_client_for_a_token_get_what_the_document_has(
    server: Server, schema: Any, keys: dict[str, str]
) -> None:
    url, shown = f"{server.url}/api/lcr/siphon.json", {"Authorization": f"Bearer {keys['lookup']}"}
    told = requests.post(url, json=SWITCH | {"source": {"ip": "192.0.2.1"}}, headers=shown, timeout=FAIL_SAFE_S)
    assert told.json()["routes"]
    schema["/api/lcr/siphon.json"]["POST"].validate_response(told)
    form = {"grant_type": "client_credentials", "client_id": "partner", "client_secret": keys["partner"]}
    token = requests.post(f"{server.url}/oauth2/token", data=form, timeout=FAIL_SAFE_S)
    assert token.status_code == 200
    schema["/oauth2/token"]["POST"].validate_response(token)


SERVICES = [one for one in offered() if one.scope is not None and one.path != "/api/lcr/siphon"]


def reasons(server: Server, shown: str, one: Offered, asked: list[dict[str, str]]) -> list[str]:
    """
    Ask a service by each of its methods, with some parameters at a time: what its refusals say.
    """
    url, told = server.url + address(one).replace("{format}", "json"), []
    with httpx.Client(headers={"Authorization": f"Bearer {shown}"}, timeout=FAIL_SAFE_S) as client:
        for method in sorted(set(one.methods) - {"HEAD"}):
            for parameters in asked:
                place = "params" if method == "GET" or one.raw else "data"
                answer = client.request(method, url, **{place: parameters})
                told.append("" if answer.status_code == 200 else answer.json()["error"]["reason"])
    return told


@pytest.mark.parametrize("one", SERVICES, ids=[one.path for one in SERVICES])
def test_what_the_document_has_of_parameters_is_what_the_service_checks(
    server: Server, keys: dict[str, str], one: Offered
) -> None:
    names = sorted(one.known - {"Auth"})
    other = "Unknown Parameter 'nonsense'"
    assert set(reasons(server, keys["admin"], one, [{"nonsense": "1"}])) == {other}
    if (one.path, "GET") not in ONLY:  # there each method has its own
        rest = {"service": "lcr"} if one.path == "/api/simulate" else {}  # which takes all that any look-up takes
        told = reasons(server, keys["admin"], one, [rest | {name: "x"} for name in names])
        assert not [text for text in told if "Unknown" in text]
    if ROUTES[one.path].needed and not one.raw:
        missing = {f"Missing Required Parameter '{name}'" for name in ROUTES[one.path].needed}
        assert set(reasons(server, keys["admin"], one, [{}])) <= missing


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=[f"{method} {path}" for path, method in OPERATIONS])
def test_what_is_too_long_for_any_service_is_in_the_document(
    schema: Any, server: Server, path: str, method: str
) -> None:
    """
    Seen to fail without 414 and 431 among the answers.
    """
    url = f"http://{server.host}:{server.port}{path.replace('{format}', 'json')}"
    long = requests.request(method, url, params={"a": "a" * MAX_URL}, timeout=FAIL_SAFE_S)
    large = requests.request(method, url, headers={"X-A": "a" * MAX_HEADERS}, timeout=FAIL_SAFE_S)
    assert (long.status_code, large.status_code) == (414, 431)
    documented = schema[path][method].definition.raw["responses"]
    assert {"414", "431"} <= documented.keys()


@pytest.mark.many
@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=[f"{method} {path}" for path, method in OPERATIONS])
def test_every_answer_is_one_the_document_has(schema: Any, keys: dict[str, str], path: str, method: str) -> None:
    operation: APIOperation = schema[path][method]
    wanted = [scope for scheme in operation.definition.raw.get("security", []) for scope in scheme.get("key", [])]
    shown = st.sampled_from([*wanted, "admin"] * 4 + ["tried", "", *SCOPES])
    enums = [one["schema"]["enum"] for one in operation.definition.raw.get("parameters", []) if one["name"] == "format"]
    sense = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in SENSE.items()})
    cases = st.one_of(operation.as_strategy(mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE))
    count = QUICK if PART < 1 else MANY // 5 if path in SLOW else MANY

    @settings(
        max_examples=count, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(case=cases, who=shown, chosen=st.none() | sense, form=st.sampled_from(enums[0] if enums else ["json"]))
    def ask(case: Any, who: str, chosen: dict[str, str] | None, form: str) -> None:
        if chosen is not None:
            with_sense(case, chosen, form)
        field = {"Authorization": f"Bearer {keys[who]}"} if who else {}
        answer = case.call(headers=field, session=session, timeout=FAIL_SAFE_S)
        case.validate_response(answer, checks=CHECKS)

    with requests.Session() as session:
        ask()


@pytest.mark.parametrize(("length", "status"), [(16 * 1024, 401), (16 * 1024 + 1, 413)])
def test_a_form_for_a_token_that_is_too_long_is_told_so(server: Server, length: int, status: int) -> None:
    form = b"grant_type=client_credentials&client_id="
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    body = form + b"x" * (length - len(form))
    answer = httpx.post(f"{server.url}/oauth2/token", content=body, headers=kind, timeout=FAIL_SAFE_S)
    assert (answer.status_code, set(answer.json())) == (status, {"error", "error_description"})


def test_the_server_has_not_lost_its_mind_by_then(server: Server) -> None:
    """
    Last of the file, so that all of the above is behind it.
    """
    assert httpx.get(f"{server.url}/livez", timeout=FAIL_SAFE_S).json() == {"status": "alive"}
    assert b"Traceback" not in server.log.read_bytes()
