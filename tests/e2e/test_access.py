"""
Who may ask, by every kind of credential there is, at both doors.
"""

import base64
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.cards import RETAIL, install
from support.corpus import get, post
from support.patience import seconds_until, within
from support.people import account, bearer, key, revoke
from support.server import Server, read_responses, serve

ASK = "/api/rate.json?number=441132456789"
FORM = "application/x-www-form-urlencoded"
UNKNOWN = b'{"error":{"code":401,"reason":"Token is invalid"}}'


@dataclass(frozen=True)
class World:
    """
    A service with accounts, at one of its doors.
    """

    server: Server
    data: Path
    acme: str
    sandbox: str
    cards_only: str
    everything: str
    expired: str
    stopped: str

    def ask(self, *headers: str, target: str = ASK) -> bytes:
        return self.server.ask(get(target, *headers))

    def token(self, body: str, *headers: str) -> tuple[int, dict[str, object]]:
        raw = post("/oauth2/token", FORM, body).replace(
            b"\r\n\r\n", "".join(f"\r\n{h}" for h in headers).encode() + b"\r\n\r\n", 1
        )
        answer = self.server.ask(raw)
        return int(answer[9:12]), json.loads(answer.partition(b"\r\n\r\n")[2])


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    data = tmp_path_factory.mktemp("people")
    install(data, "retail", RETAIL)
    install(data, "gold", RETAIL)
    install(data, "test/retail", RETAIL)
    account(data, "acme", card="retail", networks=frozenset({"198.51.100.0/24"}))
    account(data, "boss")
    account(data, "stopped", disabled=True)
    return {
        "data": data,
        "acme": key(data, "acme"),
        "sandbox": key(data, "acme", environment="test"),
        "cards_only": key(data, "acme", "cards"),
        "everything": key(data, "boss", "admin"),
        "expired": key(data, "boss", expires=int(time.time()) - 1),
        "stopped": key(data, "stopped"),
    }


@pytest.fixture(scope="module", params=["1", "0"], ids=["hot", "plain"])
def world(request: pytest.FixtureRequest, people: dict[str, object]) -> Iterator[World]:
    with serve(people["data"], HOT_DOOR=request.param, TRUSTED_PROXIES="127.0.0.0/8") as server:
        yield World(server, **people)


def test_a_key_is_shown_as_bearer_or_with_its_account_s_name(world: World) -> None:
    pair = base64.b64encode(f"acme:{world.acme}".encode()).decode()
    for header in (bearer(world.acme), f"authorization: bearer {world.acme}", f"Authorization: Basic {pair}"):
        assert world.ask(header).startswith(b"HTTP/1.1 200"), header
        with world.server.connect() as client:
            client.sendall(get(ASK, header) * 3)
            assert read_responses(client, count=3).count(b"HTTP/1.1 200") == 3


def test_what_is_wrong_is_refused_in_one_way_whatever_is_wrong_with_it(world: World) -> None:
    wrong = [
        "Authorization: Bearer",
        "Authorization: Bearer ",
        "Authorization: Bearer x",
        "Authorization: Bearer " + world.acme[:-1],
        "Authorization: Bearer " + world.acme + "x",
        "Authorization: Bearer " + "x" * 5000,
        f"Authorization: Token {world.acme}",
        f"Authorization: {world.acme}",
        f"Authorization: Bearer {world.acme} {world.acme}",
        bearer(world.expired),
        "Authorization: Basic " + base64.b64encode(f"boss:{world.acme}".encode()).decode(),
        "Authorization: Basic " + base64.b64encode(b"acme:").decode(),
        "Authorization: Basic " + base64.b64encode(b"acme").decode(),
        "Authorization: Basic !!!",
        f"{bearer(world.acme)}\r\n{bearer(world.acme)}",
    ]
    for header in wrong:
        answer = world.ask(header)
        assert answer.startswith(b"HTTP/1.1 401"), header
        assert UNKNOWN in answer, header
        assert b"www-authenticate: Bearer" in answer


def test_a_wrong_credential_from_a_listed_address_is_not_taken_for_none(world: World) -> None:
    assert world.ask("X-Forwarded-For: 198.51.100.7").startswith(b"HTTP/1.1 200")
    assert world.ask("X-Forwarded-For: 198.51.100.7", "Authorization: Bearer x").startswith(b"HTTP/1.1 401")


