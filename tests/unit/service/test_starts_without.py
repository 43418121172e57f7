"""
A serving process starts without what only few requests need.
"""

import subprocess
import sys
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from service.store import migrate
from service.store.migrate import newest

LATER = ("alembic", "jinja2", "xlsxwriter", "httpx", "redis", "psycopg")


def test_it_imports_none_of_what_it_may_never_need() -> None:
    asked = f"import sys, service.cli.main, service.server; print([n for n in {LATER} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_newest_migration_is_the_one_that_alembic_ends_with() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    assert newest() == ScriptDirectory.from_config(config).get_current_head()
