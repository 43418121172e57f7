"""
Facts by prefix in one file: the longest prefix of a number that is listed, and what stands beside it.

A checkpoint: the prefixes as a trie, by the id of each the place of its record, and the records, equal ones once, as
JSON that is read when it is asked for.
"""

import hashlib
from array import array
from collections.abc import Callable, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any, Self

import marisa_trie
import orjson

from ratecards.numberset.checkpoint import CheckpointError, Kind, open_checkpoint, writing

_BLOCK = 1024 * 1024


class PrefixTable:
    """
    An immutable table, mapped from its file.

    Attributes:
        meta: what the writer said of the table as a whole.
        rows: prefixes listed.
    """

    __slots__ = ("_at", "_ends", "_id_of", "_prefixes_of", "_records", "_trie", "meta", "rows")

    def __init__(self, sections: Mapping[str, bytes | memoryview]) -> None:
        """
        Open sections as :func:`write_prefixes` lays them out.
        """
        self._trie = marisa_trie.Trie()
        self._trie.frombytes(bytes(sections["trie"]))
        self._prefixes_of = self._trie.prefixes
        self._id_of = self._trie.key_id
        self._at = memoryview(sections["at"]).cast("I")
        self._ends = memoryview(sections["ends"]).cast("Q")
        self._records = memoryview(sections["records"])
        self.meta: Any = orjson.loads(sections["meta"])
        self.rows = len(self._trie)

    @classmethod
    def open(cls, path: Path, kind: Kind, digest: str = "", pause: Callable[[], None] | None = None) -> Self:
        """
        Verify a file and open it.

        Args:
            digest: SHA-256 of the file, in hexadecimal; empty: only the one within is checked.

        Raises:
            CheckpointError: the file is not whole, not the one expected, or something else.
            OSError: it cannot be read.
        """
        check_digest(path, digest)
        return cls(open_checkpoint(path, kind, pause))

    def find(self, number: str) -> tuple[str, Any] | None:
        """
        The longest prefix of some digits that is listed, and its record; None: none is.
        """
        prefix = self.prefix_of(number)
        return (prefix, self.record_of(prefix)) if prefix else None

    def prefix_of(self, number: str) -> str:
        """
        The longest prefix of some digits that is listed; empty: none is.
        """
        found = self._prefixes_of(number)
        return found[-1] if found else ""

    def record_of(self, prefix: str) -> Any:
        """
        What stands beside a prefix that is listed.
        """
        at = self._at[self._id_of(prefix)]
        return orjson.loads(self._records[self._ends[at] : self._ends[at + 1]])


def write_prefixes(path: Path, kind: Kind, records: Mapping[str, Any], meta: Any = None) -> None:
    """
    Put a table on disk whole or not at all.

    Args:
        records: prefix -> anything that JSON can say, equal ones kept once.
    """
    trie = marisa_trie.Trie(list(records))
    places: dict[bytes, int] = {}
    at = array("I", bytes(4 * len(records)))
    for prefix, record in records.items():
        at[trie.key_id(prefix)] = places.setdefault(orjson.dumps(record), len(places))
    with writing(path, kind) as file:
        for name, content in (("meta", orjson.dumps(meta)), ("trie", trie.tobytes()), ("at", at)):
            file.section(name)
            file.write(content)
        file.section("ends")
        file.write(array("Q", accumulate(map(len, places), initial=0)))
        file.section("records")
        file.write(b"".join(places))


def check_digest(path: Path, digest: str) -> None:
    """
    Make sure that a file is the one that is meant.

    Raises:
        CheckpointError: it is another, or damaged.
        OSError: it cannot be read.
    """
    if not digest:
        return
    actual = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            actual.update(block)
    if actual.hexdigest() != digest:
        raise CheckpointError(f"{path.name}: damaged: its SHA-256 does not agree")
