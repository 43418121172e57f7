"""
``ratedip number`` and ``ratedip places``: what a dialled string is, and where numbers are.
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ratecards.numbers import NumberError
from service.cli.console import fail, out, print_json
from service.settings import Settings

if TYPE_CHECKING:
    from ratecards.profiles import Profile

places = typer.Typer(help="Where North American exchanges are, finer than area codes.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]


def number(
    dialled: Annotated[str, typer.Argument(help="The string as the softswitch sends it.")],
    profile: Annotated[
        str, typer.Option(help="e164, us, uk, fr, de, another country (ISO 3166), or a JSON file of a profile.")
    ] = "e164",
    json: Json = False,
) -> None:
    """
    Turn a dialled string into an E.164 number, showing each step.

    Exits 1 where it is none.
    """
    from rich.table import Table

    chosen = find_profile(profile)
    steps = chosen.explain(dialled)
    try:
        result = {"number": chosen.normalise(dialled)}
    except NumberError as error:
        result = {"error": str(error)}
    if json:
        print_json({"profile": chosen.name, "steps": [_as_json(step) for step in steps], **result})
    else:
        table = Table("step", "before", "after")
        for step in steps:
            table.add_row(*(value.replace("[", r"\[") for value in _as_json(step).values()))
        out.print(table)
        out.print(result.get("number") or f"no number: it {result['error']}", markup=False)
    raise typer.Exit("error" in result)


@places.command()
def load(
    file: Annotated[Path, typer.Argument(help="CSV: NPA-NXX, state[, country].", exists=True, dir_okay=False)],
) -> None:
    """
    Decide jurisdictions by this table where it knows the exchange; live within two seconds.
    """
    from ratecards.jurisdiction import PlaceError
    from service.manage.places import load_places
    from service.store.audit import person
    from service.store.migrate import create

    settings = Settings()
    try:
        reference = load_places(create(settings.store_url), settings.cards, file, int(time.time()), person())
    except PlaceError as error:
        fail("; ".join(str(bad) for bad in error.errors[:10]), 2)
    out.print(f"{reference.entries:,} exchanges are known from {file.name}", markup=False)


def find_profile(name: str) -> "Profile":
    """
    A profile by its name, a country, or a JSON file.
    """
    import orjson

    from ratecards.profiles import PROFILES, Profile, ProfileError, country

    if name in PROFILES:
        return PROFILES[name]
    try:
        if Path(name).is_file():
            return Profile.from_json(orjson.loads(Path(name).read_bytes()))
        return country(name)
    except (OSError, orjson.JSONDecodeError, ProfileError, ValueError) as error:
        fail(f"profile '{name}': {error}", 2)


def _as_json(step: object) -> dict[str, str]:
    return {name: str(getattr(step, name)) for name in ("step", "before", "after")}
