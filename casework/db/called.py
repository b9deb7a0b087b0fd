"""What the board calls a case that stands still, as conditions on rows of `cases`; see `casework.rules.outlook`."""

from datetime import timedelta

from sqlalchemy import ColumnElement, bindparam, exists, func, or_, true

from casework.db.standing import FAILING, LEFT, LOST, OPEN
from casework.db.tables import INSTANT, cases, deadlines, findings, notices
from casework.models.people import Actor, Role

NOW = bindparam("now", type_=INSTANT)
"""When it is asked; statements are made once and run with it."""


def held_up_by(reader: Actor, agency_id: str) -> ColumnElement[bool]:
    """Cases of an office, and those that stand still with an agency."""
    return or_(cases.c.agency_id == agency_id, _stalls(reader, deadlines.c.owner["agency_id"].astext == agency_id))


def called(reader: Actor, reason: str) -> ColumnElement[bool]:
    """Cases that a reason is given for, by what the reader is shown."""
    named = _stalls(reader, deadlines.c.reason == reason)
    match reason:
        case "overdue":
            held = func.coalesce(deadlines.c.held_until - deadlines.c.held_since, timedelta())
            over = func.coalesce(deadlines.c.held_until <= NOW, true())
            going = over & (deadlines.c.due_at + held < NOW)
            promise = deadlines.c.class_.not_in(("may", "watch")) & going
            hidden = (cases.c.stalls_at < NOW) & ~_stalls(reader)
            return or_(named, _stalls(reader, promise), hidden)
        case "no_caseworker":
            return or_(named, _stalls(reader, deadlines.c.kind == "assignment"), LEFT)
        case "notice_undelivered":
            return or_(named, exists().where(notices.c.case_id == cases.c.id, LOST, OPEN).correlate(cases))
        case "step_failing":
            return or_(named, exists().where(findings.c.case_id == cases.c.id, FAILING, OPEN).correlate(cases))
    return named


def _stalls(reader: Actor, *also: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a clock that the reader is shown stands still, held or not; one that has ended does not."""
    mine = (deadlines.c.class_ == "local",) if reader.role is Role.COORDINATOR else ()
    clock = (deadlines.c.case_id == cases.c.id, deadlines.c.stalls_at < NOW, *mine, *also)
    return exists().where(*clock).correlate(cases)
