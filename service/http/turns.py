"""
What came at once on one connection is read a part a turn of the loop, so that nobody waits for its whole.

A client may send thousands of requests one behind the other, and a general server answers all that one read brought
before it looks at anybody else. Here they hold up only whoever sent them, and no more is answered than is read.
"""

import asyncio
from typing import Final

from uvicorn.protocols.http.flow_control import FlowControl

HEAD_TURN: Final = 2048
"""Bytes of requests without bodies; the look-up of a softswitch has about a hundred."""
BODY_TURN: Final = 65_536


class Turns(FlowControl):
    """
    Attributes:
        waiting: bytes that came and have not been read; as long as there are any, no more come.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__(transport)
        self.waiting = b""

    def resume_reading(self) -> None:
        if not self.waiting:
            super().resume_reading()
