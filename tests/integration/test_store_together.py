"""
Several processes at the store at once: nothing is lost, doubled or refused.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from service.store.catalogue import active_revisions, list_revisions, read_generation
from service.store.mappings import list_mappings
from service.store.migrate import create

ROOT = Path(__file__).parents[2]
FORK = """
import os, sys
from service.store.catalogue import Revision, add_revision
from service.store.database import connect
from service.store.mappings import save_mapping
from service.store.migrate import create

count, work, url = int(sys.argv[1]), sys.argv[2], sys.argv[3]
waiting, go = os.pipe()
children = []
for me in range(count):
    children.append(os.fork())
    if children[-1] == 0:
        os.close(go)
        os.read(waiting, 1)
        exec(work)
        sys.stdout.flush()
        os._exit(0)
os.close(go)
sys.exit(any([os.waitpid(child, 0)[1] for child in children]))
"""
"""Starts processes that have nothing open yet, and lets them all go at the same moment."""
OPEN = "create(url).dispose()"
ADD = """
create(url).dispose()
engine = connect(url, 60)
for i in range(10):
    digest = f"{os.getpid()}-{i}"
    number = add_revision(engine, Revision("c", 0, digest, "deck.csv", "USD", 1, 0, 0), activate=True).number
    os.write(1, f"{number} {digest}\\n".encode())  # at one go, so that lines of several do not mix
"""
SAVE = """
engine = connect(url, 60)
for _ in range(10):
    save_mapping(engine, "acme", "f" * 64, {"by": me})
"""


def together(count: int, work: str, url: str) -> list[str]:
    """
    Do some work in several processes at once; the lines that they said.
    """
    command = [sys.executable, "-c", FORK, str(count), work, url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.parametrize("_again", range(2))
def test_any_number_of_processes_may_open_an_empty_store_at_once(store_url: str, _again: int) -> None:
    together(4, OPEN, store_url)
    engine = create(store_url)
    assert (read_generation(engine), list_revisions(engine)) == (1, [])
    engine.dispose()


@pytest.mark.parametrize("made_before", [True, False])
def test_revisions_of_many_processes_are_numbered_without_gaps_and_all_kept(
    store_url: str, engine: Engine, made_before: bool
) -> None:
    before = together(1, ADD, store_url) if made_before else []
    said = [line.split() for line in before + together(8, ADD, store_url)]
    kept = list_revisions(engine, "c")
    assert [r.number for r in kept] == list(range(1, len(said) + 1))
    assert sorted((int(number), digest) for number, digest in said) == [(r.number, r.digest) for r in kept]
    assert read_generation(engine) == 1 + len(said)
    assert [r.number for r in active_revisions(engine)] == [len(said)]


def test_a_mapping_saved_by_many_at_once_is_there_once(store_url: str, engine: Engine) -> None:
    together(4, SAVE, store_url)
    assert [(m["name"], m["fingerprint"]) for m in list_mappings(engine)] == [("acme", "f" * 64)]
