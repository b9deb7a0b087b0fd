"""Engines, and what a failing database looks like to the rest of Tuntas."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from casework.db.caller import NOBODY, Caller
from casework.db.connection import Calling, Impatient
from casework.db.walls import hold
from casework.errors import DatabaseUnavailableError, InvalidInputError

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """Now; adapters take a clock so that tests and demonstrations can set it."""
    return datetime.now(UTC)


def engine_for(
    url: str, *, size: int = 10, statement_seconds: float = 8, name: str = "tuntas", walled: bool = False
) -> Engine:
    """An engine of at most `size` connections that gives up rather than hang; the caller disposes it.

    One that is `walled` raises WallsMissingError instead of working as a role that no row-level security holds.
    """
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
        connection = Impatient.connect(*words, **named, cursor_factory=Calling)
        connection.seconds = statement_seconds + 1 if statement_seconds else None
        if walled:
            hold(connection)
        return connection

    @event.listens_for(engine, "checkin")
    def _(connection: Impatient | None, _record: Any) -> None:
        if connection is not None:
            connection.caller = NOBODY

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
def writing(engine: Engine, caller: Caller) -> Iterator[Connection]:
    """One transaction of a caller: committed at the end, undone by an exception."""
    with _called(engine, caller) as connection, connection.begin():
        yield connection


@contextmanager
def deciding(engine: Engine, caller: Caller, **options: Any) -> Iterator[Connection]:
    """One transaction of a caller that is undone at the end, unless it is committed inside."""
    with _called(engine, caller, **options) as connection:
        yield connection


@contextmanager
def reading(engine: Engine, caller: Caller) -> Iterator[Connection]:
    """A connection on which every statement of a caller stands alone: no BEGIN and no ROLLBACK to wait for."""
    with _called(engine, caller, isolation_level="AUTOCOMMIT") as connection:
        yield connection


@contextmanager
def _called(engine: Engine, caller: Caller, **options: Any) -> Iterator[Connection]:
    with database_errors(), engine.connect().execution_options(**options) as connection:
        behind: Any = connection.connection.dbapi_connection
        behind.caller = caller
        yield connection
