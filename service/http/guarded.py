"""
One client's connection, bounded: how long, how large and how much at once, and how it ends.

A subclass of uvicorn's protocol, which bounds none of these: slow sockets stay, a stuck body holds up the end, and a
restart loses requests. Every request goes on to the application; :mod:`service.http.protocol` answers look-ups before.
"""

import asyncio
from typing import Any, ClassVar, NoReturn

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from service.access.identify import is_marked
from service.errors import ApiError, forbidden, standard, unavailable
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
from service.http.overload import ALWAYS, RETRY_S, Load
from service.http.respond import Response, refuse, wire
from service.http.sweep import NEW
from service.http.turns import BODY_TURN, HEAD_TURN, Turns
from service.snapshot import Desk


class GuardedProtocol(HttpToolsProtocol):
    """
    Attributes:
        between: no request is coming in; ``in_head``: one is, and its fields are not all there.
        seconds, limit_s: what the sweep counts, and how far.
        handed: the application has the request that is coming in; ``refused``: what it gets instead.
        ending: the process ends; ``ended``: nothing more is read, for which ``refusal`` may be the reason.
        guarded: what comes in the clear is refused.
        fed: bytes the parser is reading; ``earlier``: of those, how many may be of messages before the next it begins.
    """

    flow: Turns
    open: ClassVar[set["GuardedProtocol"]] = set()
    """Connections of this process."""
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
        self.refused: Response | None = None
        self.handed = False
        self.ending = False
        self.guarded = False
        self.ended = False
        self.refusal: ApiError | None = None
        self.header_bytes = 0
        self.raw_bytes = 0
        self.body_bytes = 0
        self.fed = self.earlier = 0
        self.seconds = NEW
        self.limit_s = IDLE_S
        self.unsent = 0
        self.turn: asyncio.Handle | None = None
        self.peer = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = Turns(transport)
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
        if self.in_head and self.flow.read_paused:
            # The rest of the head is not let in before the answers ahead of it are taken: no fault of its sender.
            return not self.flow.write_paused or self._is_taken() or self.seconds <= IDLE_S
        if self._is_idle():
            return False
        if not self.between:
            # An answer goes out while its question still comes in: whoever makes it says how long that may rest.
            return self.cycle.response_started
        return not self.flow.write_paused or self._is_taken()

    def _is_taken(self) -> bool:
        """
        Some of what waits for the client has gone since the last sweep; then it has all its time again.
        """
        unsent = self.transport.get_write_buffer_size()
        is_taken = unsent != self.unsent
        if is_taken:
            self.seconds = 1
        self.unsent = unsent
        return is_taken

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
        self.seconds = max(self.seconds, 0)
        if self.between:
            self.limit_s = DRAIN_IDLE_S
        if not self._is_idle():
            last = self.pipeline[0][0] if self.pipeline else self.cycle
            last.keep_alive = False

    def _guard(self) -> None:
        """
        Only what is secure on its way may be asked.
        """
        self.guarded = self.scheme != "https"

    # Bytes in

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if self.flow.waiting or self.pipeline:
            self.flow.pause_reading()  # whoever reads a body has it read on
            self.flow.waiting += data
        else:
            self._read(data)

    def _read(self, data: bytes) -> None:
        """
        Parse what came, or as much of it as one turn may have.
        """
        if self.ended or self.transport.is_closing():
            return
        # Behind a small body more requests may follow, and those are read as such.
        is_large = not (self.between or self.in_head) and self.body_bytes >= HEAD_TURN
        turn = BODY_TURN if is_large else HEAD_TURN
        if len(data) > turn:
            self.flow.pause_reading()
            self.flow.waiting = data[turn:]
            self._take_turn_later()
        self._feed(data[:turn])

    def _take_turn_later(self) -> None:
        if self.turn is None:
            self.turn = self.loop.call_soon(self._take_turn)

    def _take_turn(self) -> None:
        self.turn = None
        if self.flow.write_paused or self.pipeline:
            return  # first it reads the answers it has, and gets those it waits for
        data, self.flow.waiting = self.flow.waiting, b""
        self._read(data)
        if not self.pipeline and not self.flow.write_paused and not self._is_full():
            self.flow.resume_reading()

    def _rest(self) -> None:
        """
        Take in what came meanwhile once nothing is queued; the base class reads on after each answer, without end.
        """
        if self.transport.is_closing():
            return
        if self.pipeline or self.flow.write_paused:
            self.flow.pause_reading()
        elif self.flow.waiting:
            self._take_turn_later()

    def _is_full(self) -> bool:
        """
        The application has not read what came of the body; it lets more come once it does.
        """
        return not self._is_idle() and len(self.cycle.body) > HIGH_WATER_LIMIT

    def _feed(self, data: bytes) -> None:
        self.fed = len(data)
        self.earlier = 0 if self.between else self.fed
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(standard(400, "no other protocol is spoken here"))
        except httptools.HttpParserError as error:
            self._refuse(self.refusal or standard(400, f"not HTTP/1.1: {error}"))
        else:
            if not self.between:
                self._measure(len(data))

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

    # Parser callbacks

    def on_response_complete(self) -> None:
        self.seconds = 0
        super().on_response_complete()
        self._rest()
        if self.ended and self.refusal is not None and self._is_idle() and not self.transport.is_closing():
            self._refuse(self.refusal)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.between = self.handed = False
        self.in_head = True
        self.seconds = 0
        self.limit_s = HEAD_S
        self.refused = None
        self.header_bytes = self.body_bytes = 0
        self.raw_bytes, self.earlier = -self.earlier, self.fed

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
        self._take()

    def _take(self) -> None:
        """
        Its head is in and found good.
        """
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
        if self.handed:
            super().on_message_complete()
        elif self.refused is not None:
            self._answer_refused(self.refused)

    def _hand_over(self) -> None:
        """
        Let the application answer, unless it has enough to do.
        """
        path = self.url.partition(b"?")[0]
        if self._is_idle():
            if self.load.is_full(path):
                self.refused = self.load.refuse(path)
                if self.expect_100_continue:
                    self.refused = None
                    self._stop(unavailable("Overloaded", RETRY_S))
                return
            self.load.begin(path, self.loop)
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

    def _is_idle(self) -> bool:
        """
        No earlier request of this connection waits for its answer.
        """
        return self.cycle is None or self.cycle.response_complete

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
        if self.flow.waiting:
            self._take_turn_later()
        elif not self.pipeline:
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


def _closing(response: Response) -> Response:
    return Response(
        response.status, response.content_type, response.body, (*response.headers, (b"connection", b"close"))
    )
