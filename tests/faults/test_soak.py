"""
Whatever goes on, after a while a server is as it was: no more memory, no more descriptors, and nothing has failed.

Here for some seconds, in which connections to the store and cards just replaced come and go: so connections alone are
counted. ``make soak`` is the same for twenty minutes, and counts all descriptors.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.patience import PATIENCE
from support.soak import soak

TURNS = 2 if PATIENCE > 1 else 10
TURN_S = 3.0


@pytest.mark.long
def test_resets_drops_reloads_and_changing_keys_leave_nothing_behind(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """
    Seen to fail with a second descriptor of each connection kept.
    """
    seen = soak(tmp_path, TURNS * TURN_S, TURN_S, 0.5, lambda _: None)
    record_property(
        "measured",
        f"{seen.samples[-1].at_s:.0f} s, {seen.reloads} reloads, {seen.dropped} broken off, {len(seen.failed)} failed, "
        f"connections {seen.more(seen.sockets()):+.0f}, memory {seen.growth():+.1%}",
    )
    assert seen.failed == []
    assert len(seen.steady()) >= 3
    assert abs(seen.more(seen.sockets())) <= 5
    assert seen.growth() <= 0.1
