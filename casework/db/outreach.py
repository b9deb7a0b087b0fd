"""Outreach activities and their promises: kept once for a command, listed newest first."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, exists, func, insert, select, update

from casework.db.caller import ENGINE, NOBODY
from casework.db.pages import newest_first
from casework.db.repeats import first
from casework.db.rows import values_of
from casework.db.session import reading, writing
from casework.db.standing import LOST
from casework.db.tables import notices, outreach, promises
from casework.models.outreach import Outreach, Owed, Promise
from casework.models.people import DECIDING_ROLES, Actor, Role
from casework.ports import Keyed, OutreachQuery

_LOST = exists().where(LOST, func.starts_with(notices.c.id, func.concat("promise.", promises.c.id, ".")))
_PROMISE = (*(promises.c[name] for name in Promise.model_fields if name in promises.c), _LOST.label("undelivered"))
_OWNER = promises.c.owner
RUNNING = promises.c.kept_on.is_(None)


class SqlOutreach:
    """Keeps the promises of `ports.Outreaches`. Notices are seen by the engine alone; of them comes a yes or no."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, record: Outreach, command: Keyed) -> None:
        """Keep an activity with its promises; a repeat of the command, which made the same id, changes nothing."""
        own = values_of(record)
        given = [{**values_of(each), "place": place} for place, each in enumerate(record.promises)]
        with writing(self._engine, NOBODY) as connection:
            if first(connection, command, record.recorded_at):
                connection.execute(insert(outreach).values({column.name: own[column.name] for column in outreach.c}))
                rows = [{column.name: each[column.name] for column in promises.c} for each in given]
                if rows:
                    connection.execute(insert(promises), rows)

    def one(self, reader: Actor, outreach_id: str) -> Outreach | None:
        """An activity, if the reader may read it."""
        found = select(outreach).where(outreach.c.id == outreach_id, _read_by(reader))
        with reading(self._engine, ENGINE) as connection:
            row = connection.execute(found).mappings().one_or_none()
            return next(_with_promises(connection, [row]), None) if row else None

    def listed(
        self, reader: Actor, query: OutreachQuery, limit: int, cursor: str | None
    ) -> tuple[list[Outreach], str | None]:
        """A page of the activities that the reader may read, newest first, and the next cursor."""
        with reading(self._engine, ENGINE) as connection:
            found = select(outreach).where(_read_by(reader), *_asked(query))
            rows, following = newest_first(connection, found, outreach.c.held_at, outreach.c.id, limit, cursor)
            return list(_with_promises(connection, rows)), following

    def every(self, reader: Actor, query: OutreachQuery) -> list[Outreach]:
        """All of them, oldest first."""
        found = select(outreach).where(_read_by(reader), *_asked(query))
        with reading(self._engine, ENGINE) as connection:
            rows = connection.execute(found.order_by(outreach.c.held_at, outreach.c.id)).mappings().all()
            return list(_with_promises(connection, rows))

    def kept(self, promise_id: str, on: date, account_id: str, at: datetime, command: Keyed) -> bool:
        """Record that a promise was kept; False where it had been before. A repeat of the command changes nothing."""
        mine = (promises.c.id == promise_id) & RUNNING
        values = {"kept_on": on, "kept_by": account_id, "next_at": None}
        with writing(self._engine, NOBODY) as connection:
            if not first(connection, command, at):
                return True
            return connection.execute(update(promises).where(mine).values(values)).rowcount == 1

    def owed(self, reader: Actor, before: datetime, limit: int) -> list[Owed]:
        """The promises that still run, are due by then, and are the reader's to keep or, of who decides, to look
        after, soonest due first."""
        own = (outreach.c.held_on, outreach.c.place.label("at"))
        due = promises.c.due_at <= before
        found = select(*_PROMISE, *own).join(outreach).where(RUNNING, due, _owed_to(reader))
        with reading(self._engine, ENGINE) as connection:
            rows = connection.execute(found.order_by(promises.c.due_at, promises.c.id).limit(limit)).mappings()
            return [Owed.model_validate(dict(row)) for row in rows]


def _with_promises(connection: Connection, rows: Any) -> Iterator[Outreach]:
    """The activities of rows, with the promises of all of them read at once."""
    of = defaultdict[str, list[Mapping[str, Any]]](list)
    mine = promises.c.outreach_id.in_([row["id"] for row in rows])
    found = select(*_PROMISE).where(mine).order_by(promises.c.outreach_id, promises.c.place)
    for each in connection.execute(found).mappings() if rows else ():
        of[each["outreach_id"]].append(dict(each))
    for row in rows:
        yield Outreach.model_validate({**row, "promises": of[row["id"]]})


def _read_by(reader: Actor) -> ColumnElement[bool]:
    """All, but of an agency those at which it promised something."""
    if reader.role is not Role.AGENCY_OFFICER:
        return outreach.c.id.is_not(None)
    mine = (promises.c.outreach_id == outreach.c.id) & (_OWNER["agency_id"].astext == reader.agency_id)
    return exists().where(mine)


def _owed_to(reader: Actor) -> Any:
    """Whether a promise is for somebody to keep or, of who decides in the office or above it, to look after."""
    if reader.role is Role.AGENCY_OFFICER:
        return _OWNER["agency_id"].astext == reader.agency_id
    if reader.role is Role.COORDINATOR:
        return outreach.c.id.is_not(None)
    of_office = outreach.c.agency_id == reader.agency_id
    if reader.role in DECIDING_ROLES:
        return of_office
    own = (_OWNER["account_id"].astext == reader.account_id) | (_OWNER["role"].astext == reader.role.value)
    return of_office & own


def _asked(query: OutreachQuery) -> Iterator[ColumnElement[bool]]:
    yield outreach.c.held_on.between(query.first, query.last)
    if query.subdistrict:
        yield outreach.c.subdistrict == query.subdistrict
    if query.subject:
        yield outreach.c.subjects.contains([query.subject])
