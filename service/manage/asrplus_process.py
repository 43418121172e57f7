"""
The process that writes checkpoints of numbers' answers; the folder they go to comes on standard input.
"""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from service.heard import policy_of
from service.ops.answers_build import build
from service.settings import Settings
from service.store.database import connect

DONE, FAILED = 0, 1
NICENESS = 10


def main() -> int:
    """
    Write them once; where another process of this node is at it, leave it to that one.

    Returns:
        Status of the exit.
    """
    folder, settings = Path(sys.stdin.read()), Settings()
    with suppress(OSError):
        os.nice(NICENESS)  # look-ups first
    engine = connect(settings.store_url)
    try:
        build(engine, folder, policy_of(settings), int(time.time()))
    except (OSError, SQLAlchemyError, ValueError) as error:
        print(str(error).partition("\n")[0], file=sys.stderr)  # noqa: T201 - read by the serving process
        return FAILED
    finally:
        engine.dispose()
    return DONE


if __name__ == "__main__":
    sys.exit(main())
