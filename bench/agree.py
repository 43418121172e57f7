"""
Nobody is measured who answers wrongly: every server is asked the same numbers and held against the naive oracle.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
from decimal import Decimal

from bench import oracle
from bench.decks import DeckRow
from bench.servers import HOST, Server, target


class DisagreementError(Exception):
    """
    A server answered otherwise than the oracle; nothing is measured.
    """


def check(server: Server, numbers: Sequence[str], rows: dict[str, DeckRow]) -> None:
    """
    Ask the server for every number and compare status, fields, prefix and rate.

    Raises:
        DisagreementError: At the first difference, saying what was asked, expected and answered.

    """
    connection = http.client.HTTPConnection(HOST, server.port, timeout=5.0)
    for number in numbers:
        connection.request("GET", target(number), headers=server.headers)
        response = connection.getresponse()
        answered = response.read()
        fault = _fault(number, oracle.longest_match(rows, number), response.status, answered)
        if server.looks_up and fault:
            shown = answered.decode(errors="replace")
            raise DisagreementError(f"{server.name}, number {number}: {fault}. It answered {response.status} {shown}")
    connection.close()


def _fault(number: str, expected: DeckRow | None, status: int, answered: bytes) -> str | None:
    if expected is None:
        return None if status == 404 else "no prefix matches, so 404 was expected"
    if status != 200:
        return f"200 with prefix {expected.prefix} was expected"
    answer = json.loads(answered)
    missing = [name for name in oracle.FIELDS if name not in answer]
    if missing:
        return f"the fields {', '.join(missing)} are missing"
    if (answer["number"], answer["prefix"]) != (number, expected.prefix):
        return f"prefix {expected.prefix} was expected"
    return None if Decimal(answer["rate"]) == Decimal(expected.rate) else f"rate {expected.rate} was expected"
