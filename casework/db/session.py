"""Engines, and what a failing database looks like to the rest of Tuntas."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from casework.errors import DatabaseUnavailableError, InvalidInputError

Clock = Callable[[], datetime]
R = TypeVar("R")


def wall_clock() -> datetime:
    """Now; adapters take a clock so that tests and demonstrations can set it."""
    return datetime.now(UTC)


class Impatient(psycopg.Connection[Any]):
    """A connection that is given up where the server owes an answer for too long.

    A server that hangs keeps its connections, and its own statement time-out hangs with it: TCP sees nothing wrong.
    """

    seconds: float | None = None

    def wait(self, gen: PQGen[R], interval: float = 0.1, timeout: float | None = None) -> R:
        """Wait as psycopg does, but not for ever: then it raises OperationalError and is closed."""
        try:
            return super().wait(gen, interval, self.seconds if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise


def engine_for(url: str, *, size: int = 10, statement_seconds: float = 8, name: str = "tuntas") -> Engine:
    """An engine of at most `size` connections that gives up rather than hang; the caller disposes it."""
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=size,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        hide_parameters=True,  # an error's text would otherwise carry what was being written
        connect_args={
            "connect_timeout": 2,
            "application_name": name,
            "options": f"-c statement_timeout={int(statement_seconds * 1000)} -c timezone=UTC",
            # A peer that vanished without a word never answers: the statement time-out lives on its side.
            "tcp_user_timeout": 10_000,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 2,
        },
    )

    @event.listens_for(engine, "do_connect")
    def _(_dialect: Any, _record: Any, words: Any, named: Any) -> Impatient:
        connection = Impatient.connect(*words, **named)
        connection.seconds = statement_seconds + 1 if statement_seconds else None
        return connection

    return engine


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn a database that is away into DatabaseUnavailableError, and a value it cannot hold into InvalidInputError."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        raise DatabaseUnavailableError("The database does not answer. Try again with the same key.") from error
    except (DataError, UnicodeEncodeError) as error:
        raise InvalidInputError("A value holds something that cannot be kept.") from error


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction: committed at the end, undone by an exception."""
    with database_errors(), engine.begin() as connection:
        yield connection


@contextmanager
def deciding(engine: Engine) -> Iterator[Connection]:
    """One transaction that is undone at the end, unless the caller commits it."""
    with database_errors(), engine.connect() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection on which every statement stands alone: no BEGIN and no ROLLBACK to wait for."""
    with database_errors(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection
