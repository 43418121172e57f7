"""
The hot door: look-ups answered straight from the parser's callback, without an ASGI task.

A GET without a body that :func:`service.http.respond.respond` knows is answered in the callback that completes it;
everything else goes on to the application as uvicorn does it. Two things are known here that a general server cannot
know: an answer needs no waiting, and a softswitch sends the same header fields with every request of a connection, so
that a block of them seen before need not be parsed again.
"""

import asyncio
from http import HTTPStatus
from typing import Any, ClassVar

from uvicorn.config import Config
from uvicorn.server import ServerState

from service.errors import ApiError
from service.http import known_asrplus
from service.http.guarded import GuardedProtocol
from service.http.known import START, Known, answer, learn, number_end
from service.http.known_asrplus import KnownAsrplus
from service.http.limits import MAX_URL
from service.http.respond import JSON_LENGTH, OK_DATE, Head, Response, head_of, respond
from service.snapshot import Snapshot

MAX_KNOWN_BLOCKS = 1024
MAX_BLOCK = 2048
MAX_KNOWN_HERE = 16

_START = len(START)
_ASRPLUS = known_asrplus.START
_POST = b"POST "
_END = b" HTTP/1.1"
_BLANK_LINE = b"\r\n\r\n"
_NOT_PLAIN = {b"content-length", b"transfer-encoding", b"expect", b"upgrade", b"connection"}
_NOT_REFUSED_ALIKE = _NOT_PLAIN - {b"content-length"}
# Characters that RFC 3986 lets stand in a path and query, and that no parser reads in two ways.
_URL_SAFE = bytes(range(0x41, 0x5B)) + bytes(range(0x61, 0x7B)) + b"0123456789-._~!$&'()*+,;=:@%/?[]"


