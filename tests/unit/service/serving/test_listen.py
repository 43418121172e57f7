"""
The socket that metrics are told on.
"""

import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from service.serving.listen import listen_admin
from service.settings import Settings


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_it_is_bound_where_the_settings_say(taken: int) -> None:
    del taken
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (admin,) = listen_admin(Settings(admin_port=port))
    with admin:
        assert admin.getsockname() == ("127.0.0.1", port)
        assert not admin.getblocking()


@pytest.mark.parametrize("said", [{"admin_port": 0}, {"admin_port": 8080, "port": 8080}, {"metrics": False}])
def test_there_is_none_where_metrics_are_told_nowhere_or_on_the_port_of_the_service(said: dict[str, Any]) -> None:
    assert listen_admin(Settings(**said)) == []


def test_a_port_that_was_asked_for_must_be_free(taken: int) -> None:
    with pytest.raises(SystemExit, match=f"no metrics on 127.0.0.1:{taken}: Address already in use; name another"):
        listen_admin(Settings(admin_port=taken))


def test_the_default_port_may_be_taken_and_a_warning_says_so(
    taken: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings()
    monkeypatch.setattr(settings, "admin_port", taken)
    settings.model_fields_set.discard("admin_port")
    with caplog.at_level(logging.WARNING):
        assert listen_admin(settings) == []
    assert f"no metrics on 127.0.0.1:{taken}" in caplog.text
