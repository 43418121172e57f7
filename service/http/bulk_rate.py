"""
Plain numbers on one card, the commonest bulk request of all.
"""

import asyncio

import polars as pl

from service.access.account import Identity
from service.http import ask
from service.http.bulk_lines import Block
from service.http.query import Parameters
from service.lookups.rate_many import answers, is_worth_it, lay_out, tails_of
from service.lookups.ready import rate_json
from service.snapshot import Desk, LiveCard

SERVICE = "rate"
_MAX_DIGITS = 15
_ZERO = 0x30


class RateQuick:
    """
    The answers of a card at an instant.
    """

    def __init__(self, card: LiveCard, now: int, *, objects: bool) -> None:
        """
        Args:
            objects: lines may be JSON objects.
        """
        self._objects = objects
        self._card = card
        self._now = now
        self._tails: pl.Series | None = None

    def one(self, raw: bytes) -> bytes | None:
        if not raw.isdigit() or len(raw) > _MAX_DIGITS or raw[0] == _ZERO:
            return None
        found = rate_json(self._card, raw.decode(), self._now)
        return None if found is None else found + b"\n"

    async def many(self, block: Block) -> tuple[bytes, pl.Series] | None:
        if not block.text.isascii() or not is_worth_it(self._card, block.count):
            return None
        return await asyncio.to_thread(self._answers, block.text)

    def _answers(self, text: bytes) -> tuple[bytes, pl.Series]:
        laid = lay_out(self._card.index)
        if self._tails is None:
            self._tails = tails_of(self._card, self._now)
        return answers(self._card, laid, self._tails, text, objects=self._objects)


def quick_rate(defaults: Parameters, identity: Identity, desk: Desk, *, objects: bool) -> RateQuick | None:
    """
    The quick way, where a number is all that an answer depends on: as :class:`service.http.known.Known` has it.
    """
    account = identity.account
    if defaults.keys() - {"card"} or account.profile is not None:
        return None
    if account.asrplus is not None and account.asrplus.refuses_in(SERVICE):
        return None
    if account.refusing is not None:
        return None
    name = defaults.get("card", account.card)
    if name not in desk.snapshot.cards_of(identity.environment):
        return None
    card = ask.card(defaults, identity, desk.snapshot)
    return None if card.index.asks_call else RateQuick(card, int(desk.clock()), objects=objects)
