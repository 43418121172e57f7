"""
Keys: ``rd_live_<id>_<secret><checksum>``.

The prefix lets a scanner of code or logs find one that got out; the checksum tells a mistyped key from a wrong one
without asking anybody; the id names a key without giving it away.
"""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass

_ALPHABET = string.digits + string.ascii_letters
ID_LENGTH = 10
SECRET_LENGTH = 32
"""Characters of 62: 190 bits, so that a fast hash is enough to keep it by."""

_CHECKSUM_LENGTH = 6
_KEY = re.compile(
    rf"rd_(live|test)_([0-9A-Za-z]{{{ID_LENGTH}}})_[0-9A-Za-z]{{{SECRET_LENGTH + _CHECKSUM_LENGTH}}}", re.ASCII
)
MAX_KEY = 64


@dataclass(frozen=True, slots=True)
class NewKey:
    """
    Attributes:
        id: its public part.
        text: the whole; shown once, kept nowhere.
        digest: what is kept of it.
    """

    id: str
    text: str
    digest: str


def new_key(environment: str) -> NewKey:
    """
    Make a key.

    Args:
        environment: ``live`` or ``test``.
    """
    public = _random(ID_LENGTH)
    start = f"rd_{environment}_{public}_{_random(SECRET_LENGTH)}"
    text = start + _checksum(start)
    return NewKey(public, text, digest_of(text))


def key_id(text: str) -> str | None:
    """
    The public part of what looks like a key; None: it is none, or was mistyped.
    """
    found = _KEY.fullmatch(text) if len(text) <= MAX_KEY else None
    if found is None or _checksum(text[:-_CHECKSUM_LENGTH]) != text[-_CHECKSUM_LENGTH:]:
        return None
    return found[2]


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def is_key(text: str, digest: str) -> bool:
    """
    Compare a key with what is kept of it, in a time that tells nothing.
    """
    return hmac.compare_digest(digest_of(text), digest)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _checksum(text: str) -> str:
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
