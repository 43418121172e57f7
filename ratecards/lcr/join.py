"""
Cards on disk become a joint index on disk, by a process that does nothing else.
"""

from collections.abc import Iterable
from pathlib import Path

from ratecards.artifact import pack, verify
from ratecards.durable import write_atomically
from ratecards.lcr.build import Sections, join_cards
from ratecards.lcr.file import map_whole


def build_joint(path: Path, cards: Iterable[tuple[str, Path]], as_of: int) -> int:
    """
    Join cards on disk and put the joint index in place, whole or not at all.

    Args:
        path: where it goes; by custom its name is :func:`joint_name`.
        cards: digest and file of each card.
        as_of: unix seconds, as in :func:`ratecards.lcr.build.join_cards`.

    Returns:
        Bytes written.

    Raises:
        ArtifactError: a card's file is damaged or not the one its digest names.
        JointError: a card cannot be joined.
        OSError: a file cannot be read or written.

    """
    joined = pack(join_cards({digest: _read(card, digest) for digest, card in cards}, as_of))
    write_atomically(path, joined)
    return len(joined)


def _read(path: Path, digest: str) -> Sections:
    return verify(memoryview(map_whole(path)), path.name, expected=digest)
