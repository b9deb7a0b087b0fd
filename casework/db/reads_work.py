"""What waits for one person: clocks that are theirs, answers that came in, cases newly given to them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from casework.db.reader import SqlReader
from casework.db.tables import case_log, cases, deadlines, referrals
from casework.db.visible import NOT_ERASED, ground_of, parts_visible_to
from casework.events import EventKind
from casework.models.codes import Status
from casework.models.people import Actor
from casework.ports import Work

NEWS_FOR = timedelta(days=7)
MOST = 41
"""Of each list; one more than a page of it shows."""


class WorkReads(SqlReader):
    """Reads work; each list is one statement."""

    def work(self, reader: Actor, now: datetime) -> Work:
        """Everything that waits for the reader, most urgent first, and the news of a week."""
        with self._read_by(reader) as connection:

            def rows(statement: Any) -> tuple[Mapping[str, Any], ...]:
                return tuple(dict(row) for row in connection.execute(statement.limit(MOST)).mappings())

            return Work(
                clocks=rows(_clocks(reader, now)),
                answers=rows(_answers(reader, now)),
                assignments=rows(_assignments(reader, now)),
            )


def _clocks(reader: Actor, now: datetime) -> Any:
    running = deadlines.c.ended_at.is_(None) & deadlines.c.held_since.is_(None) & (deadlines.c.class_ != "watch")
    shown = (deadlines.c.id, deadlines.c.kind, deadlines.c.due_at, deadlines.c.referral_id)
    case = (cases.c.id.label("case_id"), cases.c.number, cases.c.risk, ground_of(reader, now))
    found = select(*shown, *case).join(cases)
    mine = found.where(parts_visible_to(reader, now), cases.c.status == Status.OPEN.value, running, _owned_by(reader))
    return mine.order_by(deadlines.c.due_at, deadlines.c.id)


def _owned_by(reader: Actor) -> ColumnElement[bool]:
    owner = deadlines.c.owner
    return or_(owner["account_id"].astext == reader.account_id, owner["role"].astext == reader.role.value)


def _answers(reader: Actor, now: datetime) -> Any:
    at = func.coalesce(referrals.c.completed_at, referrals.c.answered_at)
    shown = (referrals.c.id, referrals.c.agency_id, referrals.c.service, referrals.c.status, at.label("at"))
    found = select(*shown, cases.c.id.label("case_id"), cases.c.number, ground_of(reader, now)).join(cases)
    shown_still = (parts_visible_to(reader, now), NOT_ERASED)
    return found.where(*shown_still, at >= now - NEWS_FOR).order_by(at.desc(), referrals.c.id)


def _assignments(reader: Actor, now: datetime) -> Any:
    given = (case_log.c.kind == EventKind.CASE_ASSIGNED.value) & (case_log.c.at >= now - NEWS_FOR)
    case = (cases.c.id.label("case_id"), cases.c.number, cases.c.risk, ground_of(reader, now))
    found = select(*case, func.max(case_log.c.at).label("at"))
    mine = found.join(cases).where(
        parts_visible_to(reader, now), NOT_ERASED, cases.c.assigned_to == reader.account_id, given
    )
    return mine.group_by(cases.c.id).order_by(func.max(case_log.c.at).desc())
