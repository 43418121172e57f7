"""
Secrets are nowhere but with whom they were given to: not in logs, metrics, Redis, the store, files or bodies.
"""

import base64
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.cards import RETAIL, install
from support.corpus import get, post
from support.patience import seconds_until
from support.people import account, bearer, key, revoke
from support.redis import RedisServer, redis_running
from support.server import Server, read_responses, serve

from service.quota.plan import Limits, Plan

ASK = "/api/rate.json?number=441132456789"
FORM = "application/x-www-form-urlencoded"
REDIS_PASSWORD = "the-password-of-redis"
PLACES = ("/api/log.json", "/api/account.json", "/readyz", "/livez", "/metrics", "/openapi.json", "/", "/api/nope.html")


@dataclass(frozen=True)
class World:
    """
    Attributes:
        keys: each of them is a secret.
    """

    server: Server
    redis: RedisServer
    data: Path
    keys: dict[str, str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    data = tmp_path_factory.mktemp("secrets")
    install(data, "retail", RETAIL)
    for name in ("acme", "boss"):
        account(data, name, Plan(Limits(per_second=1000, burst=1000, per_day=10**6)), card="retail")
    keys = {
        "lookup": key(data, "acme"),
        "sandbox": key(data, "acme", environment="test"),
        "admin": key(data, "boss", "admin"),
        "expired": key(data, "acme", expires=int(time.time()) - 1),
        "revoked": key(data, "acme"),
    }
    revoke(data, keys["revoked"])
    with (
        redis_running(password=REDIS_PASSWORD) as redis,
        serve(data, WORKERS="2", REDIS_URL=redis.url, ADMIN_PORT="0", LOG_LEVEL="debug") as server,
    ):
        yield World(server, redis, data, keys)


def shown(text: str) -> list[bytes]:
    """
    Requests that show a secret in every place one could be put, right or wrong.
    """
    pair = base64.b64encode(f"acme:{text}".encode()).decode()
    twice = f"{bearer(text)}\r\n{bearer(text)}"
    fields = (bearer(text), f"Authorization: Basic {pair}", f"Authorization: {text}", twice, f"X-Api-Key: {text}",
              f"User-Agent: {text}", f"Cookie: key={text}", f"Referer: http://a.example/?Auth={text}")  # fmt: skip
    targets = (f"{ASK}&Auth={text}", f"{ASK}&key={text}", f"/api/rate.json?number={text}", f"/api/{text}.json",
               f"{ASK}&card={text}", f"/{text}", f"{ASK}&{text}=1", "/api/log.json?number=44",
               "/api/cdr.json")  # fmt: skip
    forms = (f"number=44&Auth={text}", f"grant_type=client_credentials&client_id=acme&client_secret={text}",
             f"grant_type={text}", f"{text}=1")  # fmt: skip
    return [
        *(get(ASK, field) for field in fields),
        *(get(target) for target in targets),
        *(get(target, bearer(text)) for target in targets),
        *(post(path, FORM, form) for path in ("/api/rate.json", "/oauth2/token") for form in forms),
        f"GET {ASK} HTTP/1.1\r\n{bearer(text)}\r\n\r\n".encode(),
        f"{text}\r\n\r\n".encode(),
    ]


def is_echo(request: bytes, secret: bytes) -> bool:
    """
    The secret was sent as what is no secret and may be repeated: a number, a name, a path.
    """
    line = request.split(b"\r\n", 1)[0]
    return secret in line.replace(b"Auth=" + secret, b"") or secret + b"=1" in request or b"type=" + secret in request


def tail(text: str) -> bytes:
    """
    The part of a key or token that gives it away.
    """
    return text.rsplit("_" if text.startswith("rd_") else ".", 1)[1].encode()


def token_of(world: World, text: str) -> str:
    form = f"grant_type=client_credentials&client_id=acme&client_secret={text}"
    answer = world.server.ask(post("/oauth2/token", FORM, form))
    assert answer.startswith(b"HTTP/1.1 200"), answer
    found = re.search(rb'"access_token":"([^"]+)"', answer)
    assert found
    return found[1].decode()


def test_nothing_that_was_shown_can_be_found_again(
    world: World, record_property: Callable[[str, object], None]
) -> None:
    """
    Seen to fail with keys kept in the store as they are, in place of their digests.
    """
    secrets = [*world.keys.values(), token_of(world, world.keys["lookup"])]
    said, asked = b"", 0
    for text in secrets:
        for request in shown(text):
            answer = _answer(world.server, request)
            asked += 1
            assert b" 500 " not in answer[:20]
            if not is_echo(request, text.encode()) and b'{"access_token"' not in answer:
                said += answer
    admin = bearer(world.keys["admin"])
    said += b"".join(world.server.ask(get(place, admin)) for place in PLACES)
    seconds_until(lambda: "p:" in world.redis.say("KEYS", "*"))
    held = world.server.log.read_bytes() + dumped(world.redis) + _files(world.data)
    for text in secrets:
        assert tail(text) not in said, "in a body"
        assert tail(text) not in held, "in a log, in Redis, in the store or a file"
    assert REDIS_PASSWORD.encode() not in said + world.server.log.read_bytes()
    record_property("measured", f"{len(secrets)} secrets shown {asked} times, {len(said + held):,} bytes searched, 0")


def _answer(server: Server, request: bytes) -> bytes:
    with server.connect() as client:
        client.sendall(request)
        return read_responses(client)


def dumped(redis: RedisServer) -> bytes:
    """
    All that is in a Redis, and all it ran.
    """
    names = re.findall(r"\r\n(ratedip:[^\r]+)", redis.say("KEYS", "*"))
    assert names
    reads = {"hash": ("HGETALL",), "string": ("GET",), "zset": ("ZRANGE",), "set": ("SMEMBERS",)}
    kinds = {name: redis.say("TYPE", name).strip("+\r\n") for name in names}
    kept = (redis.say(*reads[kind], name, *(("0", "-1") if kind == "zset" else ())) for name, kind in kinds.items())
    return ("".join(kept) + redis.say("INFO", "all")).encode()


def _files(data: Path) -> bytes:
    return b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
