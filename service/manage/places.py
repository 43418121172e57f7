"""
Where North American exchanges are: a table finer than the area codes, loaded from a file.
"""

from pathlib import Path

from sqlalchemy import Engine

from ratecards.durable import write_atomically
from ratecards.jurisdiction import Places, read_npa_nxx
from service.ops.reload import places_path
from service.store.audit import SYSTEM
from service.store.files import sha256
from service.store.references import NPA_NXX, Reference, set_reference


def load_places(engine: Engine, folder: Path, file: Path, now: int, actor: str = SYSTEM) -> Reference:
    """
    Check a table of exchanges, put it in place, and use it from now on, on every node.

    Args:
        engine: the store.
        folder: of the compiled cards.
        file: CSV of NPA-NXX, state and, where it is not the area code's, country.
        now: unix seconds.
        actor: who loads it.

    Raises:
        PlaceError: a line cannot be used; nothing was changed.
    """
    content = file.read_bytes()
    table = read_npa_nxx(content)
    Places.nanpa().refined(table)
    digest = sha256(content)
    write_atomically(places_path(folder, digest), content)
    reference = Reference(NPA_NXX, digest, file.name[:255], len(table), now)
    set_reference(engine, reference, actor, content)
    return reference
