"""
The same fields in every format, and nothing of a card can break out of one.
"""

import json
from decimal import Decimal
from html.parser import HTMLParser
from xml.etree import ElementTree

from service.render.html import to_html
from service.render.plain import to_json, to_xml

NASTY = "<script>alert('x')</script> & \"quoted\" \u00e9 \x00\x0b\x1f\ufffe ]]>"
ANSWER = {"number": "44", "name": NASTY, "expires": None, "ttl": 5, "duration": Decimal("30.5"), "yes": True}


def test_json_has_the_value_as_it_is() -> None:
    assert json.loads(to_json(ANSWER), parse_float=Decimal) == ANSWER


def test_a_decimal_is_written_digit_by_digit() -> None:
    assert to_json({"a": Decimal("0.100000")}) == b'{"a":0.100000}'


def test_xml_reads_back_with_what_xml_cannot_say_replaced() -> None:
    root = ElementTree.fromstring(to_xml("rate", ANSWER).decode())
    assert root.tag == "rate"
    assert root.findtext("name") == NASTY.translate(dict.fromkeys(map(ord, "\x00\x0b\x1f\ufffe"), "\ufffd"))
    assert [root.findtext(n) for n in ("expires", "ttl", "duration", "yes")] == ["", "5", "30.5", "true"]


def test_xml_nests_as_the_json_does() -> None:
    assert to_xml("a", {"b": {"c": [1, 2]}}) == b'<?xml version="1.0"?><a><b><c>1</c><c>2</c></b></a>'


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_a_name_with_markup_is_text_on_the_page_and_in_the_form() -> None:
    page = _Tags()
    page.feed(to_html("rate", ANSWER, {"number": NASTY}).decode())
    assert "script" not in page.tags
    assert NASTY.translate(dict.fromkeys(map(ord, "\x00\x0b\x1f"), "\ufffd")) in page.text


def test_an_error_is_a_page_too() -> None:
    page = to_html("rate", {"error": {"code": 404, "reason": "No rate for number"}}, {}).decode()
    assert "404 · No rate for number" in page


def test_an_instant_is_shown_as_a_date_besides() -> None:
    page = to_html("rate", {"effective": 1357907962, "expires": 10**18}, {}).decode()
    assert "1357907962 (2013-01-11 12:39:22 UTC)" in page
    assert "out of the calendar" in page
