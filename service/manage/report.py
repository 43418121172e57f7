"""
A deck's report on a terminal.
"""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ratecards.deck import Deck, Report

MAX_SHOWN = 40
"""Refused rows and warnings shown each; ``--json`` has them all."""


def print_report(deck: Deck, console: Console) -> None:
    """
    Print counts, refused rows, warnings, and why the card is refused whole where it is.
    """
    report = deck.report
    console.print(_counts(deck), markup=False)
    if report.refusals:
        console.print(_refused(report))
        _say_rest(console, len(report.refusals))
    if report.warnings:
        console.print(_warned(report))
        _say_rest(console, len(report.warnings))
    for reason in report.reasons:
        console.print(f"refused: {reason}", style="red", markup=False)


def _counts(deck: Deck) -> str:
    report = deck.report
    where = f"{report.file}, sheet {report.sheet}" if report.sheet else report.file
    taken = f"{report.rows_taken:,} of {report.rows_read:,} rows taken, {report.rows_refused:,} refused"
    return f"{where}: {taken}; {report.rules:,} rules, {deck.currency or 'no currency said'}"


def _refused(report: Report) -> Table:
    table = Table("line", "column", "value", "reason", title="Refused rows", title_justify="left")
    for refusal in report.refusals[:MAX_SHOWN]:
        table.add_row(str(refusal.line), *map(_plain, (refusal.column, refusal.value, refusal.reason)))
    return table


def _warned(report: Report) -> Table:
    table = Table("line", "code", "kind", "what", title="Look at these", title_justify="left")
    for warning in report.warnings[:MAX_SHOWN]:
        line = "" if warning.line is None else str(warning.line)
        table.add_row(line, *map(_plain, (warning.prefix or "", warning.kind, warning.message)))
    return table


def _plain(text: str) -> str:
    """
    A cell of somebody's file on one line of a terminal: no control character, no markup.
    """
    return escape("".join(c if c.isprintable() else "\ufffd" for c in text))


def _say_rest(console: Console, count: int) -> None:
    if count > MAX_SHOWN:
        console.print(f"… and {count - MAX_SHOWN:,} more; --json lists all", markup=False)
