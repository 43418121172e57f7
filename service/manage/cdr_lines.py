"""
Bytes that come in piece by piece, cut into lines.
"""

from collections.abc import Iterator

MAX_LINE = 256 * 1024
"""Bytes of a line; FreeSWITCH writes some tens of thousands."""
BOM = b"\xef\xbb\xbf"
Line = tuple[int, bytes]
"""Its number, from 1, and what stands in it."""


class Lines:
    """
    Cuts bytes into lines.

    Attributes:
        too_long: numbers of lines that were left out.
    """

    def __init__(self) -> None:
        self.too_long: list[int] = []
        self._rest = b""
        self._number = 0
        self._skips = False

    def cut(self, data: bytes, *, is_last: bool = False) -> list[Line]:
        """
        The lines that are whole now, without those that are empty.
        """
        whole, newline, self._rest = (self._rest + data).rpartition(b"\n")
        lines = whole.split(b"\n") if newline else []
        if is_last:
            lines.append(self._rest)
        found = list(self._numbered(lines))
        if len(self._rest) > MAX_LINE:
            self._skips, self._rest = True, b""
        return found

    def _numbered(self, lines: list[bytes]) -> Iterator[Line]:
        for raw in lines:
            line = raw if self._number else raw.removeprefix(BOM)
            self._number += 1
            if self._skips or len(line) > MAX_LINE:
                self.too_long.append(self._number)
            elif line.strip():
                yield self._number, line.removesuffix(b"\r")
            self._skips = False
