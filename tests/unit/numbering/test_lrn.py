"""
A table of ported numbers answers as a dict of its lines would, whatever their order and however they are written.
"""

import gzip
from pathlib import Path
from random import Random

import pytest

from ratecards.numbering import lrn_build
from ratecards.numbering.lrn import LrnTable, Ported, open_lrn
from ratecards.numberset import CheckpointError, ListError

ROWS = 10_000
HEADER = "tn,lrn,ocn,lata,city,state,jurisdiction,lec,local\n"


def opened(tmp_path: Path, text: str) -> LrnTable:
    source = tmp_path / "lrn.csv"
    source.write_text(text)
    lrn_build.build(source, tmp_path / "built")
    return open_lrn(tmp_path / "built")


def drawn(rng: Random, count: int) -> list[tuple[str, Ported]]:
    """
    Lines in any order, some of them of one number, many of one record.
    """
    records = [
        Ported(f"1212{n:07}", f"{n:04}", str(rng.randrange(900)), f"City {n % 50}", "NY", "", f"Carrier {n % 9}", "Y")
        for n in range(700)
    ]
    records.append(Ported("", "0001"))
    prefixes = [f"1{rng.randrange(200, 999)}{rng.randrange(200, 999)}" for _ in range(60)] + ["44113496", "4930"]
    return [(f"{rng.choice(prefixes)}{rng.randrange(10_000):04}", rng.choice(records)) for _ in range(count)]


@pytest.mark.parametrize(("run_bytes", "stretch", "small"), [(8 * 2**20, 10**6, 2**16), (40_000, 1_000, 2)])
def test_many_numbers_are_found_as_a_dict_finds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_bytes: int, stretch: int, small: int
) -> None:
    """
    In one run and stretch, and in many of each with places of four bytes: the last line of a number counts.
    """
    monkeypatch.setattr(lrn_build, "RUN_BYTES", run_bytes)
    monkeypatch.setattr(lrn_build, "STRETCH", stretch)
    monkeypatch.setattr(lrn_build, "_SAMPLE", 64)
    monkeypatch.setattr(lrn_build, "_SMALL", small)
    lines = drawn(Random(5), ROWS)
    table = opened(tmp_path, HEADER + "".join(f"{tn},{','.join(record)}\n" for tn, record in lines))
    oracle = dict(lines)
    assert table.rows == len(oracle)
    found = {tn: table.find(tn) for tn in oracle}
    assert found == {tn: record if record.lrn else record._replace(lrn=tn) for tn, record in oracle.items()}
    others = [f"{int(tn) + step}" for tn in list(oracle)[:1_500] for step in (-1, 1)]
    assert all(table.find(tn) is None for tn in others if tn not in oracle)


@pytest.mark.parametrize("number", ["1", "12125550099", "12125550101", "999999999999999"])
def test_a_number_that_is_not_listed_is_not_known(tmp_path: Path, number: str) -> None:
    assert opened(tmp_path, HEADER + "2125550100,2125550199\n").find(number) is None


@pytest.mark.parametrize(
    "line",
    [
        "2125550100,2125550199,1234,132,NEW YORK,NY,,Verizon,Y",
        "12125550100,12125550199,1234,132,NEW YORK,NY,,Verizon,Y",
        '"+1 (212) 555-0100","212.555.0199","1234",132,"NEW YORK",NY,,"Verizon",Y',
        " 2125550100 , 2125550199 , 1234 , 132 , NEW YORK , NY , , Verizon , Y \r",
    ],
)
def test_numbers_are_read_as_people_write_them(tmp_path: Path, line: str) -> None:
    expected = Ported("12125550199", "1234", "132", "NEW YORK", "NY", "", "Verizon", "Y")
    for text in (HEADER + line, line, f"\ufeff# a comment\n\n{HEADER}{line}\n", HEADER + line.replace(",", "\t")):
        if "\t" not in text or '"' not in line:
            table = opened(tmp_path, text.replace(HEADER, HEADER.replace(",", "\t")) if "\t" in text else text)
            assert table.find("12125550100") == expected


def test_columns_stand_where_the_header_says_and_a_comma_in_quotes_is_no_delimiter(tmp_path: Path) -> None:
    table = opened(tmp_path, 'LEC;Phone Number;LRN;Rate Center\n"Bell; Inc";2125550100;2125550199;"NY, NY"\n')
    assert table.find("12125550100") == Ported("12125550199", city="NY, NY", lec="Bell; Inc")


def test_a_packed_table_is_the_same_table(tmp_path: Path) -> None:
    (tmp_path / "lrn.csv").write_bytes(gzip.compress(b"2125550100,2125550199\n"))
    assert lrn_build.build(tmp_path / "lrn.csv", tmp_path / "built").rows == 1
    assert open_lrn(tmp_path / "built").find("12125550100") == Ported("12125550199")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("bad,2125550199", "has no tn of 1 to 15 digits"),
        ("0125550100,2125550199", "has no tn of 1 to 15 digits"),
        ("1234567890123456,2125550199", "has no tn of 1 to 15 digits"),
        ("2125550101,x", "lrn is not 1 to 15 digits"),
        ("٢125550101,2125550199", "has no tn of 1 to 15 digits"),
        (f"2125550101,2125550199,{'9' * 81}", "has a text of more than 80 characters"),
        (f"2125550101,2125550199,{'9' * 4001}", "is a line of more than 4,000 characters"),
        ('"2125550101,2125550199', "has no tn of 1 to 15 digits"),
    ],
)
def test_a_bad_line_is_refused_by_its_number_and_the_others_are_taken(tmp_path: Path, row: str, reason: str) -> None:
    source = tmp_path / "lrn.csv"
    source.write_text(f"{HEADER}2125550100,2125550199\n\n{row}\n2125550102,2125550199\n")
    report = lrn_build.build(source, tmp_path / "built")
    assert report.refused == [(4, reason)]
    assert report.rows == 2
    assert open_lrn(tmp_path / "built").find("12125550102") == Ported("12125550199")


@pytest.mark.parametrize("text", ["", "a,b\nx,y\n", HEADER, "x\n", HEADER + "bad,1\n"])
def test_a_file_without_numbers_is_refused_and_nothing_is_left_behind(tmp_path: Path, text: str) -> None:
    source = tmp_path / "lrn.csv"
    source.write_text(text)
    with pytest.raises(ListError):
        lrn_build.build(source, tmp_path / "built")
    assert list(tmp_path.iterdir()) == [source]


def test_a_table_of_too_many_different_records_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lrn_build, "MAX_RECORDS", 2)
    with pytest.raises(ListError, match="more than 2 different"):
        opened(tmp_path, "".join(f"212555010{n},212555019{n}\n" for n in range(3)))


def test_a_built_table_that_was_changed_anywhere_is_not_opened(tmp_path: Path) -> None:
    opened(tmp_path, HEADER + "2125550100,2125550199\n")
    path = tmp_path / "built"
    whole = path.read_bytes()
    for at in range(0, len(whole), 5):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(CheckpointError):
            open_lrn(path)
