"""
A replay reads what switches write, refuses rows one by one, and says what new prices would have made of the rest.
"""

import gzip
import lzma
from pathlib import Path

import polars as pl
import pytest

from ratecards.model import Rule, Terms
from ratecards.profiles import PROFILES
from ratecards.replay import (
    Calls,
    CallsError,
    Reading,
    Replay,
    Side,
    Tally,
    lay_out,
    read_calls,
    read_pieces,
)
from ratecards.replay import pieces as in_pieces
from ratecards.rules import to_frame

NOW = 1_800_000_000
START = 1_783_000_000
"""2026-07-02 13:46:40 UTC."""
OURS = "call_id,number,cli,account,card,carrier,start,duration,sip_code,sip_reason\n"
READ = ("number", "start", "duration_s")


def calls(path: Path, profile: str | None = None, *, trusted: bool = True) -> Calls:
    """
    All calls of a file.
    """
    reading = Reading(NOW, PROFILES[profile] if profile else None)
    parts = [read_calls(piece, reading) for piece in read_pieces(path, trusted=trusted)]
    refusals = sum((part.refusals for part in parts[1:]), parts[0].refusals)
    table = pl.concat([part.table for part in parts]).sort("line")
    return Calls(table, sum(p.rows for p in parts), sum(p.unanswered for p in parts), refusals)


def written(tmp_path: Path, content: str | bytes, name: str = "calls") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refused(found: Calls) -> list[tuple[int, str, str]]:
    return [(refusal.line, refusal.column, refusal.reason) for refusal in found.refusals.first]


def test_our_own_call_records_are_read_as_they_are(tmp_path: Path) -> None:
    content = OURS + f"a,441132456789,4420,acme,retail,c,{START},37,200,OK\nb,4477,,acme,retail,c,{START},0,487,x\n"
    found = calls(written(tmp_path, content))
    assert (found.rows, found.unanswered, found.refusals.count) == (2, 1, 0)
    (row,) = found.table.rows(named=True)
    assert {name: row[name] for name in ("line", "number", "cli", "start", "duration_s")} == {
        "line": 2, "number": "441132456789", "cli": "4420", "start": START, "duration_s": 37,
    }  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        f"calldate,src,dst,duration,billsec,disposition\n{START},1,44113,99,37,ANSWERED\n{START},1,44113,9,9,BUSY\n",
        '"Start Time";"Called Number";"Duration (sec)"\n"2026-07-02T13:46:40Z";"+44 113";"37"\n',
        "start_stamp\tdestination_number\tbillsec\n2026-07-02 13:46:40\t0044113\t36.000001\n",
        "\ufeffTo|From|Call Duration|Date\r\n44113|x|0:00:37|02-Jul-2026 15:46:40+02:00\r\n",
        '{"number":44113,"duration":36.5,"start":1783000000}\n\n{"called":"44113","billsec":0,"start":""}\n',
    ],
    ids=["asterisk", "quoted", "freeswitch", "portal", "objects"],
)
def test_a_switch_s_own_words_are_known(tmp_path: Path, content: str) -> None:
    found = calls(written(tmp_path, content))
    assert refused(found) == []
    assert found.table.select(READ).rows() == [("44113", START, 37)]


@pytest.mark.parametrize("packed", [gzip.compress, lzma.compress], ids=["gzip", "xz"])
def test_packed_files_are_unpacked_also_where_there_are_several_in_one(tmp_path: Path, packed: object) -> None:
    assert callable(packed)
    parts = (f"number,duration\n44113,{1}\n".encode(), b"44113,2\n", b"44113,3")
    found = calls(written(tmp_path, b"".join(map(packed, parts))))
    assert found.table["duration_s"].to_list() == [1, 2, 3]
    assert found.table["start"].to_list() == [NOW] * 3, "a file without a start is of now"


