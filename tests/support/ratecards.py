"""
A rates manager at a real server.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from python_calamine import CalamineWorkbook

from support.patience import FAIL_SAFE_S, promised, seconds_until
from support.people import account, key
from support.server import Server, serve

ROOT = "/api/ratecard/"
HEADER = "Prefix,Destination,Rate,First Interval,Next Interval,Currency\n"


def deck(*rows: str, header: str = HEADER) -> bytes:
    """
    A deck of rows such as ``44,UK,0.01``, a second at a time, in dollars.
    """
    return (header + "".join(f"{row},1,1,USD\n" for row in rows)).encode()


@dataclass(frozen=True)
class Manager:
    """
    Attributes:
        client: sends a key with the scope ``cards``.
    """

    server: Server
    client: httpx.Client
    key: str

    def get(self, what: str, /, status: int = 200, headers: dict[str, str] | None = None, **asked: Any) -> Any:
        """
        Ask ``list.json`` and the like: the JSON, or the answer where it is none.
        """
        answer = self.client.get(ROOT + what, params=asked, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json() if "json" in answer.headers["content-type"] and ".json" in what else answer

    def post(self, what: str, /, status: int = 200, **asked: Any) -> Any:
        answer = self.client.post(f"{ROOT}{what}.json", data={k: str(v) for k, v in asked.items()})
        assert answer.status_code == status, answer.text
        return answer.json()

    def upload(self, content: bytes, /, status: int = 200, **asked: Any) -> Any:
        answer = self.client.post(f"{ROOT}upload.json", params=asked, content=content)
        assert answer.status_code == status, answer.text
        return answer.json()

    def rate(self, card: str, number: str) -> Any:
        """
        Price, or reason for none, as a softswitch gets it.
        """
        answer = self.client.get("/api/rate.json", params={"card": card, "number": number}).json()
        return answer.get("rate", answer.get("error", {}).get("reason"))

    def wait(self, card: str, number: str, rate: str, promised_s: float = FAIL_SAFE_S) -> None:
        """
        Until a price is what it should be.
        """
        took_s = seconds_until(lambda: self.rate(card, number) == rate, pause_s=0.05)
        assert took_s < promised(promised_s)


@contextmanager
def managing(data: Path, environment: str = "live", **settings: str) -> Iterator[Manager]:
    """
    A server on a data directory, and somebody who may manage its cards and ask their prices.
    """
    account(data, "manager")
    text = key(data, "manager", "cards", "lookup", environment=environment)
    with serve(data, **settings) as server, manager(server, text) as made:
        yield made


@contextmanager
def manager(server: Server, text: str) -> Iterator[Manager]:
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {text}"}, timeout=60) as client:
        yield Manager(server, client, text)


def sheet(content: bytes) -> list[list[Any]]:
    """
    The cells of a workbook's first sheet, read by nothing of ours.
    """
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
