"""
A published list of numbers is read whatever its shape, and each line left out is named.
"""

import gzip
import lzma
from pathlib import Path

import pytest

from ratecards.numbers import NumberError
from ratecards.numberset import ListError, Refusals, read_set
from ratecards.numberset.lists import MAX_LINE
from ratecards.numberset.packed import opened
from ratecards.numberset.refusals import MAX_LISTED


def read(folder: Path, content: str | bytes, **options: object) -> tuple[list[str], list[tuple[int, str]]]:
    path = folder / "list"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    refusals = Refusals()
    numbers = list(read_set(path, refusals, **options))
    assert refusals.count == len(refusals.listed)
    return numbers, [tuple(refusal) for refusal in refusals.listed]


@pytest.mark.parametrize(
    "content",
    [
        "44113\n33199\n",
        "44113\r\n33199",
        "\ufeff44113\n33199\n",
        "# a list\n\n+44 113\n  \n0033 (199)\n",
        "number\n44113\n33199\n",
        "44113,Leeds\n33199,Paris\n",
        "Phone Number;Name\n44113;Leeds\n33199;Paris\n",
        "name,msisdn\nLeeds,44113\nParis,33199\n",
        'name,number\n"Leeds, UK","+44 113"\nParis,33199\n',
        "\tnumber\n\t44113\n\t33199\n",
    ],
)
def test_a_list_is_read_in_the_shape_it_has(content: str, tmp_path: Path) -> None:
    """
    Byte order mark, line ends, comments, header, delimiter, quotes, numbers as people write them.
    """
    assert read(tmp_path, content) == (["33199", "44113"], [])


def test_the_column_can_be_named(tmp_path: Path) -> None:
    """
    Also where another is headed as a column of numbers.
    """
    assert read(tmp_path, "number,Ported To\n1,44113\n2,33199\n", column="ported to") == (["33199", "44113"], [])


