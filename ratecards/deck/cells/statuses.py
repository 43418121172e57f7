"""
A cell that says whether a code may be called: a status, a flag, the kind of change.
"""

from ratecards.deck.errors import CellError
from ratecards.deck.words import normal

_WITHDRAWN = frozenset(
    """closed, close, closure, withdrawn, withdraw, discontinued, discontinue, deleted, delete, deletion, removed,
    remove, removal, code removal, code removed, code deletion, code deleted, code closed, code withdrawn, terminated,
    ceased, blocked, block, code blocked, forbidden, barred, disabled, inactive, not active, suspended, do not route,
    dnr, unavailable, not available, no longer available, closing, to be closed""".replace("\n", " ").split(",")
)
WITHDRAWN = frozenset(" ".join(word.split()) for word in _WITHDRAWN)
"""What says that calls to the code must not be routed."""

_ACTIVE = frozenset(
    """active, current, open, enabled, valid, live, ok, new, increase, increased, decrease, decreased, unchanged,
    no change, same, added, addition, code addition, new code, code added, available, allowed, normal, effective,
    pending, future, changed, change, not blocked, in service, standard""".replace("\n", " ").split(",")
)
ACTIVE = frozenset(" ".join(word.split()) for word in _ACTIVE)
"""What says that they may."""

_YES = frozenset({"1", "yes", "y", "true", "t", "x", "on"})
_NO = frozenset({"0", "no", "n", "false", "f", "off", ""})


def read_status(cell: str) -> tuple[bool]:
    """
    Read a status: True is blocked.

    Raises:
        CellError: a word that is neither for active nor for withdrawn; a wrong guess would route calls to nowhere.
    """
    word = normal(cell)
    if word in WITHDRAWN:
        return (True,)
    if word in ACTIVE:
        return (False,)
    raise CellError("is no status this reader knows")


def read_remark(cell: str) -> tuple[bool]:
    """
    Read a change or a comment: True when all it says is that the code is withdrawn.
    """
    return (normal(cell) in WITHDRAWN,)


def read_change(cell: str) -> tuple[bool]:
    """
    Read the kind of change: True when one of its words says that the code is withdrawn.
    """
    word = normal(cell)
    return (word in WITHDRAWN or (word not in ACTIVE and any(part in WITHDRAWN for part in word.split())),)


def read_flag(cell: str) -> tuple[bool]:
    """
    Read a yes or no.

    Raises:
        CellError: neither.
    """
    word = normal(cell.removesuffix(".0"))
    if word in _YES or word in WITHDRAWN:
        return (True,)
    if word in _NO or word in ACTIVE:
        return (False,)
    raise CellError("is neither yes nor no")