def test_an_address_is_a_credential_as_the_proxy_says_and_not_as_the_client_says(world: World) -> None:
    assert world.ask().startswith(b"HTTP/1.1 401")
    assert world.ask("X-Forwarded-For: 203.0.113.9").startswith(b"HTTP/1.1 401")
    assert world.ask("X-Forwarded-For: 198.51.100.7, 203.0.113.9").startswith(b"HTTP/1.1 401")
    assert world.ask("X-Forwarded-For: 203.0.113.9, 198.51.100.7").startswith(b"HTTP/1.1 200")


def test_connections_do_not_share_what_an_address_means(world: World) -> None:
    """
    The same bytes around the number, on connections from two addresses.
    """
    with world.server.connect() as client:
        for _ in range(3):
            client.sendall(get(ASK, "X-Forwarded-For: 198.51.100.7"))
            assert read_responses(client).startswith(b"HTTP/1.1 200")
            client.sendall(get(ASK))
            assert read_responses(client).startswith(b"HTTP/1.1 401")


def test_no_proxy_is_believed_that_is_not_trusted(people: dict[str, object]) -> None:
    with serve(people["data"]) as server:
        assert server.ask(get(ASK, "X-Forwarded-For: 198.51.100.7")).startswith(b"HTTP/1.1 401")


def test_a_key_gets_a_token_that_is_as_good_and_short_lived(world: World) -> None:
    status, grant = world.token(f"grant_type=client_credentials&client_id=acme&client_secret={world.acme}")
    assert (status, grant["token_type"], grant["scope"]) == (200, "Bearer", "lookup")
    assert 0 < grant["expires_in"] <= 900
    token = grant["access_token"]
    assert world.ask(bearer(token)).startswith(b"HTTP/1.1 200")
    assert world.ask(target=f"{ASK}&Auth={token}").startswith(b"HTTP/1.1 200")
    assert world.ask(target=f"{ASK}&Auth={token}x").startswith(b"HTTP/1.1 401")
    assert world.ask(target=f"{ASK}&Auth={world.acme}").startswith(b"HTTP/1.1 401"), "a key does not belong into a URL"
    doubled = world.ask(bearer(world.acme), target=f"{ASK}&Auth={token}")
    assert doubled.startswith(b"HTTP/1.1 400")
    assert b"Invalid Parameter 'Auth': is given besides an Authorization header" in doubled


def test_a_token_may_be_for_less_than_its_key_and_never_for_more(world: World) -> None:
    pair = base64.b64encode(f"boss:{world.everything}".encode()).decode()
    status, grant = world.token("grant_type=client_credentials&scope=cards", f"Authorization: Basic {pair}")
    assert (status, grant["scope"]) == (200, "cards")
    assert world.ask(bearer(grant["access_token"]), target=f"{ASK}&card=gold").startswith(b"HTTP/1.1 403")
    status, grant = world.token("grant_type=client_credentials&scope=lookup+cdr", f"Authorization: Basic {pair}")
    assert (status, grant["scope"]) == (200, "cdr lookup")
    assert world.ask(bearer(grant["access_token"]), target=f"{ASK}&card=gold").startswith(b"HTTP/1.1 200")
    odd = world.token("grant_type=client_credentials&scope=everything", f"Authorization: Basic {pair}")
    assert odd[1]["error"] == "invalid_scope"
    more = f"grant_type=client_credentials&scope=admin&client_id=acme&client_secret={world.acme}"
    assert world.token(more)[1]["error"] == "invalid_scope"


def test_what_is_no_request_for_a_token_is_refused_as_the_standard_says(world: World) -> None:
    good = f"grant_type=client_credentials&client_id=acme&client_secret={world.acme}"
    for body, status, code in (
        ("", 400, "invalid_request"),
        ("grant_type=password", 400, "unsupported_grant_type"),
        ("grant_type=client_credentials", 401, "invalid_client"),
        (good.replace("acme&", "boss&"), 401, "invalid_client"),
        (good[:-1], 401, "invalid_client"),
        (good + "&grant_type=client_credentials", 400, "invalid_request"),
        (f"grant_type=client_credentials&client_id=stopped&client_secret={world.stopped}", 401, "invalid_client"),
    ):
        answer = world.token(body)
        assert (answer[0], answer[1]["error"]) == (status, code), body
    pair = base64.b64encode(f"acme:{world.acme}".encode()).decode()
    assert world.token(good, f"Authorization: Basic {pair}")[1]["error"] == "invalid_request"
    assert world.server.ask(get("/oauth2/token")).startswith(b"HTTP/1.1 405")
    answer = world.server.ask(post("/oauth2/token", FORM, good))
    assert b"cache-control: no-store" in answer.lower()


def test_a_key_is_for_its_scopes(world: World) -> None:
    answer = world.ask(bearer(world.cards_only))
    assert answer.startswith(b"HTTP/1.1 403")
    assert b'{"error":{"code":403,"reason":"Unauthorized","detail":"the credential is not for lookup"}}' in answer
    assert world.ask(bearer(world.everything), target=f"{ASK}&card=retail").startswith(b"HTTP/1.1 200")


def test_a_disabled_account_may_not(world: World) -> None:
    answer = world.ask(bearer(world.stopped))
    assert answer.startswith(b"HTTP/1.1 403")
    assert b'"reason":"Unauthorized","detail":"the account is disabled"' in answer


def test_another_s_card_looks_like_a_missing_one(world: World) -> None:
    theirs = world.ask(bearer(world.acme), target=f"{ASK}&card=gold")
    missing = world.ask(bearer(world.acme), target=f"{ASK}&card=nope")
    assert theirs.startswith(b"HTTP/1.1 404")
    assert re.sub(rb"date: [^\r]*", b"", theirs) == re.sub(rb"date: [^\r]*", b"", missing).replace(b"nope", b"gold")
    assert world.ask(bearer(world.everything), target=f"{ASK}&card=gold").startswith(b"HTTP/1.1 200")


def test_the_sandbox_has_its_own_cards_under_the_same_names(world: World) -> None:
    install(world.data, "test/retail", RETAIL)
    install(world.data, "test/only-here", RETAIL)
    seconds_until(lambda: b'"revision":1,' not in world.ask(bearer(world.sandbox)))
    mine, production = world.ask(bearer(world.sandbox)), world.ask(bearer(world.acme))
    assert b'"card":"retail"' in mine
    assert b'"revision":1,' not in mine
    assert b'"revision":1,' in production
    assert world.ask(bearer(world.sandbox), target=f"{ASK}&card=only-here").startswith(b"HTTP/1.1 404")
    for card in ("only-here", "test/only-here", "test%2Fonly-here"):
        assert world.ask(bearer(world.everything), target=f"{ASK}&card={card}").startswith(b"HTTP/1.1 404"), card


@pytest.mark.timed
def test_a_revoked_key_and_its_tokens_hold_nowhere_after_five_seconds(world: World) -> None:
    fresh = key(world.data, "boss")
    seconds_until(lambda: world.ask(bearer(fresh), target=f"{ASK}&card=gold").startswith(b"HTTP/1.1 200"))
    token = world.token(f"grant_type=client_credentials&client_id=boss&client_secret={fresh}")[1]["access_token"]
    with world.server.connect() as client:
        client.sendall(get(f"{ASK}&card=gold", bearer(fresh)) * 2)
        assert read_responses(client, count=2).count(b"HTTP/1.1 200") == 2
        revoke(world.data, fresh)

        def is_refused(shown: str) -> bool:
            client.sendall(get(f"{ASK}&card=gold", bearer(shown)))
            return read_responses(client).startswith(b"HTTP/1.1 401")

        with within(5):
            seconds_until(lambda: is_refused(fresh) and is_refused(token))


def test_an_account_sees_itself(world: World) -> None:
    mine = json.loads(world.ask(bearer(world.acme), target="/api/account.json").partition(b"\r\n\r\n")[2])
    assert (mine["name"], mine["environment"], mine["scopes"], mine["card"]) == ("acme", "live", ["lookup"], "retail")
    assert world.ask(bearer(world.acme), target="/api/account.xml").count(b"<name>acme</name>") == 1
    assert world.ask(target="/api/account.json").startswith(b"HTTP/1.1 401")
    assert world.ask(bearer(world.acme), target="/api/account.json?name=boss").startswith(b"HTTP/1.1 400")


def test_no_secret_is_said_or_written_down(world: World) -> None:
    """
    Everything the server wrote, and its answers to questions with every key in them.
    """
    keys = (world.acme, world.sandbox, world.cards_only, world.everything, world.expired, world.stopped)
    said = b"".join(world.ask(bearer(text)) + world.ask(target=f"{ASK}&Auth={text}") for text in keys)
    said += world.server.log.read_bytes()
    assert [text for text in keys if text.rsplit("_", 1)[1].encode() in said] == []
