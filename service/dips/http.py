"""
A source that answers over HTTP with JSON.
"""

import asyncio
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx
import orjson

from service.dips.dips import Fields, SourceError
from service.quota.breaker import Breaker

NUMBER = "{number}"
MAX_ANSWER = 65_536
"""Bytes of an answer."""
MAX_TEXT = 200
"""Characters of a field."""
MAX_CONNECTIONS = 32
_DEPTH = 8


class HttpSource:
    """
    An address with a place for the number, asked over connections that are kept.

    After three failures in a row it is left alone for half a second, then for longer, up to five; then one trial
    decides. A redirect is not followed: only the address that was configured is ever asked.

    Attributes:
        name: as answers tell it; the address, which may hold a password, is told to nobody.
        deadline_s: seconds after which an answer comes too late.
    """

    __slots__ = ("_breaker", "_client", "_fields", "_required", "_template", "_turns", "deadline_s", "name")

    def __init__(self, name: str, template: str, deadline_s: float, fields: Mapping[str, str], required: str) -> None:
        """
        Take an address apart; nothing is asked yet.

        Args:
            template: ``https://lrn.example/v1?tn={number}``.
            fields: name of a field -> where its value stands in the answer, ``data.lrn``.
            required: the field without which an answer is none.

        Raises:
            ValueError: the address is not of that form.
        """
        check_template(template)
        self.name = name
        self.deadline_s = deadline_s
        self._template = template
        self._fields = {name: path.split(".", _DEPTH) for name, path in fields.items()}
        self._required = required
        self._breaker = Breaker()
        self._turns = asyncio.Semaphore(
            MAX_CONNECTIONS
        )  # the client itself takes seconds to sort out a thousand who wait
        limits = httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS)
        self._client = httpx.AsyncClient(limits=limits, timeout=None, follow_redirects=False, trust_env=False)  # noqa: S113 - whoever asks sets the deadline

    async def ask(self, number: str) -> Fields | None:
        """
        What the source says of a number; None: it knows nothing of it (404).

        Args:
            number: E.164 digits.

        Raises:
            SourceError: there is no answer that can be used.
        """
        async with self._turns:
            if not self._breaker.allows(time.monotonic_ns()):
                raise SourceError("left alone for some seconds, for it failed before")
            return await self._ask(number)

    async def _ask(self, number: str) -> Fields | None:
        answered = False
        try:
            fields = await self._answer(number)
            answered = True
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise SourceError(f"cannot be asked ({type(error).__name__})") from None
        finally:  # too late is a failure too: then this is cancelled
            if answered:
                self._breaker.succeed()
            else:
                self._breaker.fail(time.monotonic_ns())
        return fields

    async def close(self) -> None:
        await self._client.aclose()

    async def _answer(self, number: str) -> Fields | None:
        async with self._client.stream("GET", self._template.replace(NUMBER, number)) as response:
            if response.status_code == httpx.codes.NOT_FOUND:
                return None
            if response.status_code != httpx.codes.OK:
                raise SourceError(f"answered {response.status_code}")
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > MAX_ANSWER:
                    raise SourceError(f"answered more than {MAX_ANSWER} bytes")
        return self._read(bytes(body))

    def _read(self, body: bytes) -> Fields:
        try:
            said = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise SourceError("answered no JSON") from None
        found = {name: text for name, path in self._fields.items() if (text := _text(said, path))}
        if self._required not in found:
            raise SourceError(f"answered without '{self._required}'")
        return found


def check_template(template: str) -> None:
    """
    Make sure that an address is one to ask about a number.

    Raises:
        ValueError: it is not HTTP, or names no place for the number behind the host.
    """
    parts = urlsplit(template)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is not an address that begins with http:// or https:// and a host")
    if NUMBER in parts.netloc or NUMBER not in parts.path + parts.query:
        raise ValueError(f"has no {NUMBER} in its path or query")


def read_fields(text: str, names: tuple[str, ...]) -> dict[str, str]:
    """
    Where the fields of an answer stand: each under its own name, unless it is said otherwise.

    Args:
        text: ``lrn=data.lrn,lec=data.carrier.name``.

    Raises:
        ValueError: an item is none of that form, or names no field there is.
    """
    fields = {name: name for name in names}
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, equals, path = (part.strip() for part in item.partition("="))
        if name not in fields or not equals or not path:
            raise ValueError(f"{item!r} is not field=place with a field among {', '.join(names)}")
        fields[name] = path
    return fields


def _text(said: object, path: list[str]) -> str:
    """
    A value as text; empty where there is none, or no plain one.
    """
    for name in path:
        said = said.get(name) if isinstance(said, dict) else None
    if isinstance(said, bool):
        return "true" if said else "false"
    return str(said)[:MAX_TEXT] if isinstance(said, str | int) else ""
