"""
A serving process starts without what only few requests need.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from service.store import migrate
from service.store.migrate import newest

LATER = ("alembic", "jinja2", "xlsxwriter", "httpx", "redis", "psycopg")
MAKING = ("ratecards.deck", "ratecards.compact", "ratecards.margin", "ratecards.replay", "ratecards.lcr.build")
"""What makes cards, or replays calls: done by processes of their own."""
ANSWERING = (
    "service.http.protocol",
    "service.http.simulate",
    "service.ops.reload",
    "service.http.building",
    "service.manage.build_worker",
)


def _among(names: tuple[str, ...], imported: str) -> str:
    """
    Which of some modules a fresh interpreter has once others are imported.
    """
    asked = f"import sys, {imported}; print([n for n in {names} if n in sys.modules])"
    return subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.strip()


def test_it_imports_none_of_what_it_may_never_need() -> None:
    assert _among(LATER, "service.cli.main, service.server") == "[]"


def test_it_imports_nothing_that_makes_cards() -> None:
    """
    Seen to fail for all of them while a server asked the modules that make cards whether one is stale.
    """
    assert _among(MAKING, "service.cli.main, service.server") == "[]"


@pytest.mark.parametrize("module", ANSWERING)
def test_a_single_answer_needs_no_tables(module: str) -> None:
    """
    Only bulk requests, call records and views of a card's rules do. Seen to fail while rates of exchange knew tables.
    """
    assert _among(("polars",), module) == "[]"


def test_the_newest_migration_is_the_one_that_alembic_ends_with() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    assert newest() == ScriptDirectory.from_config(config).get_current_head()