def test_parquet_is_read_with_its_own_types(tmp_path: Path) -> None:
    moment = pl.from_epoch(pl.Series("calldate", [START, START]), time_unit="s").dt.replace_time_zone("UTC")
    frame = pl.DataFrame({"calldate": moment, "called": [44113, None], "billsec": [36.5, 2.0], "more": [1, 2]})
    frame.write_parquet(tmp_path / "calls")
    found = calls(tmp_path / "calls")
    assert found.table.select(READ).rows() == [("44113", START, 37)]
    assert refused(found) == [(2, "number", "is empty")]


def test_each_row_that_cannot_be_read_is_refused_with_its_line_and_no_other(tmp_path: Path) -> None:
    rows = [
        "44113,2026-07-02 13:46:40,37",
        "nobody,2026-07-02 13:46:40,37",
        "",
        '"44113,2026-07-02 13:46:40,37',
        "44113,03/04/2026,37",
        "44113,,37",
        "44113,2026-07-02 13:46:40,",
        "44113,2026-07-02 13:46:40,-1",
        "44113,2026-07-02 13:46:40,37,,",
        "44113,2026-07-02 13:46:40,37,1",
        "44113",
        "44113,2026-13-02 13:46:40,999999999",
        "44113,17830000000000,1e3",
        "44113,17830000000000,1",
        "44113,2026-07-02 13:46:40,38",
    ]
    found = calls(written(tmp_path, "\n".join(["number,start,duration", *rows])))
    assert found.table.select("line", "duration_s").rows() == [(2, 37), (10, 37), (16, 38)]
    assert (found.rows, found.refusals.count) == (14, 11)
    assert refused(found) == [
        (3, "number", "'n' is not a digit"),
        (5, "row", "has a quote that is not closed on its line"),
        (6, "start", "may have the day or the month first: write 2027-03-04"),
        (7, "start", "is blank"),
        (8, "duration", "is blank"),
        (9, "duration", "is not a number of seconds, nor h:mm:ss"),
        (11, "row", "has more cells than the 3 of the header"),
        (12, "duration", "is blank"),
        (13, "duration", "is not a number of seconds, nor h:mm:ss"),
        (14, "duration", "is not a number of seconds, nor h:mm:ss"),
        (15, "start", "is no unix time in seconds"),
    ]


def test_a_line_that_is_no_object_costs_itself_only(tmp_path: Path) -> None:
    found = calls(written(tmp_path, '{"number":"44113","duration":1}\n{"number"\n[1]\n{"to":"44114","seconds":2}\n'))
    assert found.table["number"].to_list() == ["44113", "44114"]
    assert refused(found) == [(2, "row", "is not JSON"), (3, "row", "is not an object with at most 1,024 keys")]


def test_numbers_are_normalised_as_look_ups_do_it(tmp_path: Path) -> None:
    rows = "".join(f"{dialled},1\n" for dialled in ("01132456789", "+441132456789", "00441132456789", "999"))
    found = calls(written(tmp_path, "number,duration\n" + rows), "uk")
    assert found.table["number"].to_list() == ["441132456789"] * 3
    assert [line for line, *_ in refused(found)] == [5]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\n\n ", "is empty"),
        (b"name,duration\nx,1\n", "has no column with the number of each call; its columns are name, duration"),
        (b"number,price\n44,1\n", "has no column with the duration of each call; its columns are number, price"),
        (b"[]", "is one document: send CSV with a header, or one JSON object a line"),
        (b"PK\x03\x04xxxx", "is a workbook or a zip archive: save the calls as CSV"),
        (b"number,duration\n\x00", "is no text file: it has zero bytes in it"),
        (gzip.compress(b"number,duration\n44,1\n", mtime=0)[:-9], "is a damaged or cut gzip file"),
        (lzma.compress(b"number,duration\n44,1\n")[:-9], "is a damaged or cut xz file"),
        (b"PAR1 and no more", "is a damaged or cut Parquet file"),
        (b"number,duration\n" + b"4" * 2_000_000, "has a line of more than 1 MiB: that is no call"),
        (gzip.compress(b"number,duration\n" + b"\n" * 20_000_000, mtime=0), "unpacks to more than 100 times its size"),
    ],
)
def test_what_is_no_table_of_calls_is_refused_with_what_it_is(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(CallsError) as found:
        calls(written(tmp_path, content), trusted=False)
    assert str(found.value) == why


def test_it_does_not_matter_where_a_file_is_cut_into_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"{44_000 + n},{'x' if n % 7 == 0 else n}" for n in range(200)]
    path = written(tmp_path, "number,duration\r\n" + "\r\n".join(rows))
    whole = calls(path)
    for size in (1, 13, 100):
        monkeypatch.setattr(in_pieces, "PIECE", size)
        cut = calls(path)
        assert cut.table.equals(whole.table)
        assert (cut.rows, cut.unanswered, cut.refusals) == (whole.rows, whole.unanswered, whole.refusals)
    shares = [piece.share for piece in read_pieces(path)]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_refused_rows_are_all_counted_and_the_first_hundred_listed(tmp_path: Path) -> None:
    found = calls(written(tmp_path, "number,duration\n" + "x,1\n" * 250)).refusals
    assert (found.count, [refusal.line for refusal in found.first]) == (250, list(range(2, 102)))


