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
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from service.access.identify import is_marked
from service.errors import ApiError, forbidden, standard, unavailable
from service.http import known_asrplus
from service.http.known import START, Known, answer, learn, number_end
from service.http.known_asrplus import KnownAsrplus
from service.http.limits import (
    DRAIN_IDLE_S,
    HEAD_S,
    IDLE_S,
    MAX_FIELDS,
    MAX_HEAD,
    MAX_HEADERS,
    MAX_URL,
    REQUEST_S,
    check_head,
    is_wrapping,
    too_large_head,
    too_long_url,
)
from service.http.overload import ALWAYS, RETRY_S, Load, overloaded
from service.http.respond import JSON_LENGTH, OK_DATE, Head, Response, head_of, refuse, respond, wire
from service.http.sweep import NEW
from service.snapshot import Desk

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
    over_tls: ClassVar[tuple[dict[bytes, Head], dict[bytes, Known], dict[bytes, KnownAsrplus]]] = ({}, {}, {})
    """Those three of connections that need no proxy's word that they are secure, where it is asked for."""
    load: ClassVar[Load] = Load()

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
        self.in_head = False
        self.clear = self.hot
        self.waiting = False
        self.refused: Response | None = None
        self.handed = False
        self.ending = False
        self.guarded = False
        self.ended = False
        self.refusal: ApiError | None = None
        self.chunk = b""
        self.header_bytes = 0
        self.raw_bytes = 0
        self.body_bytes = 0
        self.parsed = 0
        self.seconds = NEW
        self.limit_s = IDLE_S
        self.unsent = 0
        self.peer = ""
        self.here: dict[bytes, Known] = {}
        self.here_asrplus: dict[bytes, KnownAsrplus] = {}
        self.headers_made: list[tuple[bytes, bytes]] = []
        self.head = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.peer = self.client[0] if self.client else ""
        self.open.add(self)
        if self.desk.https_only:
            self._guard()
        if self.desk.draining:
            self.shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        self.open.discard(self)
        super().connection_lost(exc)

    def is_answering(self) -> bool:
        # Where an answer goes out while its question still comes in, whoever makes it says how long that may rest.
        return not self._is_idle() and (self.between or self.cycle.response_started)

    def is_slow(self) -> bool:
        unsent = self.transport.get_write_buffer_size()
        if unsent < self.unsent:
            self.seconds = 1  # it is slow, but reads on
        self.unsent = unsent
        return unsent > 0 or not self.between

    def close(self) -> None:
        """
        Close, and wait for nobody who does not read.
        """
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    def shutdown(self) -> None:
        """
        The process ends: what was begun is answered, and with the next answer the connection closes.
        """
        self.ending = True
        self.hot = self.clear = False
        self.seconds = max(self.seconds, 0)
        if self.between:
            self.limit_s = DRAIN_IDLE_S
        if not self._is_idle():
            last = self.pipeline[0][0] if self.pipeline else self.cycle
            last.keep_alive = False

    def _guard(self) -> None:
        """
        Only what is secure on its way may be asked; what was learned of secure connections is kept apart.
        """
        if self.scheme == "https":
            self.blocks, self.known, self.known_asrplus = self.over_tls  # type: ignore[misc]
        else:
            self.guarded = True

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
        else:
            if not self.between:
                self._measure(len(data))
        self.chunk = b""

    def _measure(self, count: int) -> None:
        """
        Refuse what goes on without end in a place that the parser tells only once it is whole.
        """
        self.raw_bytes += count
        if self.in_head:
            if self.raw_bytes > MAX_HEAD:
                self._refuse(too_large_head())
        elif is_wrapping(self.raw_bytes - self.header_bytes, self.body_bytes):
            self._refuse(standard(400, "the chunks of the body are mostly something else"))

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
        self.seconds = 0
        super().on_response_complete()
        self.clear = self.hot and self.between and not self.ended and self._is_idle()
        if self.ended and self.refusal is not None and self._is_idle() and not self.transport.is_closing():
            self._refuse(self.refusal)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.between = self.clear = self.waiting = self.handed = False
        self.in_head = True
        self.seconds = 0
        self.limit_s = HEAD_S
        self.refused = None
        self.header_bytes = self.raw_bytes = self.body_bytes = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > MAX_URL:
            self._stop(too_long_url())

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.in_head:
            return  # behind a body: whoever decides by a field has read the head, RFC 9110 clause 6.5.1
        self.header_bytes += len(name) + len(value) + len(": \r\n")
        super().on_header(name, value)
        if self.header_bytes > MAX_HEADERS or len(self.headers) > MAX_FIELDS:
            self._stop(too_large_head())

    def on_headers_complete(self) -> None:
        self.in_head = False
        self.limit_s = REQUEST_S
        error = check_head(self.parser.get_http_version(), self.url, self.headers)
        if error is None and self.guarded:
            error = self._insecure()
        if error is not None:
            self._stop(error)
        self.waiting = self._is_plain()
        if not self.waiting:
            self._hand_over()

    def on_body(self, body: bytes) -> None:
        self.body_bytes += len(body)
        if self.handed:
            if not self._is_idle():
                self.seconds = 0  # how long a body may take, whoever reads it says
            super().on_body(body)

    def on_message_complete(self) -> None:
        self.between = True
        self.seconds = 0
        self.limit_s = DRAIN_IDLE_S if self.ending else IDLE_S
        self.parsed += 1
        if self.waiting:
            self._answer_plain()
        elif self.handed:
            super().on_message_complete()
            self.clear = self.hot and self._is_idle()
        elif self.refused is not None:
            self._answer_refused(self.refused)

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
        if self.handed:
            super().on_message_complete()
        elif self.refused is not None:
            self._answer_refused(self.refused)

    def _hand_over(self) -> None:
        """
        Let the application answer, unless it has enough to do.
        """
        path = self.url.partition(b"?")[0]
        if self._is_idle() and self.load.is_full(path, self.loop):
            self.refused = overloaded(path)
            if self.expect_100_continue:
                self.refused = None
                self._stop(unavailable("Overloaded", RETRY_S))
            return
        self.scope["state"]["spent_s"] = self.seconds
        self.handed = True
        super().on_headers_complete()
        if self.ending:
            self.cycle.keep_alive = False

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        task = self.loop.create_task(cycle.run_asgi(app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)
        self.load.note(task, cycle.scope["raw_path"])

    def _answer_refused(self, response: Response) -> None:
        """
        Say that there is too much to do, once the request is in, so that the connection can stay.
        """
        self.refused = None
        stays = self.parser.should_keep_alive() and not self.ending
        self._write(response if stays else _closing(response))
        if not stays:
            self.ended = True
            self.transport.close()

    def _insecure(self) -> ApiError | None:
        """
        What is said to a request that came in the clear, and that no proxy believed has marked as TLS.
        """
        if self.url.partition(b"?")[0] in ALWAYS or is_marked(self.peer, self.headers, self.desk.door):
            return None
        return forbidden("this service is asked over HTTPS only")

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
        if self._is_answered():
            self.transport.close()
            return
        if not self._is_idle() and not self.cycle.more_body:
            # The request before it is whole, and is answered first.
            self.refusal = error
            self.flow.pause_reading()
            return
        self._write(_closing(refuse(error, "error", "json")))
        self.transport.close()

    def _is_answered(self) -> bool:
        """
        The request that goes wrong has an answer, or the beginning of one: there may be no second.
        """
        return self.handed and not self.between and self.cycle.response_started


class PlainProtocol(HotProtocol):
    """
    The same connection with the hot door shut: every request goes through the application.
    """

    hot = False


def _closing(response: Response) -> Response:
    return Response(
        response.status, response.content_type, response.body, (*response.headers, (b"connection", b"close"))
    )
