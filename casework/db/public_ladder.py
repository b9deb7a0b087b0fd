"""Tells that reports of the public wait for somebody to decide: what the watch does for what has no workflow."""

from datetime import datetime

from sqlalchemy import Connection, Engine, RowMapping, Select, select, update

from casework.db.caller import ENGINE
from casework.db.notices import queue
from casework.db.session import writing
from casework.db.tables import public_reports
from casework.models.public_form import Rung
from casework.rules.public_reports import climbed, waits

P = public_reports.c


class SqlPublicLadder:
    """Queues notices and keeps with each report how far it was told of, in one transaction, and nothing else."""

    def __init__(self, engine: Engine, ladder: tuple[Rung, ...]) -> None:
        self._engine = engine
        self._ladder = ladder

    def tell(self, now: datetime, limit: int) -> int:
        """Queue the notices of every rung that is due, of at most so many reports, the longest due first; how many.

        A report about which somebody is just deciding, or that another watch tells of, is left for the next round.
        """
        with writing(self._engine, ENGINE) as connection:
            rows = connection.execute(_due(now, limit)).mappings().all()
            return sum(self._tell(connection, row, now) for row in rows)

    def _tell(self, connection: Connection, row: RowMapping, now: datetime) -> int:
        after, next_at = climbed(self._ladder, row["taken_at"], now)
        rungs = enumerate(self._ladder[row["told"] : after], row["told"])
        told = [
            notice
            for number, rung in rungs
            for notice in waits(row["id"], row["agency_id"], row["due_at"], number, rung, now)
        ]
        kept = {"told": max(after, row["told"]), "next_at": next_at}
        connection.execute(update(public_reports).where(P.id == row["id"]).values(kept))
        return queue(connection, told)


def _due(now: datetime, limit: int) -> Select[tuple[object, ...]]:
    due = select(P.id, P.agency_id, P.taken_at, P.due_at, P.told).where(P.next_at <= now, P.outcome.is_(None))
    return due.order_by(P.next_at).limit(limit).with_for_update(skip_locked=True)
