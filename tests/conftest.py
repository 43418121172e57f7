"""
What holds for all tests.
"""

import os

import pytest
from support.promises import is_of_a_promise

os.environ["COLUMNS"] = "200"  # tables of commands are as wide on every machine, and however tests are run


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Give the tests of what is promised of a bad day their marker, wherever they stand.
    """
    for item in items:
        if is_of_a_promise(item.nodeid.removeprefix("tests/")):
            item.add_marker(pytest.mark.fault)
