"""
Reports are bounded: how many run at one time, how long they are, and for how long they wait.
"""

import asyncio
import time
from pathlib import Path

import httpx
import pytest
from support.partners import load
from support.people import account, key, store
from support.shell import run

from service.access.directory import Directory
from service.http import partner
from service.http.app import make_app
from service.ops.people import read_directory
from service.quota.meters import Meters
from service.quota.plan import Limits, Plan
from service.snapshot import Desk, Snapshot


async def ask(directory: Directory, shown: str, path: str = "/partner/relationships") -> httpx.Response:
    transport = httpx.ASGITransport(make_app(Desk(Snapshot(access=directory))))
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        return await client.get(path, headers={"Authorization": shown})


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Directory, str]:
    """
    Who is let in, and the credential of an account that eight requests may run for.
    """
    monkeypatch.setenv("RATEDIP_DATA", str(tmp_path))
    account(tmp_path, "acme", Plan(Limits(concurrent=8)))
    shown = f"Bearer {key(tmp_path, 'acme', 'partner')}"
    with store(tmp_path) as engine:
        return read_directory(engine, Meters(1)), shown


def test_more_reports_at_one_time_than_the_plan_has_are_refused_with_the_count(acme: tuple[Directory, str]) -> None:
    directory, shown = acme
    held = directory.of_authorization(shown.encode(), time.time())
    assert held is not None
    held.meter.running[""] = 8
    refused = asyncio.run(ask(directory, shown))
    assert refused.status_code == 429
    assert refused.json()["error"]["reason"] == "Rate Limiting Applied. 8 active requests are already in progress."
    assert int(refused.headers["retry-after"]) >= 1
    assert held.meter.running[""] == 8


def test_a_report_longer_than_any_may_be_is_refused_with_what_to_do(
    acme: tuple[Directory, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(tmp_path, "companies", "CompanyID,CompanyName,DoingBusinessAs\n1,A,A\n2,B,B\n3,C,C\n")
    for company in "12":
        run(tmp_path, "partner", "grant", "acme", company)
    monkeypatch.setattr(partner, "MAX_ROWS", 2)
    assert len(asyncio.run(ask(*acme)).json()) == 2
    run(tmp_path, "partner", "grant", "acme", "3")
    refused = asyncio.run(ask(*acme))
    assert (refused.status_code, refused.json()["error"]["reason"]) == (400, "Too many rows")
    assert "narrow it" in refused.json()["error"]["detail"]


def test_a_store_that_does_not_answer_is_no_mistake_of_ours(
    acme: tuple[Directory, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RATEDIP_DATABASE_URL", f"sqlite:///{tmp_path / 'no-folder' / 'ratedip.db'}")
    refused = asyncio.run(ask(*acme))
    assert (refused.status_code, refused.json()["error"]["reason"]) == (503, "Overloaded")
    assert int(refused.headers["retry-after"]) >= 1
