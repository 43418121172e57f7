"""
``/metrics``: how all processes of this node are, asked of any of them.
"""

import asyncio
from pathlib import Path

from starlette.requests import Request

from service.errors import not_found
from service.http.respond import Response
from service.snapshot import Desk
from service.watch.run import read_samples
from service.watch.sample import join_samples

PATH = "/metrics"
CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
"""Source: Prometheus text exposition format 0.0.4."""


async def metrics(request: Request) -> Response:
    """
    The metrics, on the port for them alone.

    Raises:
        ApiError: 404 on any other.
    """
    desk: Desk = request.app.state.desk
    server = request.scope.get("server")
    if desk.run is None or server is None or server[1] != desk.admin_port:
        raise not_found(f"no page '{PATH}'")
    return Response(200, CONTENT_TYPE, await asyncio.to_thread(_metrics, desk.run))


def _metrics(folder: Path) -> bytes:
    from service.watch.exposition import write_metrics  # noqa: PLC0415 - a service starts without it

    samples, ended = read_samples(folder)
    joined = join_samples("node", samples, ended)
    for sample in samples:
        joined.put("ratedip_worker_age_seconds", max(0.0, joined.at - sample.at), sample.worker)
    return write_metrics(joined)
