"""
systemd hears how the service is, and its sockets are used.
"""

import os
import socket
from pathlib import Path

import pytest

from service.serving.listen import handed_over
from service.serving.notify import READY, Notifier


@pytest.fixture(params=["path", "abstract"])
def heard(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    name = str(tmp_path / "notify") if request.param == "path" else f"\0ratedip-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
        way.bind(name)
        way.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", name.replace("\0", "@"))
        yield way


def said(way: socket.socket) -> list[bytes]:
    found = []
    while True:
        try:
            found.append(way.recv(100))
        except BlockingIOError:
            return found


def test_what_is_said_is_heard(heard: socket.socket) -> None:
    Notifier().say(READY)
    assert said(heard) == [b"READY=1"]


def test_the_watchdog_is_fed_twice_as_often_as_it_wants_and_no_more(
    heard: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "10000000")
    now = [100.0]
    notifier = Notifier(lambda: now[0])
    for step in range(101):
        now[0] = 100.0 + step / 10
        notifier.say_alive()
    assert said(heard) == [b"WATCHDOG=1"] * 3


@pytest.mark.parametrize("owner", ["1", ""])
def test_the_watchdog_of_another_process_is_not_fed(
    owner: str, heard: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_PID", owner)
    if not owner:
        monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    else:
        monkeypatch.setenv("WATCHDOG_USEC", "1000")
    Notifier().say_alive()
    assert said(heard) == []


def test_nobody_who_listens_is_no_trouble(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    Notifier().say(READY)
    monkeypatch.delenv("NOTIFY_SOCKET")
    Notifier().say(READY)


def test_sockets_for_another_process_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_FDS", "1")
    monkeypatch.setenv("LISTEN_PID", "1")
    assert handed_over() == []
    assert "LISTEN_FDS" not in os.environ
