"""
Others who are asked about a number have their time and no more, and what they answer is never trusted blindly.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import pytest
from pydantic import SecretStr
from support.dips import LRN, Asked, asked_server
from support.patience import FAIL_SAFE_S, within

from service.dips import dips as dips_module
from service.dips.configure import dips_by
from service.dips.dips import Dips
from service.dips.http import MAX_ANSWER, HttpSource, read_fields
from service.settings import Settings

NUMBER = "12125550100"
FIELDS = {"lrn": "lrn", "ocn": "ocn", "lata": "lata", "lec": "lec"}
DEADLINE_S = 0.2
SLOW_S = 30.0
Test = Callable[..., Awaitable[None]]


def source(asked: Asked, name: str = "http-1", deadline_s: float = SLOW_S, fields: dict[str, str] | None = None) -> Any:
    return HttpSource(name, asked.url, deadline_s, fields or FIELDS, "lrn")


def run(test: Test, *said: dict[str, Any]) -> None:
    """
    Run a test beside as many servers as it is told of.
    """

    async def whole() -> None:
        async with AsyncExitStack() as held, asyncio.timeout(FAIL_SAFE_S):
            await test(*[await held.enter_async_context(asked_server(**one)) for one in said])

    asyncio.run(whole())


@contextmanager
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """
    Seconds of a process that breakers go by.
    """
    at = [1000.0]
    monkeypatch.setattr("service.dips.http.time.monotonic_ns", lambda: int(at[0] * 1e9))
    yield at


def test_an_answer_has_the_fields_that_are_asked_for_as_text() -> None:
    async def test(asked: Asked) -> None:
        dips = Dips([source(asked)], 60)
        found = (await dips.find([NUMBER]))[NUMBER]
        assert found.fields == {"lrn": "12125550199", "ocn": "1234", "lata": "132", "lec": "Bell"}
        assert (found.source, found.errors) == ("http-1", ())
        assert asked.targets == [f"/v1?key=secret&tn={NUMBER}"]
        await dips.close()

    run(test, {})


def test_fields_are_taken_from_where_the_setting_says_they_stand() -> None:
    async def test(asked: Asked) -> None:
        dips = Dips([source(asked, fields=read_fields("lrn=data.route, lec=data.carrier.name", ("lrn", "lec")))], 0)
        found = (await dips.find([NUMBER]))[NUMBER]
        assert found.fields == {"lrn": "1", "lec": "Bell"}
        await dips.close()

    run(test, {"said": json.dumps({"data": {"route": 1, "carrier": {"name": "Bell"}}, "lec": "no"}).encode()})


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"status": "500 Oops"}, "answered 500"),
        ({"status": "302 Found", "headers": "location: http://169.254.169.254/\r\n"}, "answered 302"),
        ({"said": b"<html>"}, "answered no JSON"),
        ({"said": b"\xff\xfe"}, "answered no JSON"),
        ({"said": b"[1]"}, "answered without 'lrn'"),
        ({"said": b"{}"}, "answered without 'lrn'"),
        ({"said": b'{"lrn":{"a":1}}'}, "answered without 'lrn'"),
        ({"said": b'{"lrn":null}'}, "answered without 'lrn'"),
        ({"said": b'"' + b"x" * MAX_ANSWER + b'"'}, f"answered more than {MAX_ANSWER} bytes"),
        ({"status": "no status"}, "cannot be asked (RemoteProtocolError)"),
    ],
)
def test_what_is_no_answer_is_told_as_the_reason_and_the_second_is_asked(said: dict[str, Any], why: str) -> None:
    async def test(bad: Asked, good: Asked) -> None:
        dips = Dips([source(bad), source(good, "http-2")], 60)
        found = (await dips.find([NUMBER]))[NUMBER]
        assert found.errors == (f"http-1: {why}",)
        assert (found.source, found.fields and found.fields["lrn"]) == ("http-2", LRN["lrn"])
        await dips.close()

    run(test, said, {})


def test_a_source_that_knows_nothing_of_a_number_has_answered() -> None:
    async def test(asked: Asked, second: Asked) -> None:
        dips = Dips([source(asked), source(second, "http-2")], 60)
        found = (await dips.find([NUMBER]))[NUMBER]
        assert (found.fields, found.source, second.targets) == (None, "http-1", [])
        await dips.close()

    run(test, {"status": "404 Not Found"}, {})


@pytest.mark.timed
def test_one_that_stalls_is_given_up_at_its_deadline_and_the_second_answers() -> None:
    async def test(stalled: Asked, good: Asked) -> None:
        dips = Dips([source(stalled, deadline_s=DEADLINE_S), source(good, "http-2")], 60)
        with within(DEADLINE_S + 0.3):
            found = (await dips.find([NUMBER]))[NUMBER]
        assert found.errors == ("http-1: no answer within 200 ms",)
        assert found.source == "http-2"
        await dips.close()

    run(test, {"delay_s": None}, {})


@pytest.mark.timed
def test_a_thousand_numbers_wait_no_longer_for_one_that_stalls_than_one_number_does() -> None:
    async def test(stalled: Asked) -> None:
        dips = Dips([source(stalled, deadline_s=DEADLINE_S)], 60)
        with within(DEADLINE_S + 2.0):
            found = await dips.find([f"1212{n:07}" for n in range(1_000)])
        assert len(found) == 1_000
        assert all(one.fields is None and one.errors for one in found.values())
        await dips.close()

    run(test, {"delay_s": None})


def test_one_that_cannot_be_reached_is_told_without_its_address() -> None:
    async def test() -> None:
        dips = Dips([HttpSource("http-1", "http://127.0.0.1:1/?key=secret&n={number}", SLOW_S, FIELDS, "lrn")], 60)
        found = (await dips.find([NUMBER]))[NUMBER]
        assert found.errors == ("http-1: cannot be asked (ConnectError)",)
        await dips.close()

    run(test)


def test_after_three_failures_one_is_left_alone_for_a_while_and_then_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def test(asked: Asked) -> None:
        with clock(monkeypatch) as at:
            dips = Dips([source(asked)], 0)
            for _ in range(5):
                found = (await dips.find([NUMBER]))[NUMBER]
            assert len(asked.targets) == 3
            assert found.errors == ("http-1: left alone for some seconds, for it failed before",)
            asked.status, at[0] = "200 OK", at[0] + 5.0
            assert (await dips.find([NUMBER]))[NUMBER].source == "http-1"
            await dips.close()

    run(test, {"status": "500 Oops"})


def test_an_answer_is_told_again_for_so_long_and_no_longer() -> None:
    async def test(asked: Asked) -> None:
        now = [1000.0]
        dips = Dips([source(asked)], 60, lambda: now[0])
        first = (await dips.find([NUMBER]))[NUMBER]
        now[0] = 1059.0
        assert (await dips.find([NUMBER, NUMBER]))[NUMBER] is first
        now[0] = 1060.0
        again = (await dips.find([NUMBER]))[NUMBER]
        assert (again.at, len(asked.targets)) == (1060.0, 2)
        await dips.close()

    run(test, {})


def test_no_more_answers_are_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dips_module, "MAX_KEPT", 10)

    async def test(asked: Asked) -> None:
        dips = Dips([source(asked)], 60)
        numbers = [f"1212555{n:04}" for n in range(30)]
        for number in numbers:
            await dips.find([number])
        await dips.find(numbers[-10:])
        assert len(asked.targets) == 30
        await dips.find(numbers[:1])
        assert len(asked.targets) == 31
        await dips.close()

    run(test, {})


def test_a_number_asked_about_twice_at_once_is_one_question_on_one_connection() -> None:
    async def test(asked: Asked) -> None:
        dips = Dips([source(asked)], 60)
        both = await asyncio.gather(dips.find([NUMBER]), dips.find([NUMBER]))
        assert both[0] == both[1]
        await dips.find(["12125550101"])
        assert (len(asked.targets), asked.connections) == (2, 1)
        await dips.close()

    run(test, {"delay_s": 0.05})


@pytest.mark.parametrize(
    ("setting", "value", "why"),
    [
        ("lrn_url", "ftp://a/{number}", "RATEDIP_LRN_URL is not an address that begins with http"),
        ("lrn_url", "http://a/", "RATEDIP_LRN_URL has no {number} in its path or query"),
        ("lrn_url_2", "http://{number}.a/", "RATEDIP_LRN_URL_2 has no {number} in its path or query"),
        ("hlr_url", "a/{number}", "RATEDIP_HLR_URL is not an address"),
        ("lrn_fields", "nope=1", "RATEDIP_LRN_FIELDS: 'nope=1' is not field=place"),
    ],
)
def test_a_setting_that_is_wrong_is_named(setting: str, value: str, why: str) -> None:
    wrong = {"lrn_url": SecretStr("http://a/{number}"), setting: value if "fields" in setting else SecretStr(value)}
    with pytest.raises(ValueError, match="RATEDIP") as raised:
        dips_by(Settings().model_copy(update=wrong))
    assert str(raised.value).startswith(why)


def test_without_settings_nobody_is_asked() -> None:
    assert dips_by(Settings()) == {}
