"""
A connection to PostgreSQL that does not wait for ever for a server that hangs.
"""

from typing import Any, Self, TypeVar

from psycopg import Connection, OperationalError
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus

T = TypeVar("T")


class PatientConnection(Connection[Any]):
    """
    Gives up, and is of no more use, where an answer does not come in time.

    The server's own ``statement_timeout`` does nothing where the server is frozen, or the network has gone silent.
    """

    patience_s: float = 0.0

    @classmethod
    def open(cls, patience_s: float, *args: Any, **options: Any) -> Self:
        """
        Connect; ``patience_s``: seconds to wait for any one answer afterwards.
        """
        connection = cls.connect(*args, **options)
        connection.patience_s = patience_s
        return connection

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        try:
            return super().wait(gen, interval, timeout or self.patience_s or None)
        except OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise
