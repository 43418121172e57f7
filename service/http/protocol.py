"""
The hot door: look-ups answered straight from the parser's callback, without an ASGI task.

A subclass of uvicorn's protocol. A GET without a body that :func:`service.http.respond.respond` knows is answered in
the callback that completes it; everything else goes on to the application as uvicorn does it. Two things are known
here that a general server cannot know: an answer needs no waiting, and a softswitch sends the same header fields with
every request of a connection, so that a block of them seen before need not be parsed again.
"""

import asyncio
from http import HTTPStatus
from typing import Any, ClassVar, NoReturn

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from service.errors import ApiError, standard
from service.http import known_asrplus
from service.http.known import START, Known, answer, learn, number_end
from service.http.known_asrplus import KnownAsrplus
from service.http.respond import JSON_LENGTH, OK_DATE, Head, Response, head_of, refuse, respond, wire
from service.snapshot import Desk

MAX_URL = 4096
MAX_HEADERS = 16384
MAX_FIELDS = 64
MAX_KNOWN_BLOCKS = 1024
MAX_BLOCK = 2048
MAX_KNOWN_HERE = 16

_START = len(START)
_ASRPLUS = known_asrplus.START
_END = b" HTTP/1.1"
_BLANK_LINE = b"\r\n\r\n"
_NOT_PLAIN = {b"content-length", b"transfer-encoding", b"expect", b"upgrade", b"connection"}
# Characters that RFC 3986 lets stand in a path and query, and that no parser reads in two ways.
_URL_SAFE = bytes(range(0x41, 0x5B)) + bytes(range(0x61, 0x7B)) + b"0123456789-._~!$&'()*+,;=:@%/?[]"


class HotProtocol(HttpToolsProtocol):
    """
    One client's connection.
    """

    hot = True
    open: ClassVar[set["HotProtocol"]] = set()
    """Connections of this process."""
    blocks: ClassVar[dict[bytes, Head]] = {}
    """Header blocks, from the end of the request line to the blank line, parsed before and found plain."""
    known: ClassVar[dict[bytes, Known]] = {}
    """What follows the number in requests parsed before that name who asks, and what it means."""
    known_asrplus: ClassVar[dict[bytes, KnownAsrplus]] = {}
    """The same of questions what was answered for a number."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.desk: Desk = self.app.state.desk
        self.between = True
        self.clear = self.hot
        self.waiting = False
        self.ended = False
        self.refusal: ApiError | None = None
        self.chunk = b""
        self.header_bytes = 0
        self.parsed = 0
        self.seconds = 0
        self.peer = ""
        self.here: dict[bytes, Known] = {}
        self.here_asrplus: dict[bytes, KnownAsrplus] = {}
        self.headers_made: list[tuple[bytes, bytes]] = []
        self.head = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.peer = self.client[0] if self.client else ""
        self.open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.open.discard(self)
        super().connection_lost(exc)

    def is_answering(self) -> bool:
        return self.between and not self._is_idle()

    def close(self) -> None:
        self.transport.close()

    # Bytes in

    def data_received(self, data: bytes) -> None:
        if self.timeout_keep_alive_task is not None:
            self._unset_keepalive_if_required()
        if self.clear:
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
        if self.ended:
            return
        self.chunk = data
        self.parsed = 0
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(standard(400, "no other protocol is spoken here"))
        except httptools.HttpParserError as error:
            self._refuse(self.refusal or standard(400, f"not HTTP/1.1: {error}"))
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

    # Parser callbacks

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.clear = self.hot and self.between and not self.ended and self._is_idle()
        if self.ended and self.refusal is not None and self._is_idle() and not self.transport.is_closing():
            self._refuse(self.refusal)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.between = False
        self.clear = False
        self.seconds = 0
        self.waiting = False
        self.header_bytes = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > MAX_URL:
            self._stop(standard(414, f"the URL is longer than {MAX_URL} bytes"))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self.header_bytes += len(name) + len(value)
        if self.header_bytes > MAX_HEADERS or len(self.headers) > MAX_FIELDS:
            self._stop(standard(431, f"more than {MAX_FIELDS} header fields or {MAX_HEADERS} bytes of them"))

    def on_headers_complete(self) -> None:
        if b"#" in self.url:
            self._stop(standard(400, "the URL has a fragment, which is not sent"))
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts != 1 and self.parser.get_http_version() == "1.1":
            self._stop(standard(400, f"{hosts} Host header fields, should be one"))
        self.waiting = self._is_plain()
        if not self.waiting:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self.waiting:
            if not self._is_idle():
                self.seconds = 0  # how long a body may take, whoever reads it says
            super().on_body(body)

    def on_message_complete(self) -> None:
        self.between = True
        self.seconds = 0
        self.parsed += 1
        if not self.waiting:
            super().on_message_complete()
            self.clear = self.hot and self._is_idle()
            return
        self.waiting = False
        head = head_of(self.headers)
        response = respond(self.desk, b"GET", self.url, head, self.peer)
        if not isinstance(response, Response):
            super().on_headers_complete()
            super().on_message_complete()
            return
        self._remember(head)
        self._write(response)
        self.clear = True

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

    def _is_idle(self) -> bool:
        """
        No earlier request of this connection waits for its answer.
        """
        return self.cycle is None or self.cycle.response_complete

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

    # Bytes out

    def _write(self, response: Response) -> None:
        self.seconds = 0
        # uvicorn makes the Date field anew each second.
        self.transport.write(wire(response, self.server_state.default_headers[0][1]))

    def pause_writing(self) -> None:
        """
        A client that does not read its answers may not send more questions.
        """
        super().pause_writing()
        self.flow.pause_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.pipeline:
            self.flow.resume_reading()

    def _stop(self, error: ApiError) -> NoReturn:
        """
        Give up on a request inside a callback; the parser passes it on to data_received.
        """
        self.refusal = error
        raise ValueError(error.reason)

    def _refuse(self, error: ApiError) -> None:
        """
        Answer what is not a request, and close: after it nothing can be told apart any more.
        """
        self.ended = True
        self.clear = False
        if not self._is_idle() and not self.cycle.more_body:
            # The request before it is whole, and is answered first.
            self.refusal = error
            self.flow.pause_reading()
            return
        response = refuse(error, "error", "json")
        response.headers += ((b"connection", b"close"),)
        self._write(response)
        self.transport.close()


class PlainProtocol(HotProtocol):
    """
    The same connection with the hot door shut: every request goes through the application.
    """

    hot = False
