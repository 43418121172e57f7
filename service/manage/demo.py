"""
The sample cards of ``serve --demo``.
"""

import time

from sqlalchemy import Engine

from ratecards import samples
from service.manage.cards import Loading, Progress, load_card
from service.settings import Settings
from service.store.catalogue import Revision, list_revisions

SAMPLES = {"sdf": samples.SDF}


def load_samples(engine: Engine, settings: Settings, progress: Progress) -> list[Revision]:
    """
    Load the sample cards that are not there yet.

    Returns:
        The revision that answers now, of every sample.

    """
    for name, file in SAMPLES.items():
        if not list_revisions(engine, name):
            loading = Loading(name, file, currency="USD", activate=True, now=int(time.time()))
            load_card(engine, settings.cards, loading, progress)
    return [revision for name in SAMPLES for revision in list_revisions(engine, name) if revision.active]
