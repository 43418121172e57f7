"""
The process that keeps what the store last said; the file it goes to comes on standard input.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from service.ops.last_known import keep
from service.settings import Settings
from service.store.database import connect

DONE, FAILED = 0, 1
NICENESS = 10


def main() -> int:
    """
    Keep it once.

    Returns:
        Status of the exit.
    """
    path, settings = Path(sys.stdin.read()), Settings()
    with suppress(OSError):
        os.nice(NICENESS)  # look-ups first
    engine = connect(settings.store_url)
    try:
        keep(engine, path)
    except (OSError, SQLAlchemyError) as error:
        print(str(error).partition("\n")[0], file=sys.stderr)  # noqa: T201 - read by the serving process
        return FAILED
    finally:
        engine.dispose()
    return DONE


if __name__ == "__main__":
    sys.exit(main())
