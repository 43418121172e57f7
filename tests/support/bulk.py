"""
A client of bulk requests that reads while it sends.
"""

import http.client
import json
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from support.patience import FAIL_SAFE_S
from support.server import Server


@contextmanager
def sending(
    server: Server, path: str, key: str, parts: Iterable[bytes], **headers: str
) -> Iterator[http.client.HTTPResponse]:
    """
    Send a body in parts, however many; the answer is read meanwhile.

    Args:
        headers: further fields, an underscore for a hyphen.
    """
    connection = http.client.HTTPConnection(server.host, server.port, timeout=FAIL_SAFE_S)
    connection.putrequest("POST", path, skip_accept_encoding=True)
    fields = {"Authorization": f"Bearer {key}", "Transfer-Encoding": "chunked"}
    for name, value in {**fields, **{name.replace("_", "-"): text for name, text in headers.items()}}.items():
        connection.putheader(name, value)
    connection.endheaders()
    writer = threading.Thread(target=_send, args=(connection, parts))
    writer.start()
    try:
        yield connection.getresponse()
    finally:
        with suppress(OSError, AttributeError):
            connection.sock.shutdown(socket.SHUT_RDWR)  # which ends what the other thread waits for
        connection.close()
        writer.join(FAIL_SAFE_S)


def _send(connection: http.client.HTTPConnection, parts: Iterable[bytes]) -> None:
    with suppress(OSError, AttributeError):  # the answer is what says why nothing more is taken
        for part in parts:
            connection.sock.sendall(b"%x\r\n%b\r\n" % (len(part), part))
        connection.sock.sendall(b"0\r\n\r\n")


def ask(server: Server, path: str, key: str, body: bytes, **headers: str) -> list[dict[str, Any]]:
    """
    Ask at once; the answers, one a line.
    """
    with sending(server, path, key, [body] if body else [], **headers) as answer:
        content = answer.read()
    assert answer.status == 200, content
    return [json.loads(line) for line in content.splitlines()]
