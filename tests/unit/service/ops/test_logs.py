"""
What the service says of itself, as it stands in the log.
"""

import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from service.access.keys import new_key
from service.ops import logs

_log = logging.getLogger("ratedip.test")


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """
    What is logged while the block runs; afterwards logging is as it was.
    """
    root, ours, said = logging.getLogger(), logging.getLogger("ratedip"), io.StringIO()
    before = (root.handlers, root.level, ours.level)
    logs.set_up_logging("info")
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(said)
    try:
        yield said
    finally:
        root.handlers, root.level, ours.level = before
        structlog.reset_defaults()


def line(message: str, *arguments: object) -> dict[str, object]:
    with logged() as said:
        _log.warning(message, *arguments)
    (only,) = said.getvalue().splitlines()
    told: dict[str, object] = json.loads(only)
    return told


def test_a_line_says_when_who_how_bad_and_what() -> None:
    told = line("card %s is gone", "retail")
    assert told["event"] == "card retail is gone"
    assert (told["level"], told["logger"]) == ("warning", "ratedip.test")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", str(told["timestamp"]))
    assert isinstance(told["process"], int)


@given(text=st.text(max_size=60))
def test_one_line_stays_one_line_whatever_is_in_it(text: str) -> None:
    with logged() as said:
        _log.warning("%s", text)
        structlog.stdlib.get_logger("ratedip.test").warning("asked", agent=text)
    written = said.getvalue()
    assert written.endswith("\n")
    assert len(re.split(r"[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", written[:-1])) == 2
    assert all(
        re.search(r"[\x00-\x1f\x7f-\x9f]", str(json.loads(each)["event"])) is None for each in written.split("\n")[:2]
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("from +441132456789 to 49301234567", "from +441********* to 4930*******"),
        ("number=441132456789&card=retail", "number=4411********&card=retail"),
        ("generation 4711, port 8080, 100000 rules", "generation 4711, port 8080, 100000 rules"),
        ("a\x1b[31mred\r\nb", "a\ufffd[31mred\ufffd\ufffdb"),
        ("?Auth=abc.def-ghi&x=1", "?Auth=…&x=1"),
        ("Authorization: Bearer abc123", "Authorization: Bearer …"),
        ("redis://user:hunter2@redis:6379/0", "redis://…@redis:6379/0"),
        ("token eyJhbGciOi.eyJzdWIi.c2ln", "token …"),
    ],
)
def test_neither_secret_nor_whole_number_stands_in_a_line(text: str, shown: str) -> None:
    assert line("%s", text)["event"] == shown


def test_no_key_stands_in_a_line_wherever_it_was_put() -> None:
    key = new_key("live").text
    shown = f"shown {key}"
    with logged() as said:
        log = structlog.stdlib.get_logger("ratedip.test")
        log.warning(shown, header=f"Bearer {key}", more={"all": [key, (key,)]}, **{key: 1})
        try:
            int(key)
        except ValueError:
            log.exception("wrong")
    assert key.rpartition("_")[2] not in said.getvalue()
    assert '"exception"' in said.getvalue()


def test_a_traceback_is_in_one_line() -> None:
    with logged() as said:
        try:
            int("one\ntwo")
        except ValueError:
            _log.exception("wrong")
    (only,) = said.getvalue().splitlines()
    assert json.loads(only)["exception"].count("\n") > 2


def test_libraries_are_heard_from_warnings_on() -> None:
    with logged() as said:
        logging.getLogger("httpx").info("asked")
        _log.info("ours")
        _log.debug("not asked for")
    assert [json.loads(each)["event"] for each in said.getvalue().splitlines()] == ["ours"]
