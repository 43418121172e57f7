"""
``ratedip asrplus``: what the network last answered for numbers.
"""

import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.console import err, fail, open_store, out, print_json, progress_bar

if TYPE_CHECKING:
    from ratecards.numberset import Answers

app = typer.Typer(help="ASRPlus: what the network last answered for a number.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]
Sandbox = Annotated[bool, typer.Option("--test", help="Of the sandbox.")]
_PROBLEMS = 20


@app.command()
def show(
    number: Annotated[str, typer.Argument(help="As dialled: +44 113…, 0044113…, 44113….")],
    test: Sandbox = False,
    json: Json = False,
) -> None:
    """
    What was last answered for a number? Exits 1 where nothing is known.
    """
    from ratecards.numbers import NumberError, normalise
    from service.errors import unknown_number
    from service.lookups.asrplus import answer_fields

    try:
        digits = normalise(number)
    except NumberError as error:
        fail(f"the number {error}", 2)
    now = int(time.time())
    answer = _open(test=test).find(digits, now)
    if answer is None:
        unknown = unknown_number()
        if json:
            print_json(unknown.body())
        fail(unknown.reason)
    fields = answer_fields(answer, now)
    if json:
        print_json(fields)
        return
    for name, value in fields.items():
        out.print(f"{name:>10}  {value}", markup=False)


@app.command()
def counts(test: Sandbox = False, json: Json = False) -> None:
    """
    How many numbers last answered with which code.
    """
    from rich.table import Table

    from ratecards.numberset import reason
    from service.manage.asrplus import counts_json

    told = counts_json(_open(test=test), int(time.time()))
    if json:
        print_json(told)
        return
    table = Table("code", "reason", "numbers")
    for code, count in told["counts"].items():
        table.add_row(code, reason(int(code)), f"{count:,}")
    out.print(table)


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help="CSV: number,code,datetime.", exists=True, dir_okay=False)],
    test: Sandbox = False,
    json: Json = False,
) -> None:
    """
    Take in a list of numbers and what was answered for them; known to every node within two seconds.

    To load it again takes what was not taken before. Exits 1 where some lines cannot be taken, 2 where none can.
    """
    from ratecards.numberset import ListError
    from service.heard import policy_of
    from service.manage.asrplus import load_list
    from service.settings import Settings

    policy = policy_of(Settings())
    try:
        with file.open(encoding="utf-8", errors="replace", newline="") as lines, progress_bar() as progress:
            loaded = load_list(open_store(), _environment(test=test), lines, policy, int(time.time()), progress)
    except ListError as error:
        fail(f"{file.name}: {error}", 2)
    if json:
        print_json(loaded.as_json())
    else:
        words = f"{loaded.lines:,} lines, {loaded.new:,} of them new, {loaded.refusals.count:,} refused"
        out.print(f"{file.name}: {words}", markup=False, soft_wrap=True)
        for one in loaded.refusals.listed[:_PROBLEMS]:
            out.print(f"  line {one.line}: {one.reason}", markup=False, soft_wrap=True)
    if loaded.refusals.count or not loaded.lines:
        raise typer.Exit(1 if loaded.lines else 2)


@app.command()
def export(
    file: Annotated[Path | None, typer.Argument(help="CSV to write; standard output.", dir_okay=False)] = None,
    test: Sandbox = False,
) -> None:
    """
    Every number with its last answer, as a list that can be loaded again.
    """
    from service.manage.asrplus import export_list

    answers = _open(test=test)
    with ExitStack() as stack:
        lines = sys.stdout if file is None else stack.enter_context(file.open("w", encoding="utf-8", newline=""))
        export_list(answers, int(time.time()), lines)


@app.command()
def checkpoint() -> None:
    """
    Write this node's checkpoint now, so that its next start has little to read.
    """
    from service.heard import policy_of
    from service.ops.answers_build import build
    from service.settings import Settings

    settings = Settings()
    made = build(open_store(), settings.checkpoints, policy_of(settings), int(time.time()))
    if made is None:
        fail("another process of this node is writing one")
    err.print(f"written up to call record {made.records:,}", markup=False)


def _open(*, test: bool) -> "Answers":
    from service.heard import policy_of
    from service.manage.asrplus import open_numbers
    from service.settings import Settings

    settings = Settings()
    with progress_bar() as progress:
        return open_numbers(open_store(), settings.checkpoints, policy_of(settings), _environment(test=test), progress)


def _environment(*, test: bool) -> str:
    return "test" if test else "live"
