"""
``ratedip top``: how a node is, now.
"""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.console import err, fail, out, print_json

if TYPE_CHECKING:
    from service.watch.rates import Scrape

PATIENCE_S = 5.0


def top(
    url: Annotated[str | None, typer.Option(help="Of its metrics; left out: of the node on this machine.")] = None,
    every: Annotated[float, typer.Option(min=0.2, max=3600, help="Seconds between two looks.")] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Two looks, and the end.")] = False,
    json: Annotated[bool, typer.Option("--json", help="A JSON document for every look.")] = False,
) -> None:
    """
    Look-ups a second, how long they take, verdicts and accounts, live.
    """
    from rich.live import Live

    from service.cli.top_view import view
    from service.watch.rates import rates_between

    place = url or _own_url()
    before = _scrape(place)
    screen = None if once or json else Live(console=out, screen=out.is_terminal, auto_refresh=False)
    try:
        if screen is not None:
            screen.start()
        while True:
            time.sleep(every)
            after = _scrape(place)
            rates, before = rates_between(before, after), after
            if json:
                print_json(rates.as_json())
            elif screen is not None:
                screen.update(view(rates, place), refresh=True)
            else:
                out.print(view(rates, place))
            if once:
                return
    except KeyboardInterrupt:
        err.print()
    finally:
        if screen is not None:
            screen.stop()


def _own_url() -> str:
    from service.settings import Settings

    settings = Settings()
    if not settings.admin_port:
        fail("RATEDIP_ADMIN_PORT is 0: metrics are told nowhere; name another place with --url", 2)
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.admin_host, settings.admin_host)
    return f"http://{host}:{settings.admin_port}/metrics"


def _scrape(url: str) -> "Scrape":
    import httpx

    from service.watch.rates import ScrapeError, read_scrape

    try:
        answer = httpx.get(url, timeout=PATIENCE_S, follow_redirects=True)
        answer.raise_for_status()
        return read_scrape(answer.text, time.monotonic())
    except httpx.HTTPStatusError as error:
        fail(f"{url} answers {error.response.status_code}")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        fail(
            f"{url} does not answer: {error or type(error).__name__}; is the service running, and its admin port this?"
        )
    except ScrapeError as error:
        fail(f"{url}: {error}")
