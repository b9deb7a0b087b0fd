"""Connections that say who calls, and that are given up where the server owes an answer for too long."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Self, TypeVar

import psycopg
from psycopg.abc import Params, PQGen, Query
from psycopg.pq import TransactionStatus

from casework.db.caller import NOBODY, Caller

R = TypeVar("R")


class Calling(psycopg.Cursor[Any]):
    """A cursor whose statements come after the name of the caller, where they begin a transaction."""

    def execute(self, query: Query, params: Params | None = None, **options: Any) -> Self:
        """As psycopg does."""
        with self._said():
            return super().execute(query, params, **options)  # type: ignore[arg-type]

    def executemany(self, query: Query, params_seq: Iterable[Params], **options: Any) -> None:
        """As psycopg does."""
        with self._said():
            super().executemany(query, params_seq, **options)

    @contextmanager
    def _said(self) -> Iterator[None]:
        """Both travel together: a pipeline without a transaction is one, so that the name holds for this statement."""
        connection = self.connection
        caller = connection.caller if isinstance(connection, Impatient) else NOBODY
        if caller == NOBODY or connection.info.transaction_status != TransactionStatus.IDLE:
            yield
            return
        with connection.pipeline():
            psycopg.Cursor(connection).execute(*caller.saying)
            yield


class Impatient(psycopg.Connection[Any]):
    """A connection on which somebody calls, and that is given up where the server owes an answer for too long.

    A server that hangs keeps its connections, and its own statement time-out hangs with it: TCP sees nothing wrong.
    """

    seconds: float | None = None
    caller: Caller = NOBODY

    def wait(self, gen: PQGen[R], interval: float = 0.1, timeout: float | None = None) -> R:
        """Wait as psycopg does, but not for ever: then it raises OperationalError and is closed."""
        try:
            return super().wait(gen, interval, self.seconds if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise
