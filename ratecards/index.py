"""
The compiled card: the longest match of a number at an instant.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import marisa_trie
import orjson

from ratecards.jurisdiction import Places
from ratecards.layout import ALWAYS, ANY_LENGTH, JURISDICTIONS, NEVER, NO_RATE, SHARED
from ratecards.model import Caller, Jurisdiction, Quote, Rule, Terms, Verdict
from ratecards.origins import origin_score

MAX_READ = 65_536
"""Combinations of shared terms kept decoded, about 200 bytes each."""
_ANYBODY = Caller()
_RATE_OF = {
    Jurisdiction.INTERSTATE: "rate_inter_units",
    Jurisdiction.INTRASTATE: "rate_intra_units",
    Jurisdiction.INDETERMINATE: "rate_indeterminate_units",
}


class Shared(NamedTuple):
    """
    What rules have in common, one row of :data:`ratecards.layout.SHARED`; times are unix seconds.
    """

    connect_fee_units: int
    mcd_s: int
    pulse_s: int
    effective: int
    expires: int
    blocked: int
    origin_id: int
    min_digits: int
    max_digits: int


class Lasting(NamedTuple):
    """
    A rule that answers until there is another revision.

    Attributes:
        shared_id: the same number, the same fees, increments and dates.
    """

    rate_units: int
    name: str
    shared_id: int
    shared: Shared


class _Question(NamedTuple):
    number: str
    rated: str
    cli: str
    places: Places | None
    tried: tuple[str, ...]


class _MappedTrie(marisa_trie.Trie):  # type: ignore[misc]
    """
    A trie that keeps the memory it reads alive, also for whoever holds no more than one of its methods.
    """

    keep: object = None


class CardIndex:
    """
    A compiled card, read straight from its sections; immutable, and safe to share between threads.

    Attributes:
        terms: what all rules share.
        prefixes_of: every prefix the card holds of a number, shortest first (0.8 µs).
        rules: number of rules.
        prefixes: number of prefixes.
        has_jurisdictions: some rule has an interstate, intrastate or indeterminate rate.
        asks_call: the price of some number depends on more than its longest prefix: who calls, or its length.

    """

    def __init__(self, sections: Mapping[str, bytes | memoryview], keep: object = None) -> None:
        """
        Open sections as :func:`ratecards.compile.compile_rules` makes them.

        Args:
            sections: section name to its bytes.
            keep: whatever owns the memory of the sections, held as long as the index lives.

        """
        meta = orjson.loads(sections["meta"])
        self.terms = Terms(**meta["terms"])
        self.rules: int = meta["rules"]
        self.prefixes: int = meta["prefixes"]
        self._trie = _MappedTrie()
        self._trie.map(sections["trie"])
        self._trie.keep = (keep, sections)
        self.prefixes_of = self._trie.prefixes
        self._first = _array(sections["first"], "I")
        self._rate = _array(sections["rate"], "q")
        self._shared_id = _array(sections["shared"], "I")
        self._name_id = _array(sections["name"], "I")
        self._columns = [_array(sections[f"shared.{name}"], code) for name, code in SHARED.items()]
        self._read: dict[int, Shared] = {}
        self._by_jurisdiction = {name: _array(sections[name], "q") for name in JURISDICTIONS if name in sections}
        self._names = sections["names"]
        self._name_at = _array(sections["names.at"], "I")
        self._origins = _read_texts(sections["origins"], sections["origins.at"])
        self.has_jurisdictions = bool(self._by_jurisdiction)
        self.asks_call: bool = meta["asks_call"]

    def prefix(self, number: int) -> str:
        """
        A prefix of the card by its number, from 0.
        """
        return str(self._trie.restore_key(number))

    def quote(self, number: str, at: int, caller: Caller = _ANYBODY, places: Places | None = None) -> Quote:
        """
        Find the rule that prices a number at an instant.

        The longest prefix with a rule in force decides. A rule not yet or no longer in force lets the next shorter
        prefix answer; a blocked one, or one for other callers or other lengths of number, does not.

        Args:
            number: E.164 digits.
            at: unix seconds.
            caller: who calls, for cards whose price depends on it.
            places: where North American numbers are; the bundled table when left out.

        Returns:
            A quote; a miss carries its verdict.

        """
        rated = caller.lrn if caller.lrn and self.terms.rates_by_lrn else number
        tried = tuple(reversed(self.prefixes_of(rated)))
        question = _Question(number, rated, caller.cli, places, tried)
        until = NEVER
        expired = False
        for prefix in tried:
            rows, change, ended = self._in_force(prefix, at)
            until = min(until, change)
            if rows:
                return self._decide(question, prefix, rows, _or_none(until, NEVER))
            expired = expired or ended
        verdict = Verdict.EXPIRED if expired else Verdict.NO_RATE
        return Quote(number, "", verdict=verdict, until=_or_none(until, NEVER), tried=tried)

    def lasting(self, prefix: str, at: int) -> "Lasting | None":
        """
        The rule of one of the card's prefixes where it is the only one, in force, never ends, and is not blocked.

        Returns:
            None: only :meth:`quote` can tell; always so on a card whose price depends on the call.
        """
        found = self._lasting_row(prefix, at)
        if found is None:
            return None
        row, shared = found
        name = self._name_id[row]
        return Lasting(
            self._rate[row],
            bytes(self._names[self._name_at[name] : self._name_at[name + 1]]).decode(),
            self._shared_id[row],
            shared,
        )

    def lasting_price(self, prefix: str, at: int) -> tuple[int, Shared] | None:
        """
        The price of such a rule, and what it has in common with others; its name is not read.
        """
        found = self._lasting_row(prefix, at)
        return None if found is None else (self._rate[found[0]], found[1])

    def _lasting_row(self, prefix: str, at: int) -> tuple[int, Shared] | None:
        prefix_id = self._trie.key_id(prefix)
        row = self._first[prefix_id]
        if self.asks_call or self._first[prefix_id + 1] - row != 1:
            return None
        shared = self._shared(row)
        if shared.effective > at or shared.expires != NEVER or shared.blocked:
            return None
        return row, shared

    def _in_force(self, prefix: str, at: int) -> tuple[list[int], int, bool]:
        """
        Rows of a prefix in force, the next instant that may change them, and whether one has ended.
        """
        prefix_id = self._trie.key_id(prefix)
        change, ended, rows = NEVER, False, []
        for row in range(self._first[prefix_id], self._first[prefix_id + 1]):
            shared = self._shared(row)
            if at < shared.effective:
                change = min(change, shared.effective)
            elif at < shared.expires:
                change = min(change, shared.expires)
                rows.append(row)
            else:
                ended = True
        return rows, change, ended

    def _decide(self, question: _Question, prefix: str, rows: list[int], until: int | None) -> Quote:
        number, tried = question.number, question.tried
        row = self._row_for(rows, question)
        if row is None:
            return Quote(number, prefix, verdict=Verdict.NO_RATE, until=until, tried=tried)
        rule = self.rule(row, prefix)
        if rule.blocked:
            return Quote(number, prefix, rule, Verdict.BLOCKED, until=until, tried=tried)
        if not self.has_jurisdictions:
            return Quote(number, prefix, rule, None, rule.rate_units, until, None, tried)
        jurisdiction = (question.places or Places.nanpa()).jurisdiction(question.cli, question.rated)
        rate = self._by_jurisdiction.get(_RATE_OF.get(jurisdiction, ""))
        units = rule.rate_units if rate is None or rate[row] == NO_RATE else rate[row]
        return Quote(number, prefix, rule, None, units, until, jurisdiction, tried)

    def _row_for(self, rows: list[int], question: _Question) -> int | None:
        """
        Of the rows in force, latest start first: the one that names the caller most closely.
        """
        if not self.asks_call:
            return rows[0]
        best, best_score = None, -1
        for row in rows:
            shared = self._shared(row)
            if not shared.min_digits <= len(question.number) <= shared.max_digits:
                continue
            origin = self._origins[shared.origin_id]
            score = origin_score(origin, question.cli, question.rated, self.terms.origin_group) if origin else 0
            if score > best_score:
                best, best_score = row, score
        return best

    def _shared(self, row: int) -> Shared:
        """
        What a row has in common with others, read once; a card with no end of such rows is read anew each time.
        """
        shared_id = self._shared_id[row]
        shared = self._read.get(shared_id)
        if shared is None:
            shared = Shared(*(column[shared_id] for column in self._columns))
            if len(self._read) < MAX_READ:
                self._read[shared_id] = shared
        return shared

    def rule(self, row: int, prefix: str) -> Rule:
        """
        Read one row back as a rule.
        """
        shared = self._shared(row)
        name = self._name_id[row]
        rule = (
            prefix,
            bytes(self._names[self._name_at[name] : self._name_at[name + 1]]).decode(),
            self._rate[row],
            shared.connect_fee_units,
            shared.mcd_s,
            shared.pulse_s,
            _or_none(shared.effective, ALWAYS),
            _or_none(shared.expires, NEVER),
            bool(shared.blocked),
        )
        if not self.asks_call:
            return Rule(*rule)
        rates = (self._by_jurisdiction.get(name) for name in JURISDICTIONS)
        inter, intra, indeterminate = (None if rate is None else _or_none(rate[row], NO_RATE) for rate in rates)
        lengths = (_or_none(shared.min_digits, 0), _or_none(shared.max_digits, ANY_LENGTH))
        return Rule(*rule, self._origins[shared.origin_id], inter, intra, indeterminate, *lengths)

    def entries(self) -> Iterator[tuple[str, int]]:
        """
        Every prefix, in the order of the digits, with its place in :meth:`columns`.
        """
        entries: Iterator[tuple[str, int]] = self._trie.iteritems()
        return entries

    def columns(self) -> Mapping[str, Any]:
        """
        Where the rules of a prefix begin (``first``, one more than there are prefixes), and of each rule ``rate`` in
        units and the numbers of its ``shared`` terms and its ``name``.
        """
        return {"first": self._first, "rate": self._rate, "shared": self._shared_id, "name": self._name_id}

    def shared(self) -> list[Shared]:
        """
        What rules have in common, by number.
        """
        return [Shared(*row) for row in zip(*self._columns, strict=True)]

    @property
    def different_terms(self) -> int:
        """
        How many :meth:`shared` has.
        """
        return len(self._columns[0])

    def names(self) -> list[str]:
        """
        Of destinations, by number.
        """
        at = self._name_at
        return [bytes(self._names[at[i] : at[i + 1]]).decode() for i in range(len(at) - 1)]

    def rows_of(self, prefix: str) -> range:
        """
        Rows of one of the card's prefixes, in force or not, latest start first; :meth:`rule` reads them.
        """
        prefix_id = self._trie.key_id(prefix)
        return range(self._first[prefix_id], self._first[prefix_id + 1])

    def splits(self, head: str) -> bool:
        """
        Whether numbers that start alike may have different longest prefixes: some prefix is longer than their start.
        """
        return any(len(prefix) > len(head) for prefix in self._trie.iterkeys(head))

    def __iter__(self) -> Iterator[Rule]:
        """
        Every rule, by prefix in the order of the digits, latest start first.
        """
        for prefix in self._trie.iterkeys():
            for row in self.rows_of(prefix):
                yield self.rule(row, prefix)


def _array(section: bytes | memoryview, code: str) -> Any:
    return memoryview(section).cast("B").cast(code)  # type: ignore[call-overload]


def _or_none(value: int, missing: int) -> int | None:
    return None if value == missing else value


def _read_texts(blob: bytes | memoryview, offsets: bytes | memoryview) -> list[str]:
    at = _array(offsets, "I")
    return [bytes(blob[at[i] : at[i + 1]]).decode() for i in range(len(at) - 1)]
