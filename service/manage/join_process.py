"""
The process that joins the cards of carriers; its order comes on standard input.
"""

import fcntl
import os
import sys
from contextlib import suppress
from pathlib import Path

import orjson

from ratecards.artifact import ArtifactError
from ratecards.lcr import joint_name
from ratecards.lcr.build import JointError
from ratecards.lcr.join import build_joint
from service.ops.joined import card_files, joint_path

DONE, FAILED = 0, 1
NICENESS = 10


def main() -> int:
    """
    Join once; where another process of this node is at it, wait for that one.

    Returns:
        Status of the exit.
    """
    order = orjson.loads(sys.stdin.buffer.read())
    folder, digests = Path(order["folder"]), order["digests"]
    path = joint_path(folder, joint_name(digests))
    with suppress(OSError):
        os.nice(NICENESS)  # look-ups first
    with (folder / ".joint.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():
            return DONE
        try:
            build_joint(path, card_files(folder, digests), order["as_of"])
        except (ArtifactError, JointError, OSError) as error:
            print(error, file=sys.stderr)  # noqa: T201 - read by the serving process
            return FAILED
    return DONE


if __name__ == "__main__":
    sys.exit(main())
