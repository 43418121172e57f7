"""
Whatever the bytes of a table, it is read, or refused as none: nothing else happens, and what was refused left nothing.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from ratecards.numbering import lrn_build, mccmnc, ofcom
from ratecards.numbering.lrn import open_lrn
from ratecards.numbering.reading import Report
from ratecards.numberset import ListError

HEADERS = {
    "lrn": b"tn,lrn,ocn,lata,city,state,jurisdiction,lec,local\n",
    "ofcom": b"NMS Number Block: Number Block,Block Status,Allocation Date\n",
    "mccmnc": b"prefix,mcc,mnc,operator\n",
}
KINDS: dict[str, tuple[Callable[[Path, Path], Report], Callable[[Path], object]]] = {
    "lrn": (lrn_build.build, open_lrn),
    "ofcom": (ofcom.build, ofcom.open_ofcom),
    "mccmnc": (mccmnc.build, mccmnc.open_mccmnc),
}
CELLS = st.sampled_from(
    (
        *(b"", b" ", b"#", b"\r", b"\0", b"\x1f", b"\xff", b"\xd9\xa2", b"\xef\xbb\xbf", b'"', b'"a', b'a""b'),
        *(b"2125550100", b"+1 (212) 555-0100", b"9" * 20, b"1134 96 0", b"0-9", b"-1", b"1e5", b"234", b"15"),
        *(b"Free", b"21/05/1997"),
    )
)
ROWS = st.lists(st.lists(CELLS | st.binary(max_size=6), max_size=12).map(b",".join), max_size=12).map(b"\n".join)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.many
@examples(300)
@given(text=ROWS, has_header=st.booleans())
def test_any_bytes_are_a_table_or_none(tmp_path: Path, kind: str, text: bytes, has_header: bool) -> None:
    build, opened = KINDS[kind]
    source, target = tmp_path / "source", tmp_path / "built"
    target.unlink(missing_ok=True)
    source.write_bytes(HEADERS[kind] * has_header + text)
    lines = source.read_bytes().count(b"\n") + 1
    try:
        report = build(source, target)
    except ListError:
        assert not target.exists()
        return
    assert report.rows > 0
    assert all(1 <= line <= lines for line, _ in report.refused)
    opened(target)