def card(*rules: Rule, currency: str = "USD") -> Side:
    return Side(lay_out(to_frame(rules), Terms(currency)))


def tally(replay: Replay, tmp_path: Path, *rows: str) -> Tally:
    return replay.tally(calls(written(tmp_path, "number,start,duration\n" + "\n".join(rows))))


def test_calls_without_a_price_after_are_told_apart_from_cheaper_ones(tmp_path: Path) -> None:
    unit = 10**10
    old = card(Rule("44", "UK", 3 * unit), Rule("49", "Germany", 5 * unit))
    new = card(Rule("44", "UK", unit), Rule("33", "France", 7 * unit), Rule("49", "Germany", unit, blocked=True))
    rows = (f"{n},{START},60" for n in (441, 442, 491, 331, 99))
    replay = Replay(old, new)
    found = tally(replay, tmp_path, *rows)
    total = found.total
    assert (total["calls"], total["rated_before"], total["rated_after"], total["blocked_after"]) == (5, 3, 3, 1)
    assert (total["cost_before"], total["cost_after"]) == (11 * unit, 9 * unit)
    assert (total["newly_unpriced"], total["newly_unpriced_cost"]) == (1, 5 * unit)
    assert (total["newly_priced"], total["newly_priced_cost"]) == (1, 7 * unit)
    assert set(replay.by_name(found)) == {"UK", "Germany", "France", ""}


def test_a_call_of_the_past_meets_no_rule_of_the_future_unless_it_is_moved_there(tmp_path: Path) -> None:
    later = START + 1000
    new = lay_out(to_frame([Rule("44", "UK", 6 * 10**9, effective=later)]), Terms())
    for side, priced in (
        (Side(new), 0),
        (Side(new, earliest=later), 1),
        (Side(new, earliest=later - 1), 0),
        (Side(new, at=later), 1),
        (Side(new, at=START, earliest=later), 0),
    ):
        assert tally(Replay(card(), side), tmp_path, f"441,{START},60").total["rated_after"] == priced


def test_the_calls_that_lose_most_come_first_and_a_margin_wants_both_prices(tmp_path: Path) -> None:
    unit = 10**10
    buy = card(Rule("44", "UK", unit), Rule("49", "Germany", 3 * unit), Rule("33", "France", unit))
    sell = card(Rule("44", "UK", 2 * unit), Rule("49", "Germany", 2 * unit))
    rows = [f"{n},{START},{s}" for n, s in ((441, 60), (491, 60), (492, 120), (331, 60))]
    found = tally(Replay(card(), buy, sell), tmp_path, *rows)
    assert [(loser.line, loser.margin_after // unit) for loser in found.losers] == [(4, -2), (3, -1)]
    assert (found.losers[0].sell_units, found.losers[0].buy_units) == (4 * unit, 6 * unit)
    assert (found.total["compared_after"], found.total["margin_after"]) == (3, -2 * unit)
    other_way = tally(Replay(card(), sell, buy, sells=True), tmp_path, *rows)
    assert (other_way.total["margin_after"], other_way.total["losing_after"]) == (-2 * unit, 2)
    assert other_way.losers[0][4:6] == found.losers[0][4:6]
