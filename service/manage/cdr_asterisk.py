"""
Lines of Asterisk's Master.csv, as cdr_csv writes them: no header, every text in quotes.

Source: Asterisk, cdr_csv: ``accountcode, src, dst, dcontext, clid, channel, dstchannel, lastapp, lastdata, start,
answer, end, duration, billsec, disposition, amaflags`` and, where they are turned on, ``uniqueid``, ``userfield`` and
columns that came later.
"""

import re
from collections.abc import Sequence

SRC, DST, CHANNEL, DSTCHANNEL, START, BILLSEC, DISPOSITION, UNIQUEID = 1, 2, 5, 6, 9, 13, 14, 16
LEAST, MOST = 16, 24
SIP_OF_DISPOSITION = {"ANSWERED": "200", "BUSY": "486", "NO ANSWER": "480", "CONGESTION": "503", "FAILED": "500"}
"""What Asterisk itself answers a caller with in each case; the far end's own answer is not in the file."""
_UNIQUEID = re.compile(r"(?:[!-~]+-)?[0-9]+\.[0-9]+", re.ASCII)
_PEER = re.compile(r"[A-Za-z0-9]+/(.+)-[0-9a-f]+(?:;[12])?", re.ASCII)


def is_asterisk(cells: Sequence[str]) -> bool:
    return LEAST <= len(cells) <= MOST and cells[DISPOSITION] in SIP_OF_DISPOSITION


def from_asterisk(cells: Sequence[str]) -> dict[str, str] | None:
    """
    The fields of a record; None: there are not as many cells as Asterisk writes.

    A file without ``uniqueid`` names a call by its channel and start, which are never the same twice.
    """
    if not LEAST <= len(cells) <= MOST:
        return None
    unique = cells[UNIQUEID] if len(cells) > UNIQUEID and _UNIQUEID.fullmatch(cells[UNIQUEID]) else ""
    peer = _PEER.fullmatch(cells[DSTCHANNEL])
    return {
        "call_id": unique or f"{cells[CHANNEL]}@{cells[START]}",
        "number": cells[DST],
        "cli": cells[SRC],
        "carrier": peer[1] if peer else "",
        "start": cells[START],
        "duration": cells[BILLSEC],
        "sip_code": SIP_OF_DISPOSITION.get(cells[DISPOSITION], cells[DISPOSITION]),
    }
