"""
What is known of numbers, at a real server: files loaded by command, who is asked over HTTP, and the page's examples.
"""

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.cards import RETAIL, install
from support.corpus import get, post
from support.dips import Asked, asked_server
from support.patience import FAIL_SAFE_S
from support.server import Server, read_responses, serve
from support.shell import run

from ratecards.model import Rule, Terms
from ratecards.money import parse_units

PAGE = (Path(__file__).parents[2] / "docs/smart.md").read_text()
EXAMPLES = re.findall(r"```http\nGET (\S+)\n```\n```(json|xml)\n(.*?)\n```", PAGE, re.DOTALL)
AGE = re.compile(r'("age":|<age>)\d+')
UK, US = "441134960123", "12125550100"
FILES = {
    "ported.csv": "tn,lrn,ocn,lata,city,lec\n2125550100,3125550199,1234,358,CHICAGO,Example Telecom\n2125550101,\n",
    "s1.csv": "NMS Number Block: Number Block,Block Status,CP Name,Geographic Number Length,Allocation Date,Notes\n"
    "1134 96 0,Allocated,Example Telecom Ltd,3+7,21/05/1997,\n1134 95,Free,,3+7,,\n1134 97,Protected,,3+7,,\n",
    "networks.csv": "prefix,mcc,mnc,operator,brand,iso\n447400,234,20,Hutchison 3G,Three,gb\n447500,234,15,,,\n",
}
BY_LRN = [
    Rule("1212", "New York", parse_units("0.01"), 0, 1, 1),
    Rule("1312", "Chicago", parse_units("0.02"), 0, 1, 1),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A data directory with the files of the page, loaded by its commands.
    """
    folder = tmp_path_factory.mktemp("smart")
    install(folder, "retail", RETAIL)
    install(folder, "ported", BY_LRN, Terms(rates_by_lrn=True))
    for name, text in FILES.items():
        (folder / name).write_text(text)
    for command, said in re.findall(r"\$ ratedip (set load .*)\n(.*)", PAGE):
        words = [str(folder / word) if word in FILES else word for word in command.split()]
        assert run(folder, *words).stdout.strip() == said
    return folder


@pytest.fixture(scope="module", params=["1", "0"], ids=["hot", "plain"])
def server(request: pytest.FixtureRequest, data: Path) -> Iterator[Server]:
    with serve(data, DEMO="1", DEMO_CARD="retail", DEMO_RPS="1000000", HOT_DOOR=request.param) as made:
        yield made


def body(server: Server, target: str) -> str:
    return server.ask(get(target)).decode().partition("\r\n\r\n")[2]


@pytest.mark.parametrize(("target", "form", "shown"), EXAMPLES, ids=[target for target, _, _ in EXAMPLES])
def test_every_example_of_the_page_is_answered_as_printed(server: Server, target: str, form: str, shown: str) -> None:
    assert AGE.sub(r"\1-", body(server, target)) == AGE.sub(r"\1-", shown)


def test_there_are_examples_of_every_type_that_needs_a_file() -> None:
    assert len(EXAMPLES) == 3


def test_a_list_is_asked_by_get_and_by_post_alike(server: Server) -> None:
    by_get = body(server, f"/api/lookup/smart.json?type[]=range&type[]=hlr&number[]={UK}&number[]=447400123456")
    form = f"type=range,hlr&number={UK},447400123456"
    raw = post("/api/lookup/smart.json", "application/x-www-form-urlencoded", form)
    by_post = server.ask(raw).decode().partition("\r\n\r\n")[2]
    assert AGE.sub(r"\1-", by_get) == AGE.sub(r"\1-", by_post)
    assert list(json.loads(by_post)) == [UK, "447400123456"]


@pytest.mark.parametrize("path", ["lookup/smart.csv", "lookup/smart.yaml", "lookup", "lookup/smarter.json"])
def test_a_format_or_service_that_there_is_not_is_told_and_no_fault(server: Server, path: str) -> None:
    answer = server.ask(get(f"/api/{path}?number={UK}&type=range"))
    assert answer.split(b" ")[1] in {b"404", b"406"}


# Who else is asked


@pytest.fixture
def asked() -> Iterator[Asked]:
    """
    Somebody to ask, in a thread of its own.
    """
    begun, ended = threading.Event(), asyncio.Event()
    found: list[tuple[Asked, asyncio.AbstractEventLoop]] = []

    async def main() -> None:
        async with asked_server() as made:
            found.append((made, asyncio.get_running_loop()))
            begun.set()
            await ended.wait()

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    assert begun.wait(FAIL_SAFE_S)
    (made, loop) = found[0]
    yield made
    loop.call_soon_threadsafe(ended.set)
    thread.join()


def told(server: Server, target: str) -> dict[str, Any]:
    return dict(json.loads(body(server, target)))


def test_a_server_asks_who_is_configured_and_falls_back_on_its_table(data: Path, asked: Asked) -> None:
    """
    On one connection, before and behind questions that are answered from memory.
    """
    settings = {"LRN_URL": asked.url, "LRN_MS": "5000", "DIP_KEEP_S": "0"}
    with serve(data, DEMO="1", DEMO_CARD="retail", **settings) as server:
        with server.connect() as client:
            client.sendall(get(f"/api/range.json?number={US}") + get(f"/api/lrn.json?number={US}"))
            client.sendall(get(f"/api/range.json?number={UK}"))
            answers = read_responses(client, count=3)
        assert re.findall(rb'"(?:country|lrn)":"(\w+)"', answers) == [b"US", b"12125550199", b"GB"]
        asked.status = "500 Oops"
        assert told(server, f"/api/lrn.json?number={US}")["source"] == "ported"
        error = told(server, "/api/lookup/smart.json?type=lrn&number=12125550999")["12125550999"]["lrn"]["error"]
        assert (error["code"], error["reason"]) == (503, "Source did not answer")
        assert "secret" not in json.dumps(error)
    assert b"secret" not in server.log.read_bytes()


def test_a_server_with_an_address_that_is_none_does_not_start_and_says_which(tmp_path: Path) -> None:
    install(tmp_path, "retail", RETAIL)
    with (
        pytest.raises(AssertionError, match=r"RATEDIP_LRN_URL has no \{number\}"),
        serve(tmp_path, LRN_URL="http://a/"),
    ):
        pass
