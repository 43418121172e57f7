"""
British blocks are read as the regulator lists them, today and before, and the smallest tells of a number.
"""

from pathlib import Path
from random import Random

import pytest

from ratecards.numbering import ofcom
from ratecards.numbering.ofcom import Block, OfcomBlocks
from ratecards.numberset import CheckpointError, ListError

TODAY = """NMS Number Block: Number Block,Block Status,CP Name,Geographic Number Length,Allocation Date,Notes
1134 95,Allocated,Other Telecom Ltd,3+7,15/07/1994,
1134 96 0,Protected,"Example Telecom, Ltd",3+7,21/05/1997,
1134 97,Free,,3+7,,
"""
BEFORE = """SABC,D/DE,Status,Date,Communications Provider,Use,Notes,Change
7700,09,Allocated,N/A,Provider X,Mobile Services,10 Digit Numbers,01/2015
7700,1,Allocated,N/A,Provider Y,Mobile Services,10 Digit Numbers,02/2016
7790,0-3,Quarantined,N/A,Provider Z,Mobile Services,,08/1999
"""
CRLF = TODAY.replace("\n", "\r\n")
APART = """Area Code,DE,FG,Status,Date Last Modified
1134,96,01,Allocated,2020-02-29
0207,94,6,Allocated,29/02/2020
"""


def opened(tmp_path: Path, text: str) -> OfcomBlocks:
    source = tmp_path / "s1.csv"
    source.write_text(text)
    ofcom.build(source, tmp_path / "built")
    return ofcom.open_ofcom(tmp_path / "built")


@pytest.mark.parametrize(
    ("text", "number", "block"),
    [
        (TODAY, "441134960123", Block("441134960", "1134", "96", "0", "Protected", "1997-05-21")),
        (TODAY, "441134950123", Block("44113495", "1134", "95", "", "Allocated", "1994-07-15")),
        (TODAY, "441134970123", Block("44113497", "1134", "97", "", "Free", None)),
        (TODAY, "441134961123", None),
        (BEFORE, "447700091234", Block("44770009", "7700", "09", "", "Allocated", "2015-01")),
        (BEFORE, "447700123456", Block("4477001", "7700", "1", "", "Allocated", "2016-02")),
        (BEFORE, "447790212345", Block("4477902", "7790", "2", "", "Quarantined", "1999-08")),
        (BEFORE, "447790312345", Block("4477903", "7790", "3", "", "Quarantined", "1999-08")),
        (BEFORE, "447790412345", None),
        (APART, "441134960112", Block("4411349601", "1134", "96", "01", "Allocated", "2020-02-29")),
        (APART, "442079460123", Block("44207946", "207", "94", "6", "Allocated", "2020-02-29")),
        (TODAY + BEFORE, "447700123456", Block("4477001", "7700", "1", "", "Allocated", "2016-02")),
        (TODAY + BEFORE, "441134960123", Block("441134960", "1134", "96", "0", "Protected", "1997-05-21")),
        ("\ufeff" + CRLF, "441134950123", Block("44113495", "1134", "95", "", "Allocated", "1994-07-15")),
        (TODAY, "331134960123", None),
    ],
)  # fmt: skip
def test_a_number_is_in_the_smallest_block_that_is_listed(
    tmp_path: Path, text: str, number: str, block: Block | None
) -> None:
    assert opened(tmp_path, text).find(number) == block


def test_the_smallest_of_many_nested_blocks_is_found_as_a_dict_finds_it(tmp_path: Path) -> None:
    rng = Random(3)
    digits = {str(rng.randrange(1, 10)) + "".join(rng.choices("012", k=rng.randrange(3, 7))) for _ in range(500)}
    listed = {one: f"Status {number}" for number, one in enumerate(sorted(digits))}
    rows = "".join(f"{one[:4]} {one[4:6]} {one[6:]},{status}\n" for one, status in listed.items())
    blocks = opened(tmp_path, "Number Block,Block Status\n" + rows)
    for _ in range(2_000):
        asked = str(rng.randrange(1, 10)) + "".join(rng.choices("012", k=9))
        longest = next((asked[:n] for n in range(10, 0, -1) if asked[:n] in listed), None)
        found = blocks.find(f"44{asked}")
        assert (found and found.status) == (longest and listed[longest])
        assert found is None or (found.area_code + found.de + found.fg) == longest


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1134 98,,X,3+7,", "has no status"),
        ("x,Free", "is no block of 2 to 10 digits that do not start with 0"),
        ("1134 95,Free", "1134 95  is listed above as something else"),
        ("0,Free", "is no block of 2 to 10 digits that do not start with 0"),
        ("1134 ٩٥,Free", "neither digits nor a range"),
        ("1134 9-0,Free", "a range that ends before it begins"),
        ("1134 96 00000000,Free", "neither digits nor a range"),
    ],
)
def test_a_line_that_is_no_block_is_refused_by_its_number_and_the_others_are_taken(
    tmp_path: Path, row: str, reason: str
) -> None:
    source = tmp_path / "s1.csv"
    source.write_text(TODAY + row + "\n")
    report = ofcom.build(source, tmp_path / "built")
    assert report.rows == 3
    ((line, why),) = report.refused
    assert line == 5
    assert reason in why


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", TODAY.partition("\n")[0] + "\n", "1134 95,Allocated\n"])
def test_a_file_that_is_no_such_list_is_refused_and_nothing_is_written(tmp_path: Path, text: str) -> None:
    source, target = tmp_path / "s1.csv", tmp_path / "built"
    source.write_text(text)
    with pytest.raises(ListError):
        ofcom.build(source, target)
    assert not target.exists()


def test_a_built_file_that_was_changed_anywhere_is_not_opened(tmp_path: Path) -> None:
    opened(tmp_path, TODAY)
    path = tmp_path / "built"
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(CheckpointError):
            ofcom.open_ofcom(path)


def test_a_file_that_is_whole_but_not_the_one_that_is_meant_is_not_opened(tmp_path: Path) -> None:
    opened(tmp_path, TODAY)
    with pytest.raises(CheckpointError):
        ofcom.open_ofcom(tmp_path / "built", "0" * 64)
