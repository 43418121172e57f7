"""
``ratedip card activate``, ``cancel``, ``rollback``, ``archive``, ``restore``, ``delete`` and ``set``.
"""

from typing import Annotated, Any

import typer

from service.cli.card_words import Force, Json, Name, Number, moment, print_fields, shelf, to_come
from service.cli.console import fail, out, print_json

At = Annotated[str | None, typer.Option(help="When, as unix time or ISO 8601 (UTC); default: now.")]


def activate(name: Name, revision: Number, at: At = None, force: Force = False, json: Json = False) -> None:
    """
    Let a revision of a card answer from now on, or from an instant to come.

    Exits 2, changing nothing, where it would lose a fifth of the prefixes, where half of the prices more than double or
    halve, or where it is empty; --force does it nevertheless.
    """
    from service.manage.ratecard_change import activate

    with shelf() as cards:
        done = activate(cards, name, revision, to_come(at), force=force)
    when = "answers now" if done["at"] is None else f"answers from {moment(done['at'])} UTC"
    _say(done, f"{name} revision {revision} {when}", json=json)


def cancel(name: Name, revision: Number, json: Json = False) -> None:
    """
    Take back the plan to let a revision answer; of several plans for it, the next one.
    """
    from service.manage.ratecards import cancel

    with shelf() as cards:
        done = cancel(cards, name, revision)
    _say(done, f"{name} revision {revision} no longer answers from {moment(done['cancelled'])} UTC", json=json)


def rollback(name: Name, json: Json = False) -> None:
    """
    Let the revision answer again that did before the one that does.
    """
    from service.manage.ratecard_change import roll_back

    with shelf() as cards:
        done = roll_back(cards, name)
    _say(done, f"{name} revision {done['revision']} answers now", json=json)


def archive(name: Name, json: Json = False) -> None:
    """
    Let a card no longer answer, and keep all of it.
    """
    from service.manage.ratecards import archive

    with shelf() as cards:
        done = archive(cards, name)
    _say(done, f"{name} no longer answers; to bring it back: ratedip card restore {name}", json=json)


def restore(name: Name, json: Json = False) -> None:
    """
    Let an archived card answer again, as it did.
    """
    from service.manage.ratecard_change import restore

    with shelf() as cards:
        done = restore(cards, name)
    state = "no revision of it was activated" if done["revision"] is None else f"revision {done['revision']} answers"
    _say(done, f"{name} is back; {state}", json=json)


def delete(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """
    Forget an archived card and its revisions for ever; only the audit keeps that there was one.
    """
    from service.manage.ratecards import delete

    if not yes and not typer.confirm(f"forget card {name} and all its revisions?", err=True):
        fail("nothing was changed")
    with shelf() as cards:
        done = delete(cards, name)
    _say(done, f"{name} is gone", json=json)


def change(
    name: Name,
    kind: Annotated[str | None, typer.Option(help="provider (what a carrier charges us) or customer.")] = None,
    company: Annotated[str | None, typer.Option(help="Whose it is.")] = None,
    direction: Annotated[str | None, typer.Option(help="inbound or outbound.")] = None,
    public_name: Annotated[str | None, typer.Option(help="What the customer reads.")] = None,
    private_name: Annotated[str | None, typer.Option(help="What only staff read.")] = None,
    notes: Annotated[str | None, typer.Option(help="For staff.")] = None,
    tech_prefix: Annotated[str | None, typer.Option(help="Digits put before a number sent to the carrier.")] = None,
    endpoint: Annotated[str | None, typer.Option(help="Where its calls go, such as sip:gw.carrier.example.")] = None,
    json: Json = False,
) -> None:
    """
    Say whose a card is and what for; what is not named stays, and an empty text takes back what was said.
    """
    from service.manage.ratecards import change

    said = {"kind": kind, "company": company, "direction": direction, "public_name": public_name, "notes": notes}
    said |= {"private_name": private_name, "tech_prefix": tech_prefix, "endpoint": endpoint}
    about = {field: value for field, value in said.items() if value is not None}
    if not about:
        fail(f"name what to set: {', '.join('--' + field.replace('_', '-') for field in said)}", 2)
    with shelf() as cards:
        print_fields(change(cards, name, about), json=json)


def _say(done: dict[str, Any], sentence: str, *, json: bool) -> None:
    if json:
        print_json(done)
    else:
        out.print(sentence, markup=False, soft_wrap=True)
