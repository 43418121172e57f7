"""
Calls of a file rated by several processes, of this machine or of a Dask cluster: one reads and writes, the others rate.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from ratecards.replay import Piece, Priced, Pricing, price
from service.manage.rate_file import Work
from service.manage.ratecards import BadValueError
from service.manage.replay_processes import AHEAD, in_turn, pool

CONNECT_S = 20.0


def here(processes: int) -> Work:
    """
    Price pieces in so many processes of this machine, each with one thread.
    """

    def work(pricing: Pricing, pieces: Iterator[Piece]) -> Iterator[tuple[Priced, float]]:
        with pool(processes, _begin, (pricing,)) as workers:
            yield from in_turn(lambda piece: workers.submit(_price, piece), pieces, processes + AHEAD)

    return work


_pricing: list[Pricing] = []


def _begin(pricing: Pricing) -> None:
    _pricing[:] = [pricing]


def _price(piece: Piece) -> Priced:
    return price(_pricing[0], piece)


def on_dask(address: str) -> Work:
    """
    Price pieces on the workers of a Dask cluster; the card goes to each of them once.

    Args:
        address: of its scheduler, such as ``tcp://10.0.0.1:8786``.

    Raises:
        BadValueError: Dask is not installed, or nothing answers there.
    """
    try:
        distributed = import_module("distributed")  # an extra that few need
    except ImportError:
        raise BadValueError("dask", "needs an extra: pip install 'ratedip[dask]'") from None

    def work(pricing: Pricing, pieces: Iterator[Piece]) -> Iterator[tuple[Priced, float]]:
        try:
            client: Any = distributed.Client(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise BadValueError("dask", f"cannot be reached at {address}: {error}") from None
        with client:
            if not client.nthreads():
                raise BadValueError("dask", f"has no worker at {address}")
            card = client.scatter(pricing, broadcast=True, hash=False)

            def submit(piece: Piece) -> Any:
                sent = client.scatter(piece, hash=False)
                return client.submit(price, card, sent, pure=False)

            yield from in_turn(submit, pieces, sum(client.nthreads().values()) + AHEAD)

    return work
