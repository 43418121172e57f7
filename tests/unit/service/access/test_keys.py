"""
Keys can be found in a log, told from a mistyped one, and not be turned back from what is kept.
"""

import pytest

from service.access.keys import digest_of, is_key, key_id, new_key


@pytest.mark.parametrize("environment", ["live", "test"])
def test_a_key_says_its_environment_and_its_id(environment: str) -> None:
    key = new_key(environment)
    assert key.text.startswith(f"rd_{environment}_{key.id}_")
    assert key_id(key.text) == key.id
    assert is_key(key.text, key.digest)


def test_nothing_kept_of_a_key_contains_its_secret() -> None:
    key = new_key("live")
    secret = key.text.rsplit("_", 1)[1]
    assert secret not in key.digest + key.id
    assert len(secret) == 38


def test_no_two_keys_are_alike() -> None:
    assert len({new_key("live").text for _ in range(1000)}) == 1000


def test_every_mistyped_character_is_told_without_asking_the_store() -> None:
    text = new_key("live").text
    wrong = [text[:i] + ("x" if text[i] != "x" else "y") + text[i + 1 :] for i in range(len(text))]
    assert [key_id(other) for other in wrong] == [None] * len(text)


@pytest.mark.parametrize(
    "text", ["", "rd_live_", "rd_live_x_y", "x" * 10_000, "rd_prod_0123456789_" + "a" * 38, "٤" * 54]
)
def test_what_is_no_key_has_no_id(text: str) -> None:
    assert key_id(text) is None


def test_another_key_with_the_same_id_is_not_the_key() -> None:
    one, other = new_key("live"), new_key("live")
    assert not is_key(other.text, one.digest)
    assert is_key(one.text, digest_of(one.text))
