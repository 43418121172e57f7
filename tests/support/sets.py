"""
Sets of numbers for tests, loaded the way the service loads them.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from service.lookups.tps import answer_tps
from service.manage.ratecards import Shelf
from service.manage.set_order import SetOrder
from service.manage.sets import SetLoaded, load_set
from service.snapshot import Snapshot

WHO = "key:abc"


def shelf_of(engine: Engine, folder: Path, environment: str = "live") -> Shelf:
    """
    Whoever loads sets on a node with a folder.
    """
    return Shelf(engine, folder, environment, WHO)


def put_set(shelf: Shelf, name: str, numbers: Iterable[str], **order: Any) -> SetLoaded:
    """
    Load numbers into a set.
    """
    shelf.folder.mkdir(parents=True, exist_ok=True)
    file = shelf.folder.parent / f"{name}.txt"
    file.write_text("".join(f"{number}\n" for number in numbers))
    return load_set(shelf, SetOrder(name, str(file), **order))


def listed_in(snapshot: Snapshot, number: str, environment: str = "live") -> list[str]:
    """
    The sets that have a number.
    """
    return list(answer_tps(number, snapshot, environment)["list"])
