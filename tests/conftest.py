"""
What holds for all tests.
"""

import os

os.environ["COLUMNS"] = "200"  # tables of commands are as wide on every machine, and however tests are run
