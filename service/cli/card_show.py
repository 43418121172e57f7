"""
``ratedip card show``, ``revisions``, ``search`` and ``diff``: what there is of a card.
"""

from typing import Annotated

import typer

from service.cli.card_words import (
    At,
    Json,
    Name,
    PageNumber,
    PerPage,
    instant,
    page,
    print_fields,
    print_table,
    shelf,
)

Revision = Annotated[int | None, typer.Option(min=1, help="Number of the revision; default: the one that answers.")]
_LONG = ("digest", "created", "old_effective", "new_effective", "old_expires", "new_expires", "old_name", "new_name")


def show(name: Name, json: Json = False) -> None:
    """
    All about a card: whose it is, what answers, what is planned, how costs are rounded.
    """
    from service.manage.ratecard_views import card_view

    with shelf() as cards:
        print_fields(card_view(cards, name), json=json)


def revisions(name: Name, json: Json = False, number: PageNumber = 1, size: PerPage = 100) -> None:
    """
    The revisions of a card, newest first: who loaded them, which answers, which is planned.
    """
    from service.manage.ratecard_views import revisions_view

    with shelf() as cards:
        table = revisions_view(cards, name, page=page(number, size))
        print_table(table, json=json, leave_out=("digest",))


def search(
    name: Name,
    words: Annotated[str, typer.Argument(help="Part of a destination's name, or the first digits of a number.")],
    at: At = None,
    revision: Revision = None,
    json: Json = False,
    number: PageNumber = 1,
    size: PerPage = 100,
) -> None:
    """
    Rules of a card by destination or prefix; of a prefix also what is above it and serves it, and all below.

    With --at only the rules that hold then.
    """
    from service.manage.ratecard_search import search_view

    asked = {"prefix": words} if words.removeprefix("+").isdigit() else {"name": words}
    with shelf() as cards:
        table = search_view(cards, name, **asked, at=instant(at), revision=revision, page=page(number, size))
        print_table(table, json=json, leave_out=("mcd", "pulse"))


def diff(
    name: Name,
    old: Annotated[int | None, typer.Option("--from", min=1, help="Default: the one that answers.")] = None,
    new: Annotated[int | None, typer.Option("--to", min=1, help="Default: the latest.")] = None,
    by: Annotated[str, typer.Option(help="A line for each: prefix or destination.")] = "prefix",
    kind: Annotated[
        str | None, typer.Option(help="Only these: new, removed, raised, lowered, changed or moved.")
    ] = None,
    at: At = None,
    json: Json = False,
    number: PageNumber = 1,
    size: PerPage = 100,
) -> None:
    """
    What differs between two revisions of a card, before one takes over from the other.
    """
    from service.manage.ratecard_diff import check_by, diff_view

    with shelf() as cards:
        check_by(by, kind)
        table = diff_view(cards, name, old=old, new=new, by=by, kind=kind, at=instant(at), page=page(number, size))
        print_table(table, json=json, leave_out=_LONG)
