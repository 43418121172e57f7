"""
The command line.
"""

from service.cli.main import app


def main() -> None:
    """
    Entry point of the ``ratedip`` command.
    """
    app()
