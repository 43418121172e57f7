"""
``ratedip key`` and ``ratedip audit``: keys of accounts, and who changed what.
"""

import time
from typing import Annotated, Any

import typer

from service.cli.console import err, fail, open_store, out, print_json

app = typer.Typer(help="Keys of accounts.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]


@app.command()
def new(
    account: Annotated[str, typer.Argument(help="Name of the account.")],
    test: Annotated[
        bool, typer.Option("--test", help="A key to the sandbox, which sees nothing of production.")
    ] = False,
    scope: Annotated[
        list[str] | None, typer.Option(help="What it is for: lookup, cards, cdr, dial, partner, admin.")
    ] = None,
    label: Annotated[str, typer.Option(help="For people: where it is used.")] = "",
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Days it holds; default: until it is revoked.")
    ] = None,
    json: Json = False,
) -> None:
    """
    Make a key. It is shown this once and cannot be shown again.
    """
    from service.access.account import LIVE, LOOKUP, SCOPES, TEST
    from service.access.keys import new_key
    from service.store.accounts import AccountError
    from service.store.audit import person
    from service.store.keys import KeyRecord, add_key

    scopes = frozenset(scope or [LOOKUP])
    if not scopes <= set(SCOPES):
        fail(f"no scope '{min(scopes - set(SCOPES))}'; there are {', '.join(SCOPES)}", 2)
    made, now = new_key(TEST if test else LIVE), int(time.time())
    expires = None if days is None else now + days * 86_400
    environment = TEST if test else LIVE
    record = KeyRecord(made.id, account, environment, made.digest, scopes, label[:64], now, expires)
    try:
        add_key(open_store(), record, person())
    except AccountError as error:
        fail(str(error), 2)
    if json:
        print_json({"key": made.text, **key_json(record)})
        return
    out.print(made.text, markup=False, soft_wrap=True)
    err.print("keep it now: it is not shown again. It holds within two seconds.", markup=False)


@app.command(name="list")
def list_keys_of(
    account: Annotated[str | None, typer.Argument(help="Name of the account; default: all.")] = None,
    json: Json = False,
) -> None:
    """
    Keys by their public part; never the keys.
    """
    from service.store.keys import list_keys

    held = [key_json(key) for key in list_keys(open_store(), account)]
    if json:
        print_json(held)
    else:
        key_table(held)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="Public part of the key, or the key.")],
    json: Json = False,
) -> None:
    """
    Let a key, and the tokens given for it, no longer hold: everywhere within five seconds.
    """
    from service.access.keys import key_id
    from service.store.accounts import AccountError
    from service.store.audit import person
    from service.store.keys import revoke_key

    public = key_id(key) or key[:16]
    try:
        found = revoke_key(open_store(), public, person())
    except AccountError as error:
        fail(str(error))
    if json:
        print_json({"id": found.id, "account": found.account, "revoked": True})
    else:
        out.print(f"key {found.id} of {found.account} no longer holds", markup=False)


def audit(
    of: Annotated[
        str | None, typer.Argument(help="Of one thing only: 'account acme', 'key 4f…', 'card retail'.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Lines at most.")] = 50,
    json: Json = False,
) -> None:
    """
    Who changed what, the latest first.
    """
    from rich.table import Table

    from service.store.audit import list_changes

    changes = list_changes(open_store(), of, limit)
    if json:
        print_json([{name: getattr(change, name) for name in change.__slots__} for change in changes])
        return
    table = Table("when", "who", "what", "of", "detail")
    for change in changes:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(change.at))
        detail = ", ".join(f"{name}: {_plain(value)}" for name, value in change.detail.items())
        table.add_row(when, change.actor, change.action, change.object, detail.replace("[", r"\["))
    out.print(table)


def key_json(key: Any) -> dict[str, Any]:
    names = ("id", "account", "environment", "label", "created", "expires", "revoked")
    return {
        **{name: getattr(key, name) for name in names},
        "scopes": sorted(key.scopes),
        "holds": key.holds(time.time()),
    }


def key_table(held: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table("key", "account", "environment", "scopes", "label", "made", "holds")
    for key in held:
        made = time.strftime("%Y-%m-%d", time.gmtime(key["created"]))
        state = "yes" if key["holds"] else ("revoked" if key["revoked"] else "expired")
        row = (key["id"], key["account"], key["environment"], " ".join(key["scopes"]), key["label"], made, state)
        table.add_row(*(text.replace("[", r"\[") for text in row))
    out.print(table)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name}={_plain(item)}" for name, item in value.items())
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
