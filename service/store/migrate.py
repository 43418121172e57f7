"""
Opening the store with its tables brought up to date: what a command does before its first use.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, make_url

from service.store.database import connect

_MIGRATIONS = Path(__file__).parent / "migrations"


def create(url: str) -> Engine:
    """
    Open the store and bring its tables up to date, making a SQLite file and its folder if need be.
    """
    file = make_url(url).database
    if url.startswith("sqlite") and file:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    engine = connect(url)
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return engine
