"""
Bodies of bulk requests: cut into lines wherever the pieces end, unpacked within bounds, and read as what they are.
"""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import ApiError
from service.http.bulk_ask import NUMBERS, OBJECTS, TABLE, objects_reader, sniff, table_reader, text_of
from service.http.bulk_lines import BLOCK, MAX_LINE, MAX_RATIO, Block, Cutter, Unpacker
from service.http.query import NO_LISTS

KNOWN = frozenset({"number", "cli", "duration"})


def cut(parts: list[bytes]) -> list[Block]:
    cutter = Cutter()
    blocks = [block for part in parts for block in cutter.feed(part)]
    return [*blocks, *cutter.end()]


@given(st.lists(st.binary(max_size=12), max_size=40), st.lists(st.integers(1, 30), max_size=20), st.booleans())
def test_lines_are_the_same_wherever_the_pieces_end(words: list[bytes], sizes: list[int], ended: bool) -> None:
    lines = [word.translate(None, b"\r\n") for word in words]
    body = b"\r\n".join(lines) + (b"\r\n" if ended and lines else b"")
    parts, rest = [], body
    for size in sizes:
        parts.append(rest[:size])
        rest = rest[size:]
    blocks = cut([*parts, rest])
    wanted = body.replace(b"\r\n", b"\n").split(b"\n")
    assert b"".join(block.text for block in blocks) == b"".join(
        line + b"\n" for line in (wanted if wanted[-1] else wanted[:-1])
    )
    numbers = [block.line for block in blocks]
    assert numbers == [1 + sum(block.count for block in blocks[:place]) for place in range(len(blocks))]
    assert all(block.count == block.text.count(b"\n") for block in blocks)


def test_a_line_without_end_is_cut_off_and_what_follows_it_is_whole() -> None:
    cutter, kept = Cutter(), []
    for _ in range(100):
        kept += list(cutter.feed(b"4" * MAX_LINE))
    kept += list(cutter.feed(b"4\n44113\n"))
    kept += list(cutter.end())
    lines = b"".join(block.text for block in kept).split(b"\n")
    assert [len(line) for line in lines] == [MAX_LINE + 1, 5, 0]
    with pytest.raises(ApiError, match="Line is too long"):
        text_of(lines[0])


def test_a_block_is_no_longer_than_it_should_be_however_much_comes_at_once() -> None:
    blocks = cut([b"441132456789\n" * 100_000])
    assert len(blocks) > 10
    assert max(len(block.text) for block in blocks) <= BLOCK + MAX_LINE
    assert sum(block.count for block in blocks) == 100_000


def test_a_block_splits_between_its_lines() -> None:
    first, rest = Block(b"1\n\n2\n3\n", 7, 4).split(3)
    assert (first, rest) == (Block(b"1\n\n2\n", 7, 3), Block(b"3\n", 10, 1))


@given(st.binary(max_size=2000), st.integers(1, 50))
def test_what_was_packed_is_unpacked_whatever_its_pieces_and_members(body: bytes, size: int) -> None:
    half = len(body) // 2
    packed = gzip.compress(body[:half], mtime=0) + gzip.compress(body[half:])
    unpacker = Unpacker()
    parts = [packed[start : start + size] for start in range(0, len(packed), size)]
    assert b"".join(text for part in parts for text in unpacker.feed(part)) == body
    unpacker.end()


def test_a_bomb_is_refused_before_much_of_it_is_unpacked() -> None:
    unpacker, count = Unpacker(), 0
    bomb = gzip.compress(bytes(64 * 2**20))
    with pytest.raises(ApiError) as refused:  # noqa: PT012 - what came before counts
        for start in range(0, len(bomb), 1000):
            count += sum(len(text) for text in unpacker.feed(bomb[start : start + 1000]))
    assert refused.value.status == 413
    assert count <= 2**20 + len(bomb) * MAX_RATIO


@pytest.mark.parametrize(
    "body", [b"441132456789\n", gzip.compress(b"44113\n", mtime=0)[:-4], zlib.compress(b"44113\n")]
)
def test_what_is_no_whole_gzip_is_said_to_be_none(body: bytes) -> None:
    unpacker = Unpacker()
    with pytest.raises(ApiError, match="no sound gzip"):  # noqa: PT012 - here or at the end
        list(unpacker.feed(body))
        unpacker.end()


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ('{"number":"44"}', OBJECTS),
        ('"44113"', OBJECTS),
        ("number,cli", TABLE),
        ('"number";"cli"', TABLE),
        ("number", TABLE),
        ("+44 (113) 245-6789", NUMBERS),
        ("441132456789", NUMBERS),
    ],
)
def test_a_body_is_known_by_its_first_line(line: str, kind: str) -> None:
    assert sniff(line) == kind


def test_a_document_is_not_taken_for_lines() -> None:
    with pytest.raises(ApiError, match="Body is one document"):
        sniff('[{"number":"44"}]')


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_header_names_the_parameters_and_an_empty_cell_is_none(delimiter: str) -> None:
    read = table_reader(f'"Number"{delimiter} cli{delimiter}duration', KNOWN)
    line = f'"+44 113"{delimiter}{delimiter}37'
    assert read(line) == {"number": "+44 113", "duration": "37"}


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("number,foo", "Unknown Parameter 'foo'"),
        ("cli,duration", "Missing Required Parameter 'number'"),
        ("number,number", "'number': is the name of two columns"),
    ],
)
def test_a_header_that_names_something_else_is_refused(header: str, says: str) -> None:
    with pytest.raises(ApiError) as refused:
        table_reader(header, KNOWN)
    assert says in refused.value.reason


@pytest.mark.parametrize("line", ["1,2,3,4", '"1,2'])
def test_a_broken_line_of_a_table_says_what_is_wrong(line: str) -> None:
    with pytest.raises(ApiError, match="Invalid Line"):
        table_reader("number,cli,duration", KNOWN)(line)


def test_a_line_of_json_is_an_object_a_text_or_a_number() -> None:
    read = objects_reader(NO_LISTS)
    assert read('{"number":"+44","duration":37.5}') == {"number": "+44", "duration": "37.5"}
    assert read('"+44"') == read("+44") == {"number": "+44"}
    for line in ("[1]", '{"a', '"4', '{"number":null}', '{"number":"1","number":"2"}'):
        with pytest.raises(ApiError) as refused:
            read(line)
        assert refused.value.status == 400


def test_a_line_that_is_no_utf_8_says_so() -> None:
    with pytest.raises(ApiError, match="Line is not UTF-8"):
        text_of(b"44\xff")
