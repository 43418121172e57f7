"""
Commands as people type them, run inside this process: what they say, and how they end.
"""

import json
from pathlib import Path
from typing import Any

from click.testing import Result
from typer.testing import CliRunner

from service.cli.main import app


def run(data: Path, *words: str, status: int = 0) -> Result:
    """
    Run a command on a data directory.

    Args:
        status: its exit.
    """
    settings = {"COLUMNS": "200", "RATEDIP_DATA": str(data)}
    done = CliRunner().invoke(app, list(words), env=settings, catch_exceptions=False)
    assert done.exit_code == status, done.output
    return done


def told(data: Path, *words: str, status: int = 0) -> Any:
    """
    The same; its answer as JSON.
    """
    return json.loads(run(data, *words, "--json", status=status).stdout)
