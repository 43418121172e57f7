"""
Stores with their tables in them, copied rather than migrated one by one.
"""

import shutil
import tempfile
from functools import cache
from pathlib import Path

from service.store.migrate import create


def sqlite_store(path: Path) -> str:
    """
    Put a store with nothing in its tables at a path, unless there is one; its URL.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_made())
    return f"sqlite:///{path}"


@cache
def _made() -> bytes:
    folder = Path(tempfile.mkdtemp(prefix="ratedip-store-"))
    try:
        create(f"sqlite:///{folder / 'ratedip.db'}").dispose()
        return (folder / "ratedip.db").read_bytes()
    finally:
        shutil.rmtree(folder)
