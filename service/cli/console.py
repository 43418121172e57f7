"""
How commands speak: answers on standard output, everything about them on standard error.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from service.render.plain import to_json

if TYPE_CHECKING:
    from sqlalchemy import Engine

Step = Callable[[str, int, int], None]
"""Called with the step, what is done of it, and the whole."""

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def fail(message: str, status: int = 1) -> NoReturn:
    """
    End the command with a sentence that says what to do.
    """
    err.print(f"ratedip: {message}", style="red", markup=False)
    raise typer.Exit(status)


def open_store() -> "Engine":
    """
    The store, its tables up to date.
    """
    from service.settings import Settings
    from service.store.migrate import create

    return create(Settings().store_url)


def print_json(value: Any) -> None:
    """
    One JSON document on standard output.
    """
    typer.echo(to_json(value, indent=True))


@contextmanager
def progress_bar() -> Iterator[Step]:
    """
    A bar on standard error; where that is no terminal, nothing.
    """
    columns = (TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal) as progress:
        tasks: dict[str, Any] = {}

        def step(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.update(tasks[name], completed=done, total=total)

        yield step
