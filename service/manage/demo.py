"""
The sample cards of ``serve --demo``.
"""

import time
from collections.abc import Callable

from sqlalchemy import Engine

from ratecards import samples
from service.settings import Settings
from service.store.catalogue import list_revisions

SAMPLES = {"sdf": samples.SDF}


def load_samples(engine: Engine, settings: Settings, progress: Callable[[str, int, int], None]) -> None:
    """
    Load the sample cards that are not there yet.
    """
    missing = {name: file for name, file in SAMPLES.items() if not list_revisions(engine, name)}
    if not missing:
        return
    from service.manage.cards import Loading, load_card  # noqa: PLC0415 - a start with them there need not read decks

    for name, file in missing.items():
        loading = Loading(name, file, currency="USD", activate=True, now=int(time.time()))
        load_card(engine, settings.cards, loading, progress)