@pytest.mark.parametrize(
    ("content", "why"), [("number,name\n1,a\n", "no column 'tn' in line 1"), ("", "no column 'tn': the file is empty")]
)
def test_a_column_that_is_not_there_is_an_error(content: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(ListError, match=why):
        read(tmp_path, content, column="tn")


def test_an_empty_file_is_an_empty_list(tmp_path: Path) -> None:
    assert read(tmp_path, "") == ([], [])


def test_each_bad_line_is_refused_by_its_number_and_the_others_are_taken(tmp_path: Path) -> None:
    lines = ["number,name", "44113,a", "4x4,b", "0113,c", "", "1234567890123456,d", ",e", "33199,f", "\u0664\u0664"]
    assert read(tmp_path, "\n".join(lines)) == (
        ["33199", "44113"],
        [
            (3, "'x' is not a digit"),
            (4, "starts with 0, which no country code does; write it as +, country code, number"),
            (6, "has 16 digits, more than the 15 of E.164"),
            (7, "is empty"),
            (9, "U+0664 is not a digit"),
        ],
    )


def test_a_line_without_the_column_is_refused(tmp_path: Path) -> None:
    assert read(tmp_path, "name,number\nLeeds,44113\n44114\n") == (
        ["44113"],
        [(3, "has 1 columns, and the number is in column 2")],
    )


def test_a_quote_that_never_closes_costs_its_own_line_only(tmp_path: Path) -> None:
    """
    It does not swallow those that follow.
    """
    assert read(tmp_path, 'name,number\n"Leeds,44113\nParis,33199\n')[0] == ["33199"]


def test_national_numbers_are_read_by_the_caller_s_own_rule(tmp_path: Path) -> None:
    """
    As lists of a single country have them; also where every line looks like plain digits.
    """

    def british(text: str) -> str:
        if not text.startswith("0"):
            raise NumberError("does not start with 0")
        return "44" + text[1:]

    assert read(tmp_path, "0113\n0114\n113\n", number=british) == (
        ["44113", "44114"],
        [(3, "does not start with 0")],
    )


def test_lines_are_counted_through_a_file_of_many_blocks(tmp_path: Path) -> None:
    """
    Where plain digits and other lines alternate by the MiB.
    """
    plain = "".join(f"{number}\n" for number in range(10**11, 10**11 + 200_000))
    content = plain + "bad\n" + plain.replace("\n", "\r\n") + "+44 113,x\nworse\n" + plain
    numbers, refused = read(tmp_path, content)
    assert len(numbers) == 200_001
    assert [line for line, _ in refused] == [200_001, 400_003]


def test_a_header_is_only_the_first_line(tmp_path: Path) -> None:
    """
    Not the first of a later block either: here the first block of the file ends where the word begins.
    """
    numbers = range(10**11, 10**11 + 80_659)
    plain = "49123456789\n" + "".join(f"{number}\n" for number in numbers)
    assert len(plain) == 3 + 2**20
    assert read(tmp_path, plain + "number\n44113\n") == (
        ["44113", "49123456789", *map(str, numbers)],
        [(80_661, "'n' is not a digit")],
    )


def test_plain_digits_are_no_line_of_a_table(tmp_path: Path) -> None:
    """
    Where the numbers stand in another column than the first, however many such lines there are.
    """
    plain = "".join(f"{number}\n" for number in range(10**11, 10**11 + 200_000))
    (tmp_path / "list").write_text("name,number\nLeeds,44113\n" + plain)
    refusals = Refusals()
    assert list(read_set(tmp_path / "list", refusals)) == ["44113"]
    assert refusals.count == 200_000


@pytest.mark.parametrize("length", [MAX_LINE + 1, 5 * 2**20])
def test_a_line_too_long_is_refused_and_the_next_is_read(length: int, tmp_path: Path) -> None:
    content = "44113,a\n" + "33199," + "x" * length + "\n49,b\n"
    assert read(tmp_path, content) == (["49", "44113"], [(2, "is a line of more than 1,000 characters")])


def test_what_is_no_text_at_all_is_refused_line_by_line(tmp_path: Path) -> None:
    content = b"49\n" + bytes(range(128, 256)) + b"\n\0\0\0\n" + "44113\n".encode("utf-16-le")
    numbers, refused = read(tmp_path, content)
    assert numbers == ["49"]
    assert [line for line, _ in refused] == [2, 3, 4, 5]


def test_a_reason_names_no_number(tmp_path: Path) -> None:
    for _, reason in read(tmp_path, "4411324567x\n1234567890123456\n044113245678\n")[1]:
        assert "113245" not in reason
        assert "123456" not in reason


def test_a_file_of_bad_lines_does_not_fill_the_memory(tmp_path: Path) -> None:
    """
    Beyond a thousand they are counted.
    """
    (tmp_path / "list").write_text("bad\n" * (MAX_LISTED + 500))
    refusals = Refusals()
    assert len(read_set(tmp_path / "list", refusals)) == 0
    assert refusals.count == MAX_LISTED + 499  # the first is taken for a header
    assert len(refusals.listed) == MAX_LISTED


PLAIN = "".join(f"{number}\n" for number in range(441130000000, 441130100000)).encode()
PACKED = {
    "gzip": gzip.compress(PLAIN),
    "xz": lzma.compress(PLAIN),
    "two of gzip": gzip.compress(PLAIN[:700_000]) + gzip.compress(PLAIN[700_000:]),
    "two of xz": lzma.compress(PLAIN[:700_000]) + lzma.compress(PLAIN[700_000:]),
    "padded xz": lzma.compress(PLAIN[:700_000]) + bytes(8) + lzma.compress(PLAIN[700_000:]),
}


@pytest.mark.parametrize("content", PACKED.values(), ids=PACKED)
def test_a_packed_list_is_the_list(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(content)
    refusals = Refusals()
    assert len(read_set(tmp_path / "list", refusals)) == 100_000
    assert refusals.count == 0


@pytest.mark.parametrize("content", PACKED.values(), ids=PACKED)
def test_a_packed_list_that_is_cut_is_refused_whole(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(content[:-20])
    with pytest.raises(ListError, match="list is damaged or cut"):
        read_set(tmp_path / "list", Refusals())


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress], ids=["gzip", "xz"])
def test_a_list_that_unpacks_to_more_than_it_may_is_refused_before_it_does(pack: object, tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(pack(b"1" * 10_000_000))
    read: list[int] = []

    def read_all() -> None:
        with opened(tmp_path / "list", 1_000_000) as file:
            while block := file.read(65_536):
                read.append(len(block))

    with pytest.raises(ListError, match="more than a list may"):
        read_all()
    assert 900_000 < sum(read) <= 1_000_000


def test_an_xz_file_that_wants_more_memory_than_there_is_for_it_is_refused(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 2**28}]
    (tmp_path / "list").write_bytes(lzma.compress(b"44\n", lzma.FORMAT_XZ, filters=filters))
    with pytest.raises(ListError, match="cannot be unpacked"):
        read_set(tmp_path / "list", Refusals())


@pytest.mark.parametrize(("start", "kind"), [(b"PK\x03\x04", "zip"), (b"BZh9", "bzip2"), (b"\x28\xb5\x2f\xfd", "zstd")])
def test_another_packing_is_named(start: bytes, kind: str, tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(start + PLAIN)
    with pytest.raises(ListError, match=f"packed with {kind}: only gzip and xz"):
        read_set(tmp_path / "list", Refusals())


def test_whoever_waits_is_told_how_many_numbers_were_read(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(PLAIN + PLAIN)
    told: list[int] = []
    read_set(tmp_path / "list", Refusals(), progress=told.append)
    assert told[-1] == 200_000
    assert told == sorted(told)
    assert len(told) > 2
