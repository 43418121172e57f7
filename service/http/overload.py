"""
Work is limited by what is being done, not by who is connected: beyond that, requests are refused at once.

Look-ups by GET are answered in the callback that reads them, and wait for nobody: to refuse one would cost as much as
to answer it. What is limited here goes through the application: bodies, slow services, what a meter must be lent for.
"""

from asyncio import AbstractEventLoop, Task
from collections import deque
from functools import cache
from time import monotonic

from service.errors import unavailable
from service.http.respond import ROUTES, Response, refuse

TURN_S = 0.04
"""
For requests begun in one turn of the loop, as long as they take now: who is read in the same turn learns within 50 ms
whether it is answered.
"""
TURNS = 4
"""Of so many the one in which each took least tells how long it takes: in others the machine may have stood still."""
FEW, MANY = 8, 400
"""Requests that are begun in a turn however long they take, and however short."""
USUAL_S = 0.0001
"""What one takes at least."""
MAX_LOOKUPS = 1024
"""Look-ups that wait for something, at one time."""
MAX_SERVICES = 256
"""Requests to slow services at one time; each account's share of them is in its plan."""
RETRY_S = 1
ALWAYS = (b"/livez", b"/readyz", b"/metrics")
"""Who watches the service is always answered."""


class Load:
    """
    What the application of one process has in hand.

    Attributes:
        lookups: tasks of look-ups; ``services``: of all else.
        refused: requests so far.
    """

    def __init__(self) -> None:
        self.lookups: set[Task[None]] = set()
        self.services: set[Task[None]] = set()
        self.refused = 0
        self._begun = 0
        self._doing = 0
        self._since_s = 0.0
        self._lately: deque[float] = deque(maxlen=TURNS)
        self._most = MANY

    def is_full(self, path: bytes) -> bool:
        """
        Whether a further request is too much.
        """
        if path in ALWAYS:
            return False
        if self._doing:
            self._end_turn()
        hot = path in ROUTES
        return self._begun >= self._most or len(self.tasks(hot=hot)) >= (MAX_LOOKUPS if hot else MAX_SERVICES)

    def begin(self, path: bytes, loop: AbstractEventLoop) -> None:
        """
        Count a request as begun.

        Args:
            loop: which first reads what has come, and then does what it was told to soon.
        """
        if path in ALWAYS:
            return
        if not self._begun:
            loop.call_soon(self._begin_turn, loop)
        self._begun += 1

    def refuse(self, path: bytes) -> Response:
        """
        Count a request as refused.
        """
        self.refused += 1
        return overloaded(path)

    def _begin_turn(self, loop: AbstractEventLoop) -> None:
        """
        All has been read, and what was begun is done next.
        """
        self._doing, self._since_s, self._begun = self._begun, monotonic(), 0
        loop.call_soon(self._end_turn)

    def _end_turn(self) -> None:
        """
        Learn what one takes: of a few, too little shows.

        Called by whatever comes first when all is done: to read on, and to refuse what is too much, takes time as well.
        """
        if self._doing >= FEW:
            self._lately.append(max((monotonic() - self._since_s) / self._doing, USUAL_S))
            self._most = min(MANY, max(FEW, int(TURN_S / min(self._lately))))
        self._doing = 0

    def tasks(self, *, hot: bool) -> set[Task[None]]:
        return self.lookups if hot else self.services

    def note(self, task: Task[None], path: bytes) -> None:
        """
        Count a task until its end.
        """
        tasks = self.tasks(hot=path in ROUTES)
        tasks.add(task)
        task.add_done_callback(tasks.discard)


def overloaded(path: bytes) -> Response:
    """
    The refusal, in the format asked.
    """
    route = ROUTES.get(path)
    if route is not None:
        return _refusal(route.service, route.format)
    form = path.rpartition(b".")[2]
    return _refusal("error", form.decode() if form in {b"xml", b"html"} else "json")


@cache
def _refusal(service: str, form: str) -> Response:
    return refuse(unavailable("Overloaded", RETRY_S), service, form)
