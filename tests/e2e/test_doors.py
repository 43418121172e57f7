"""
Both doors answer alike: one corpus of requests, compared byte for byte.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from support.corpus import get, requests
from support.server import Server, read_responses

DATE = re.compile(rb"date: [^\r]*")
CONNECTIONS = re.compile(rb'"connections":\{[^}]*\}')
LENGTH = re.compile(rb"content-length: \d+")
LAST = get("/livez", "Connection: close")


def masked(answer: bytes) -> bytes:
    """
    Without the date and how many are connected, and with one word for both ends of a connection: which it is, where a
    client sends more than is read, is the kernel's matter.
    """
    answer = DATE.sub(b"date: -", answer).replace(b"<reset>", b"<closed>")
    return LENGTH.sub(b"", CONNECTIONS.sub(b"", answer)) if CONNECTIONS.search(answer) else answer


def everything(server: Server, raw: bytes) -> bytes:
    """
    All that a server sends for some bytes, until it closes: by itself, or because the next request asks it to, which is
    sent once something has been answered.
    """
    with server.connect() as client, suppress(BrokenPipeError, ConnectionResetError):
        client.sendall(raw)
        first = read_responses(client)
        if first.endswith((b"<closed>", b"<reset>")):
            return masked(first)
        with suppress(BrokenPipeError, ConnectionResetError):
            client.sendall(LAST)
        return masked(first + read_responses(client, expect_close=True))
    return b"<closed>"


@pytest.mark.fault
def test_the_corpus_is_answered_byte_for_byte_alike_and_never_with_a_fault_of_ours(hot: Server, plain: Server) -> None:
    corpus = dict(requests())
    assert len(corpus) >= 300
    with ThreadPoolExecutor(64) as pool:
        ones = pool.map(lambda raw: everything(hot, raw), corpus.values())
        others = pool.map(lambda raw: everything(plain, raw), corpus.values())
        answers = dict(zip(corpus, zip(ones, others, strict=True), strict=True))
    assert {name: pair for name, pair in answers.items() if pair[0] != pair[1]} == {}
    assert [name for name, (answer, _) in answers.items() if b"HTTP/1.1 5" in answer or b"Traceback" in answer] == []


def test_a_header_block_seen_before_changes_no_answer(hot: Server) -> None:
    """
    The second time the same header fields come, they are not parsed again.
    """
    lines = [raw.split(b"\r\n")[0] for name, raw in requests() if name.startswith(("number", "query"))]
    lines = [line for line in lines if len(line) < 4000]

    def ask(line: bytes) -> tuple[bytes, bytes]:
        fresh = everything(hot, line + f"\r\nHost: a\r\nX-Fresh: {hash(line)}\r\n\r\n".encode())
        with hot.connect() as client:
            for _ in range(2):
                client.sendall(line + b"\r\nHost: a\r\nX-Known: block\r\n\r\n")
                again = masked(read_responses(client))
                if again.endswith(b"<closed>"):
                    break
        return fresh, again

    last = everything(hot, LAST)
    with ThreadPoolExecutor(32) as pool:
        answers = dict(zip(lines, pool.map(ask, lines), strict=True))
    stays = {line: pair for line, pair in answers.items() if pair[0].endswith(last)}
    assert len(stays) > 200
    assert {line: pair for line, pair in stays.items() if pair[0] != pair[1] + last} == {}


def test_pipelined_requests_are_answered_in_their_order(door: Server) -> None:
    numbers = [f"4411324567{i:02d}" for i in range(50)]
    slow = get("/livez")
    with door.connect() as client:
        client.sendall(b"".join(get(f"/api/rate.json?number={n}&card=retail") + slow for n in numbers))
        answers = read_responses(client, count=100)
    found = re.findall(rb'"number":"(\d+)"|"status":"(alive)"', answers)
    assert found == [pair for n in numbers for pair in ((n.encode(), b""), (b"", b"alive"))]


def test_a_request_in_pieces_is_one_request(door: Server) -> None:
    raw = get("/api/rate.json?number=441132456789&card=retail")
    with door.connect() as client:
        for at in range(len(raw)):
            client.sendall(raw[at : at + 1])
        assert b'"prefix":"44113"' in read_responses(client)
        client.sendall(raw)
        assert b'"prefix":"44113"' in read_responses(client)
