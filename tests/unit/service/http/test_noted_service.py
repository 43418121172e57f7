"""
Requests to slow services, noted by name.
"""

import json

import pytest
from structlog.testing import capture_logs
from support.corpus import get
from support.inside import Place, door, guest_desk, run

from service.http import routes
from service.http.noted_service import MAX_LINES, Lines
from service.http.slow import Call, Service
from service.watch.seen import Seen


async def _fail(_call: Call) -> dict[str, object]:
    raise ZeroDivisionError


def _broken(monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setitem(routes.SLOW, "account", Service("account", None, ("GET",), _fail))
    desk = guest_desk()
    desk.seen = Seen()
    return Place(desk)


def test_a_mistake_of_ours_is_answered_logged_and_counted_by_the_name_of_the_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = _broken(monkeypatch).desk

    async def main() -> None:
        async with door(desk) as place:
            answer = await place.ask(get("/api/account.json", "X-Request-Id: mine-1"))
        head, _, body = answer.removesuffix(b"<closed>").partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 500")
        assert b"x-request-id: mine-1" in head
        told = json.loads(body)["error"]
        assert told == {"code": 500, "reason": "Internal Server Error", "request_id": "mine-1"}

    with capture_logs() as lines:
        run(main())
    (line,) = lines
    assert (line["event"], line["request_id"], line["error"]) == ("a mistake of ours", "mine-1", "ZeroDivisionError")
    assert desk.seen is not None
    assert desk.seen.answers["error", 500, ""] == 1


def test_a_slow_service_is_counted_with_its_status() -> None:
    desk = guest_desk()
    desk.seen = Seen()

    async def main() -> None:
        async with door(desk) as place:
            await place.ask(get("/api/account.json"))
            await place.ask(get("/api/account.json?no=1"))
            await place.ask(get("/api/ratecard/list.json"))

    run(main())
    assert dict(desk.seen.answers) == {("account", 200, ""): 1, ("account", 400, ""): 1, ("ratecard/list", 403, ""): 1}


def test_no_more_lines_are_written_in_a_second_than_may_be_and_the_rest_is_counted() -> None:
    lines = Lines()
    with capture_logs() as written:
        assert [lines.take(7) for _ in range(MAX_LINES + 3)] == [True] * MAX_LINES + [False] * 3
        assert lines.take(8)
    assert [(line["event"], line["count"]) for line in written] == [("requests not logged", 3)]
