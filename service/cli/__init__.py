"""
The command line.
"""


def main() -> None:
    """
    Entry point of the ``ratedip`` command.

    Serving processes import this module again when they are spawned, and need nothing of it.
    """
    from service.cli.main import app

    app()
