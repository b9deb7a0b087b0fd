"""What every reading of the record stands on."""

from sqlalchemy import Engine

from casework.db.session import Clock, wall_clock


class SqlReader:
    """An engine, and the clock that ends what is given for a time."""

    def __init__(self, engine: Engine, now: Clock = wall_clock) -> None:
        self._engine = engine
        self._now = now
