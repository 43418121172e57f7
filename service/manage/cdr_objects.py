"""
Call records as JSON: a list of objects, or an object a line.
"""

from itertools import chain
from typing import Any

import orjson

from service.manage.cdr_columns import Batch, Refusal, read_columns
from service.manage.cdr_fields import FIELDS, RefusedError, Sender, check_names
from service.manage.cdr_lines import Line
from service.manage.cdr_shapes import RATEDIP, SHAPES_OF_OBJECTS, sender_of, shape_of_object

Said = dict[str, Any]
_NAMES = set(FIELDS)


class ObjectReader:
    """
    Attributes:
        shape: None until the first object is seen.
    """

    def __init__(self, sender: Sender, shape: str | None = None) -> None:
        self.shape = shape
        self._sender = sender

    def lines(self, lines: list[Line]) -> Batch:
        """
        Read lines, each to be an object.
        """
        try:
            events = orjson.loads(b"[" + b",".join(line for _, line in lines) + b"]")
        except orjson.JSONDecodeError:
            events = []
        if len(events) == len(lines):
            return self.events(events, [number for number, _ in lines])
        return self._line_by_line(lines)

    def _line_by_line(self, lines: list[Line]) -> Batch:
        events, places, refusals = [], [], []
        for number, line in lines:
            try:
                events.append(orjson.loads(line))
                places.append(number)
            except orjson.JSONDecodeError as error:
                refusals.append(Refusal(number, "", f"is not JSON: {error.msg}"))
        return self.events(events, places).also(refusals)

    def events(self, events: list[Any], places: list[int]) -> Batch:
        """
        Read JSON values, each to be an object.

        Args:
            places: of each in what was sent.
        """
        if self.shape is None and events:
            self.shape = shape_of_object(events[0])
        read = SHAPES_OF_OBJECTS[self.shape or RATEDIP]
        said: list[Said] = []
        kept, refusals, ignored = [], [], 0
        for event, place in zip(events, places, strict=True):
            fields = read(event) if isinstance(event, dict) else None
            if fields is not None:
                said.append(fields)
                kept.append(place)
            elif isinstance(event, dict):
                ignored += 1
            else:
                refusals.append(Refusal(place, "", "is not a JSON object"))
        return self._fields(said, kept).also(refusals, ignored)

    def _fields(self, said: list[Said], places: list[int]) -> Batch:
        names = set(chain.from_iterable(said))
        if not names <= _NAMES:
            return self._known(said, places)
        columns = {name: [one.get(name) for one in said] for name in names}
        return read_columns(columns, places, sender_of(self._sender, self.shape or RATEDIP))

    def _known(self, said: list[Said], places: list[int]) -> Batch:
        """
        Of records some of which have fields that nobody knows, the others.
        """
        kept, kept_places, refusals = [], [], []
        for one, place in zip(said, places, strict=True):
            try:
                check_names(one)
                kept.append(one)
                kept_places.append(place)
            except RefusedError as error:
                refusals.append(Refusal.of(error, place))
        return self._fields(kept, kept_places).also(refusals)
