"""
The only file that talks to Redis: alone, behind Sentinel or as a cluster.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Coroutine, Sequence
from contextlib import suppress
from importlib.resources import files
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from redis import exceptions as errors
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisClusterException, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from service.quota.remote import StoreDown, key_of

TIMEOUT_S = 0.02
"""For connecting, and for each read; redis-py's own defaults kept a caller for up to a minute."""
PATIENCE = 3
"""A whole call, with connecting and authenticating, may take so many time-outs."""
_CALLS_A_SECOND = 5_000
"""What a Redis does at the least; a larger batch may take so much longer."""
T = TypeVar("T")
_NAMES = ("exchange", "acquire", "release")
_SCRIPTS = {name: files("service.quota").joinpath("lua", f"{name}.lua").read_bytes() for name in _NAMES}
_DIGESTS = {name: hashlib.sha1(text, usedforsecurity=False).hexdigest() for name, text in _SCRIPTS.items()}
_REASONS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    ((RedisTimeoutError, TimeoutError), "no answer in time"),
    (errors.BusyLoadingError, "loading its data"),
    (errors.ReadOnlyError, "read-only replica"),
    (errors.NoPermissionError, "its user may not run scripts"),
    ((errors.AuthenticationError, errors.AuthenticationWrongNumberOfArgsError), "wrong or missing password"),
    (errors.OutOfMemoryError, "out of memory"),
    (errors.MasterDownError, "replica without its primary"),
    ((errors.ClusterError, errors.RedisClusterException, errors.AskError), "cluster is not whole"),
    ((errors.ConnectionError, OSError), "cannot be reached"),
    (errors.ResponseError, "refuses the scripts"),
)
_STRANGE = "answers what Redis does not"
_FAILURES = (
    RedisError,
    RedisClusterException,
    OSError,
    TimeoutError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
)
"""The last four are what redis-py makes of answers that are not Redis's."""


class RedisStore:
    """
    Runs the scripts of ``lua/``.
    """

    def __init__(self, url: str, timeout_s: float = TIMEOUT_S) -> None:
        """
        Args:
            url: ``redis://``, ``rediss://`` (TLS), ``redis+cluster://`` or ``redis+sentinel://h:p,h:p/service[/db]``.
            timeout_s: for connecting, and for each read.

        Raises:
            ValueError: the URL is none of these; the message does not show it.

        """
        self._limit_s = timeout_s * PATIENCE
        self._is_cluster = url.startswith(("redis+cluster:", "rediss+cluster:"))
        self._clients = _connect(url, timeout_s)
        self._client = self._clients[0]

    async def exchange(self, bids: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """
        Send bids, by meter key, all at once; the answers in their order.
        """
        answers = await self._run([("exchange", [key_of(meter, "quota")], [text]) for meter, text in bids])
        return [answer if isinstance(answer, bytes) else b"" for answer in answers]

    async def acquire(self, slots: Sequence[tuple[str, int]], request: str, ttl_ms: int) -> int:
        """
        Take a slot of each limit, or hold on to it.
        """
        limits = [limit for _, limit in slots]
        (found,) = await self._run([("acquire", [key for key, _ in slots], [request, ttl_ms, *limits])])
        if not isinstance(found, int):
            raise StoreDown(_STRANGE)
        return found

    async def release(self, keys: Sequence[str], request: str) -> None:
        """
        Give slots back.
        """
        await self._run([("release", list(keys), [request])])

    async def close(self) -> None:
        """
        Close every connection.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limit_s):
                await asyncio.gather(*(client.aclose() for client in self._clients), return_exceptions=True)

    async def forget(self) -> None:
        """
        Drop connections on which answers may be waiting for questions no longer asked.
        """
        with suppress(*_FAILURES):
            await (self._client if self._is_cluster else self._client.connection_pool).aclose()

    async def prepare(self) -> None:
        """
        Connect, make the scripts known, and see that they may write: a replica would only say so of the first request.
        """
        await self._guard(self._try(), self._limit_s)

    async def _run(self, calls: Sequence["Call"]) -> list[Any]:
        return await self._guard(self._send_known(calls), self._limit_s + len(calls) / _CALLS_A_SECOND)

    async def _guard(self, work: Coroutine[Any, Any, T], limit_s: float) -> T:
        try:
            async with asyncio.timeout(limit_s):
                return await work
        except _FAILURES as error:
            raise StoreDown(_reason(error)) from None

    async def _send_known(self, calls: Sequence["Call"]) -> list[Any]:
        try:
            return await self._send(calls)
        except NoScriptError:
            await self._load(_NAMES)
            return await self._send(calls)

    async def _send(self, calls: Sequence["Call"]) -> list[Any]:
        if self._is_cluster:
            return await _all_of([_evaluate(self._client, call) for call in calls])
        async with self._client.pipeline(transaction=False) as pipeline:
            for call in calls:
                _evaluate(pipeline, call)
            return list(await pipeline.execute())

    async def _try(self) -> None:
        await self._load(_NAMES)
        await self._send([("release", [key_of("", "nothing")], [""])])

    async def _load(self, names: Sequence[str]) -> None:
        for name in names:
            await self._client.script_load(_SCRIPTS[name].decode())


Call = tuple[str, list[str], list[Any]]


def _evaluate(client: Any, call: Call) -> Any:
    name, keys, arguments = call
    return client.evalsha(_DIGESTS[name], len(keys), *keys, *arguments)


async def _all_of(calls: Sequence[Awaitable[Any]]) -> list[Any]:
    """
    Each on its own, since a cluster's pipeline takes no scripts; one failure is everybody's, once all are over.
    """
    answers = await asyncio.gather(*calls, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return list(answers)


def _connect(url: str, timeout_s: float) -> list[Any]:
    """
    The client, and those it asks where Redis is.
    """
    options: dict[str, Any] = {
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "retry": Retry(NoBackoff(), 0),
    }
    scheme, _, rest = url.partition("://")
    try:
        if scheme in {"redis", "rediss"}:
            return [Redis.from_url(url, **options)]
        if scheme in {"redis+cluster", "rediss+cluster"}:
            plain = f"{scheme.removesuffix('+cluster')}://{rest}"
            return [RedisCluster.from_url(plain, **options)]
        if scheme == "redis+sentinel":
            return _behind_sentinel(url, options)
    except (ValueError, RedisError, RedisClusterException):
        raise ValueError("the Redis URL cannot be read") from None
    raise ValueError("the Redis URL begins with none of redis, rediss, redis+cluster, redis+sentinel")


def _behind_sentinel(url: str, options: dict[str, Any]) -> list[Any]:
    parts = urlsplit(url)
    credentials, _, hosts = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    service, _, database = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError(url)
    sentinels = [(host, int(port or 26379)) for host, _, port in (h.partition(":") for h in hosts.split(","))]
    more: dict[str, Any] = {
        "username": unquote(user) or None,
        "password": unquote(password) or None,
        "db": int(database or 0),
    }
    watch: Any = Sentinel(sentinels, sentinel_kwargs=options, **options)  # type: ignore[no-untyped-call]
    return [watch.master_for(service, **more), *watch.sentinels]


def _reason(error: BaseException) -> str:
    """
    Why, in words that name no address and show no secret.
    """
    if isinstance(error, errors.ResponseError) and "-READONLY " in str(error):  # as a script's own error
        return "read-only replica"
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), _STRANGE)
