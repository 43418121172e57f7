"""
A token is good for what it says, until its time, and for nobody who changed a bit of it.
"""

import base64
import json

import jwt
import pytest

from service.access.tokens import Grant, read, sign

SECRET = "s" * 64
NOW = 1_800_000_000
GRANT = Grant("abcdef0123", frozenset({"lookup", "cards"}), NOW + 900)


def test_a_token_says_what_it_was_given_for_until_its_second() -> None:
    token = sign(GRANT, SECRET)
    assert read(token, SECRET, NOW) == GRANT
    assert read(token, SECRET, NOW + 899.9) == GRANT
    assert read(token, SECRET, NOW + 900) is None


def test_a_token_of_another_secret_is_none() -> None:
    assert read(sign(GRANT, "t" * 64), SECRET, NOW) is None


def test_no_change_of_a_character_leaves_a_token_good() -> None:
    token = sign(GRANT, SECRET)
    last = token[-1]
    for i, letter in enumerate(token[:-1]):
        other = token[:i] + ("A" if letter != "A" else "B") + token[i + 1 :]
        assert read(other, SECRET, NOW) is None, i
    assert last  # bits of the last character beyond the signature mean nothing


@pytest.mark.parametrize("algorithm", ["none", "HS512"])
def test_a_token_cannot_choose_how_it_is_checked(algorithm: str) -> None:
    claims = {"aud": "ratedip", "sub": "abcdef0123", "scope": "admin", "exp": NOW + 900}
    token = jwt.encode(claims, None if algorithm == "none" else SECRET, algorithm)
    assert read(token, SECRET, NOW) is None


@pytest.mark.parametrize(
    "change", [{"exp": None}, {"exp": "never"}, {"sub": None}, {"aud": "other"}, {"scope": 7}, {"exp": 1e400}]
)
def test_a_token_without_its_parts_is_none(change: dict[str, object]) -> None:
    claims = {"aud": "ratedip", "sub": "abcdef0123", "scope": "lookup", "exp": NOW + 900} | change
    claims = {name: value for name, value in claims.items() if value is not None}
    try:
        token = jwt.encode(claims, SECRET, "HS256")
    except TypeError:  # the library makes no such token
        head, signature = sign(GRANT, SECRET).split(".")[::2]
        body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
        token = f"{head}.{body}.{signature}"
    assert read(token, SECRET, NOW) is None


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "x" * 2000, "é.é.é", "\x00.\x00.\x00"])
def test_what_is_no_token_is_none(text: str) -> None:
    assert read(text, SECRET, NOW) is None
