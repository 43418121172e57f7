"""
The suite that any engine can be asked, asked of this one over HTTP as its page says.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conformance import behind, runner
from support.patience import FAIL_SAFE_S
from support.server import serve
from support.shell import run

SUITE = json.loads(runner.VECTORS.read_text("utf-8"))


def test_every_vector_is_answered_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, card in SUITE["cards"].items():
        file = tmp_path / f"{name}.csv"
        file.write_text(runner.deck(card))
        run(tmp_path, "card", "load", name, str(file), "--currency", card["currency"], "--activate", "--force")
    monkeypatch.setenv("RATEDIP_DATA", str(tmp_path))
    for one in SUITE["sets"]:
        file = tmp_path / "set.json"
        file.write_text(json.dumps(one))
        behind.main(one["card"], str(file))
    with serve(tmp_path, DEMO="1", DEMO_CARD="suite-retail", DEMO_RPS="1000000000") as server:
        command = [sys.executable, runner.__file__, "--base-url", server.url]
        said = subprocess.run(command, capture_output=True, text=True, timeout=FAIL_SAFE_S, check=False)
    assert said.returncode == 0, said.stdout
    assert said.stdout.endswith(f"\n{len(SUITE['cases'])} of {len(SUITE['cases'])} agree\n")