class HotProtocol(GuardedProtocol):
    """
    One client's connection.

    Attributes:
        hot: what it asks may be answered here; ``clear``: and nothing stands before the next request.
        waiting: for the end of a request that is answered here.
    """

    blocks: ClassVar[dict[bytes, Head]] = {}
    """Header blocks, from the end of the request line to the blank line, parsed before and found plain."""
    known: ClassVar[dict[bytes, Known]] = {}
    """What follows the number in requests parsed before that name who asks, and what it means."""
    known_asrplus: ClassVar[dict[bytes, KnownAsrplus]] = {}
    """The same of questions what was answered for a number."""
    refused_blocks: ClassVar[dict[bytes, int]] = {}
    """Header blocks of whole requests refused for want of room, and the length of their bodies: to refuse is cheap."""
    over_tls: ClassVar[tuple[dict[bytes, Head], dict[bytes, Known], dict[bytes, KnownAsrplus]]] = ({}, {}, {})
    """Those three of connections that need no proxy's word that they are secure, where it is asked for."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.hot = True
        self.clear = True
        self.waiting = False
        self.chunk = b""
        self.parsed = 0
        self.here: dict[bytes, Known] = {}
        self.here_asrplus: dict[bytes, KnownAsrplus] = {}
        self.headers_made: list[tuple[bytes, bytes]] = []
        self.head = b""

    def shutdown(self) -> None:
        self.hot = self.clear = False
        super().shutdown()

    def _guard(self) -> None:
        """
        What was learned of secure connections is kept apart.
        """
        super()._guard()
        if not self.guarded:
            self.blocks, self.known, self.known_asrplus = self.over_tls  # type: ignore[misc]

    @classmethod
    def let_go(cls, snapshot: Snapshot) -> None:
        """
        What was learned stays, and is settled anew; what was settled by any other snapshot than this one goes.
        """
        tables: list[dict[bytes, Known] | dict[bytes, KnownAsrplus]] = [cls.known, cls.known_asrplus, *cls.over_tls[1:]]
        for connection in cls.open:
            if isinstance(connection, HotProtocol):
                tables += (connection.here, connection.here_asrplus)
        for table in tables:
            for known in table.values():
                if known.snapshot is not snapshot:
                    known.let_go()

    # Bytes in

    def data_received(self, data: bytes) -> None:
        if self.timeout_keep_alive_task is not None:
            self._unset_keepalive_if_required()
        if self.clear and not self.flow.waiting:
            if data.startswith(START):
                end = number_end(data)
                rest = data[end:]
                known = self.known.get(rest) or self.here.get(rest)
                if known is not None and self._answer_known(known, data[_START:end]):
                    return
            elif data.startswith(_ASRPLUS) and self._answer_asrplus(data):
                return
            if self._answer_block(data):
                return
        self.chunk = data
        self.parsed = 0
        super().data_received(data)
        self.chunk = b""

    def _answer_known(self, known: Known, number: bytes) -> bool:
        """
        Answer a request of which everything but the number came before.
        """
        if self.headers_made is not self.server_state.default_headers:
            self._make_head()
        answered = answer(self.desk, known, number, self.head)
        if answered is None:
            return False
        self.seconds = 0
        self.transport.write(answered)
        return True

    def _answer_asrplus(self, data: bytes) -> bool:
        """
        The same for what was answered for a number.
        """
        end = known_asrplus.number_end(data)
        rest = data[end:]
        known = self.known_asrplus.get(rest) or self.here_asrplus.get(rest)
        if known is None:
            return False
        if self.headers_made is not self.server_state.default_headers:
            self._make_head()
        answered = known_asrplus.answer(self.desk, known, data[len(_ASRPLUS) : end], self.head)
        if answered is None:
            return False
        self.seconds = 0
        self.transport.write(answered)
        return True

    def _make_head(self) -> None:
        """
        Take over the Date field that uvicorn makes anew each second.
        """
        self.headers_made = self.server_state.default_headers
        self.head = OK_DATE + self.headers_made[0][1] + JSON_LENGTH

    def _answer_block(self, data: bytes) -> bool:
        """
        Answer a request whose header block was parsed before, byte for byte the same.

        What is left to check is the request line. Its block was the whole rest of a complete message without a body,
        so the data is exactly one request.
        """
        if data.startswith(_POST):
            return self._refuse_block(data)
        end = data.find(b"\r\n")
        head = self.blocks.get(data[end:])
        if head is None or not data.startswith(b"GET /") or not data.endswith(_END, 0, end):
            return False
        target = data[4 : end - len(_END)]
        if len(target) > MAX_URL or target.translate(None, _URL_SAFE):
            return False
        response = respond(self.desk, b"GET", target, head, self.peer)
        if not isinstance(response, Response):
            return False
        if response.status == HTTPStatus.OK and (head.authorization is None or data.startswith(_ASRPLUS)):
            self._learn(data, head)
        self._write(response)
        return True

    def _refuse_block(self, data: bytes) -> bool:
        """
        Refuse a request that is one that was refused before but for its target and its body, while there is no room.
        """
        end = data.find(b"\r\n")
        head = data.find(_BLANK_LINE, end) + len(_BLANK_LINE)
        if self.refused_blocks.get(data[end:head]) != len(data) - head or not data.endswith(_END, 0, end):
            return False
        target = data[len(_POST) : end - len(_END)]
        path = target.partition(b"?")[0]
        if self.guarded or len(target) > MAX_URL or target.translate(None, _URL_SAFE) or not self.load.is_full(path):
            return False
        self._write(self.load.refuse(path))
        return True

    # Parser callbacks

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.clear = self.hot and self.between and not self.ended and self._is_idle()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.clear = self.waiting = False

    def _take(self) -> None:
        self.waiting = self._is_plain()
        if not self.waiting:
            super()._take()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.parsed += 1
        if self.waiting:
            self._answer_plain()
        elif not self.ended:
            self.clear = self.hot and self._is_idle()

    def _answer_plain(self) -> None:
        self.waiting = False
        head = head_of(self.headers)
        response = respond(self.desk, b"GET", self.url, head, self.peer)
        if isinstance(response, Response):
            self._remember(head)
            self._write(response)
            self.clear = True
            return
        self._hand_over()
        super().on_message_complete()

    def _answer_refused(self, response: Response) -> None:
        self._remember_refused()
        super()._answer_refused(response)

    def _remember_refused(self) -> None:
        """
        Keep the header block of a request that was the whole of what came, and stays connected.
        """
        data = self.chunk
        head = data.find(_BLANK_LINE) + len(_BLANK_LINE)
        block = data[data.find(b"\r\n") : head]
        if self.parsed or not data.startswith(_POST) or len(data) != head + self.body_bytes or len(block) > MAX_BLOCK:
            return
        if self.parser.get_http_version() != "1.1" or block.count(b"\n") != block.count(b"\r\n"):
            return
        if any(name in _NOT_REFUSED_ALIKE and value.lower() != b"keep-alive" for name, value in self.headers):
            return
        if len(self.refused_blocks) >= MAX_KNOWN_BLOCKS:
            self.refused_blocks.clear()
        self.refused_blocks[block] = self.body_bytes

    def _refuse(self, error: ApiError) -> None:
        self.clear = False
        super()._refuse(error)

    def _is_plain(self) -> bool:
        """
        A GET that ends with its header block, on a connection that stays, with nothing being answered before it.
        """
        if not self.hot or self.parser.get_method() != b"GET" or self.parser.get_http_version() != "1.1":
            return False
        if not self.parser.should_keep_alive() or self.parser.should_upgrade():
            return False
        return self._is_idle() and not any(
            name in _NOT_PLAIN and value.lower() != b"keep-alive" for name, value in self.headers
        )

    def _remember(self, head: Head) -> None:
        """
        Keep the header block of a request that was the whole of what came.
        """
        data = self.chunk
        end = data.find(b"\r\n")
        block = data[end:]
        if self.parsed != 1 or len(block) > MAX_BLOCK or not data.startswith(b"GET "):
            return
        if (
            not block.endswith(_BLANK_LINE)
            or block.count(_BLANK_LINE) != 1
            or block.count(b"\n") != block.count(b"\r\n")
        ):
            return
        if data[4 : end - len(_END)] != self.url:
            return
        if len(self.blocks) >= MAX_KNOWN_BLOCKS or len(self.known) >= MAX_KNOWN_BLOCKS:
            self.blocks.clear()
            self.known.clear()
        self.blocks[block] = head
        self._learn(data, head)

    def _learn(self, data: bytes, head: Head) -> None:
        # Who asks without a credential is a matter of the address: what that means is kept with the connection.
        named = head.authorization is not None
        learned = learn(data, head, "" if named else self.peer)
        if learned is not None:
            if not named and len(self.here) >= MAX_KNOWN_HERE:
                self.here.clear()
            kept = self.known if named else self.here
            kept[learned[0]] = learned[1]
            return
        asked = known_asrplus.learn(data, head, "" if named else self.peer)
        if asked is not None:
            found = self.known_asrplus if named else self.here_asrplus
            if len(found) >= (MAX_KNOWN_BLOCKS if named else MAX_KNOWN_HERE):
                found.clear()
            found[asked[0]] = asked[1]
