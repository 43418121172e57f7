"""
The command line.
"""


def main() -> None:
    """
    Entry point of the ``ratedip`` command.

    Serving processes import this module again when they are spawned, and need nothing of it.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from service.cli.console import err
    from service.cli.main import app
    from service.store.database import StoreError

    try:
        app()
    except StoreError as error:
        err.print(f"ratedip: {error}", style="red", markup=False)
        raise SystemExit(2) from None
    except SQLAlchemyError as error:
        what = str(error).partition("\n")[0]
        err.print(f"ratedip: the store does not answer; nothing was changed: {what}", style="red", markup=False)
        raise SystemExit(1) from None
