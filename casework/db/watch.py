"""What the watch reads and writes: steps of deadlines that are late and untold, and their notices, nothing else."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Engine,
    Integer,
    Row,
    Select,
    Text,
    and_,
    case,
    exists,
    func,
    or_,
    select,
)

from casework.alarms import Watched, alarms
from casework.db.caller import ENGINE
from casework.db.notices import queue
from casework.db.session import reading, writing
from casework.db.standing import deadline_of
from casework.db.tables import cases, deadlines, notices
from casework.models.state import Surroundings
from casework.rules.ladders import Holder

HELD_BY = (cases.c.id, cases.c.number, cases.c.agency_id, cases.c.assigned_to)
STEP = (
    func.jsonb_to_recordset(deadlines.c.forecast)
    .table_valued(Column("action", Text), Column("at", DateTime(timezone=True)), Column("rung", Integer), name="step")
    .render_derived(with_types=True)
)


class SqlWatch:
    """Tells what cases that stand still would tell by themselves; it changes no case, no deadline and no log."""

    def __init__(self, engine: Engine, surroundings: Surroundings) -> None:
        """`surroundings` say which agency stands behind each rung above an office."""
        self._engine = engine
        self._surroundings = surroundings

    def tell(self, until: datetime, now: datetime, limit: int) -> int:
        """Queue the untold notices of steps due by `until`, of at most so many cases, the longest due first; how many.

        A case that is being written is left for the next round: the step may be its own just now. While its notices
        are written a case waits, so that nobody is told of a clock that ends in the same instant.
        """
        with writing(self._engine, ENGINE) as connection:
            rows = connection.execute(_late(until, limit)).all()
            watched = [self._watched(connection, row) for row in rows]
            told = [notice for each in watched for notice in alarms(each, until, now)]
            return queue(connection, told)

    def notice_waits(self, since: datetime) -> bool:
        """Whether a notice that could have gone out then is still queued, and claimed by nobody."""
        ready = or_(and_(notices.c.next_try.is_(None), notices.c.created_at <= since), notices.c.next_try <= since)
        with reading(self._engine, ENGINE) as connection:
            return bool(connection.scalar(select(exists().where(notices.c.state == "queued", ready))))

    def _watched(self, connection: Connection, row: Row[tuple[str, str, str, str | None]]) -> Watched:
        # A statement of its own, after the lock: it sees what was committed while waiting for it.
        acting = select(deadlines).where(deadlines.c.case_id == row.id, deadlines.c.next_at.is_not(None))
        return Watched(
            case_id=row.id,
            number=row.number,
            holder=Holder(row.agency_id, row.assigned_to, self._surroundings),
            deadlines=tuple(deadline_of(found) for found in connection.execute(acting).mappings()),
        )


def _late(until: datetime, limit: int) -> Select[tuple[str, str, str, str | None]]:
    """The cases with an untold step, locked against writing; those that somebody writes are passed over."""
    untold = exists(select(STEP).where(STEP.c.at <= until, ~_told(), ~_told_with_another()).correlate(deadlines))
    late = select(deadlines.c.case_id).where(deadlines.c.next_at <= until, untold)
    oldest = late.order_by(deadlines.c.next_at).limit(limit)
    return select(*HELD_BY).where(cases.c.id.in_(oldest)).with_for_update(read=True, skip_locked=True)


def _told() -> ColumnElement[bool]:
    """Whether a notice of the step is there: all of a step are written at once, whoever writes them."""
    at = func.trunc(func.extract("epoch", STEP.c.at)).cast(BigInteger)
    which = case((STEP.c.action == "release", at), else_=STEP.c.rung)
    stem = func.concat_ws(".", deadlines.c.id, deadlines.c.arming, STEP.c.action, which, "")
    of_step = (notices.c.case_id == deadlines.c.case_id) & func.starts_with(notices.c.id, stem)
    return exists().where(of_step).correlate_except(notices)


def _told_with_another() -> ColumnElement[bool]:
    """Whether the step is the end of a hold that is told once, with the first of the deadlines that it holds."""
    first = deadlines.alias("first")
    same_hold = and_(
        first.c.case_id == deadlines.c.case_id,
        first.c.held_since == deadlines.c.held_since,
        first.c.held_until == deadlines.c.held_until,
    )
    before = first.c.id.collate("C") < deadlines.c.id.collate("C")
    return and_(STEP.c.action == "release", exists().where(same_hold, before).correlate_except(first))
