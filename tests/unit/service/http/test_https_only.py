"""
Where HTTPS is demanded, what comes in the clear is refused unless a proxy that is believed was asked over TLS.
"""

import pytest
from support.corpus import get
from support.inside import door, guest_desk, run

RATE = "/api/rate.json?number=441132456789"
MARKED = "X-Forwarded-Proto: https"


@pytest.mark.parametrize(
    ("proxies", "fields", "status"),
    [
        ("", (), 403),
        ("", (MARKED,), 403),
        ("192.0.2.0/24", (MARKED,), 403),
        ("127.0.0.0/8", (), 403),
        ("127.0.0.0/8", ("X-Forwarded-Proto: http",), 403),
        ("127.0.0.0/8", (MARKED, "X-Forwarded-Proto: http"), 403),
        ("127.0.0.0/8", ("X-Forwarded-Proto: https, http",), 403),
        ("127.0.0.0/8", (MARKED,), 200),
    ],
)
def test_who_is_let_in(proxies: str, fields: tuple[str, ...], status: int) -> None:
    """
    Asked twice, since header fields seen before are not read again. Seen to fail with ``_guard`` doing nothing.
    """

    async def main() -> None:
        desk = guest_desk(proxies)
        desk.https_only = True
        async with door(desk) as place:
            for _ in range(2):
                assert (await place.ask(get(RATE, *fields))).startswith(b"HTTP/1.1 %d" % status)
            assert (await place.ask(get("/livez"))).startswith(b"HTTP/1.1 200")

    run(main())
