"""
A command killed with SIGKILL before its n-th write: of a file, of a folder, of a row, or a commit.

Run as a program it reads one line of JSON after the other, ``{"die": n, "command": [...]}``, does what it says in a
process of its own, and answers with the signal that ended it, or the number of writes there were.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass
class Commands:
    """
    Runs commands in processes that may die.
    """

    process: subprocess.Popen[str]

    def run(self, *command: str, die: int = 0) -> tuple[int, int]:
        """
        Run a command.

        Args:
            die: before which write; 0: before none.

        Returns:
            Its exit code, negative for a signal, and how many writes it made.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"die": die, "command": command}) + "\n")
        self.process.stdin.flush()
        code, writes = json.loads(self.process.stdout.readline())
        return int(code), int(writes)


@contextmanager
def commands(data: Path, url: str) -> Iterator[Commands]:
    settings = {
        "RATEDIP_DATA": str(data),
        "RATEDIP_DATABASE_URL": url,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}",
    }
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RATEDIP_")}
    with (data / "commands.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "support.crash"],
            cwd=ROOT,
            env=plain | settings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        with process:  # ends when nothing more comes
            yield Commands(process)


class Fuse:
    """
    Counts writes, and ends the process before one of them.
    """

    def __init__(self, die: int, told: int) -> None:
        self._die = die
        self._told = told
        self._count = 0

    def write(self) -> None:
        self._count += 1
        os.pwrite(self._told, b"%08d" % self._count, 0)
        if self._count == self._die:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **named: Any) -> Any:
            self.write()
            return work(*arguments, **named)

        return wrapped

    def set(self) -> None:
        """
        Put it before everything that leaves something behind.
        """
        from sqlalchemy import Engine, event  # noqa: PLC0415
        from sqlalchemy.engine.default import DefaultDialect  # noqa: PLC0415

        os.replace = self.before(os.replace)  # type: ignore[assignment]
        os.rename = self.before(os.rename)
        os.unlink = self.before(os.unlink)
        os.fsync = self.before(os.fsync)
        DefaultDialect.do_commit = self.before(DefaultDialect.do_commit)  # type: ignore[method-assign]

        @event.listens_for(Engine, "before_cursor_execute")
        def _statement(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
            if statement.lstrip()[:6].upper() in {"INSERT", "UPDATE", "DELETE"}:
                self.write()


def _run(command: list[str], die: int, told: int) -> int:
    from service.cli.main import app  # noqa: PLC0415

    os.dup2(2, 1)
    fuse = Fuse(die, told)
    fuse.set()
    try:
        app(command)
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        fuse.write()
    return 0


def main() -> None:
    for module in ("service.cli.main", "service.manage.cards", "service.store.migrate"):
        importlib.import_module(module)  # so that each process need not

    for line in sys.stdin:
        order = json.loads(line)
        with open(os.path.join(os.environ["RATEDIP_DATA"], "writes"), "w+b") as told:  # noqa: PTH118, PTH123
            child = os.fork()
            if child == 0:
                os._exit(_run(order["command"], order["die"], told.fileno()))
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            writes = int(os.pread(told.fileno(), 8, 0) or b"0")
        print(json.dumps([code, writes]), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
