"""Tells of promises whose time has come: what the watch does for outreach, which has no workflow to do it."""

from datetime import datetime

from sqlalchemy import Connection, Engine, RowMapping, Select, select, update

from casework.db.caller import ENGINE
from casework.db.notices import queue
from casework.db.session import writing
from casework.db.tables import outreach, promises
from casework.models.outreach import Ladders, Promise
from casework.rules.promises import foretold, steps, told

_PROMISE = tuple(promises.c[name] for name in Promise.model_fields if name in promises.c)


class SqlPromises:
    """Queues notices and keeps with each promise how far it was told of, in one transaction, and nothing else."""

    def __init__(self, engine: Engine, ladders: Ladders) -> None:
        self._engine = engine
        self._ladders = ladders

    def tell(self, now: datetime, limit: int) -> int:
        """Queue the notices of every step that is due, of at most so many promises, the longest due first; how many.

        A promise that is being recorded as kept, or that another watch tells of, is left for the next round.
        """
        with writing(self._engine, ENGINE) as connection:
            rows = connection.execute(_due(now, limit)).mappings().all()
            return sum(self._tell(connection, row, now) for row in rows)

    def _tell(self, connection: Connection, row: RowMapping, now: datetime) -> int:
        own = {name: value for name, value in row.items() if name != "agency_id"}
        promise, queued = Promise.model_validate(own), 0
        for step in [step for step in steps(promise, self._ladders) if step.at <= now]:
            queued += queue(connection, told(promise, row["agency_id"], step, now))
            promise = promise.model_copy(update={"rung": step.number})
        after = foretold(promise, self._ladders)
        values = {"rung": after.rung, "next_at": after.next_at}
        connection.execute(update(promises).where(promises.c.id == promise.id).values(values))
        return queued


def _due(now: datetime, limit: int) -> Select[tuple[object, ...]]:
    found = select(*_PROMISE, outreach.c.agency_id).join(outreach).where(promises.c.next_at <= now)
    return found.order_by(promises.c.next_at).limit(limit).with_for_update(of=promises, skip_locked=True)
