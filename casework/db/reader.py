"""What every reading of the record stands on."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from casework.db.caller import acting
from casework.db.session import Clock, reading, wall_clock
from casework.models.people import Actor


class SqlReader:
    """An engine, and the clock that ends what is given for a time."""

    def __init__(self, engine: Engine, now: Clock = wall_clock) -> None:
        self._engine = engine
        self._now = now

    @contextmanager
    def _read_by(self, reader: Actor) -> Iterator[Connection]:
        """Statements of a reader, each alone."""
        with reading(self._engine, acting(reader, self._now())) as connection:
            yield connection
