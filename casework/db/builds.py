"""Which builds have replayed the histories and may take work."""

from sqlalchemy import Engine, select
from sqlalchemy.dialects.postgresql import insert

from casework.db.caller import NOBODY
from casework.db.session import Clock, reading, wall_clock, writing
from casework.db.tables import builds


class SqlBuilds:
    """Kept in the database, so that every process of an office knows."""

    def __init__(self, engine: Engine, now: Clock = wall_clock) -> None:
        self._engine = engine
        self._now = now

    def passed(self, fingerprint: str) -> bool:
        """Whether a build has passed before."""
        with reading(self._engine, NOBODY) as connection:
            return connection.scalar(select(builds.c.passed_at).where(builds.c.fingerprint == fingerprint)) is not None

    def mark_passed(self, fingerprint: str) -> None:
        """Remember that it has; a second time changes nothing."""
        row = {"fingerprint": fingerprint, "passed_at": self._now()}
        with writing(self._engine, NOBODY) as connection:
            connection.execute(insert(builds).on_conflict_do_nothing(), row)
