"""What the national register is to be told of a period: one row for each case that is new, changed or closed."""

from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by, distinct_on

from casework.db.figure_frame import Frame
from casework.db.figure_rows import reasons
from casework.db.tables import cases, deadlines
from casework.events import EventKind as Kind

TELLS = (
    Kind.CASE_OPENED,
    Kind.ASSESSMENT_RECORDED,
    Kind.CLIENT_AMENDED,
    Kind.SERVICE_RECORDED,
    Kind.REFERRAL_COMPLETED,
    Kind.CASE_CLOSED,
    Kind.CASE_REOPENED,
    Kind.DUPLICATE_MARKED,
)
"""What changes an entry."""
ENTRY = "national_register_entry"


def changed(frame: Frame) -> Select[Any]:
    """The cases, each with whether it is new, changed or closed; what began and ended within the period is closed."""
    said = frame.said(*TELLS)
    ended = func.bool_or(said.c.kind.in_([Kind.CASE_CLOSED.value, Kind.DUPLICATE_MARKED.value]))
    began = func.bool_or(said.c.kind == Kind.CASE_OPENED.value)
    change = case((ended, "closed"), (began, "new"), else_="changed").label("change")
    return select(said.c.case_id, change, func.max(said.c.sequence).label("sequence")).group_by(said.c.case_id)


def told(frame: Frame) -> Select[Any]:
    """What an entry is made of."""
    its, stood, given, why = changed(frame).subquery("its"), frame.stood, _given(frame), _why(frame)
    entered = (deadlines.c.case_id == stood.c.case_id) & (deadlines.c.kind == ENTRY)
    of_client = [stood.c[name] for name in ("sex", "age_band", "disability", "subdistrict")]
    columns = [
        cases.c.id,
        cases.c.number,
        its.c.change,
        cases.c.reported_at,
        *of_client,
        stood.c.violence_types,
        stood.c.place,
        stood.c.categories,
        stood.c.opening["alleged_perpetrators"].label("suspects"),
        given.c.services,
        why.c.reason.label("closure_reason"),
        deadlines.c.due_at.label("entry_due_at"),
        case((deadlines.c.met, deadlines.c.ended_at)).label("entered_at"),
    ]
    found = select(*columns).select_from(its).join(stood, stood.c.case_id == its.c.case_id)
    whole = found.join(cases, cases.c.id == its.c.case_id).join(deadlines, entered, isouter=True)
    for more in (given, why):
        whole = whole.join(more, more.c.case_id == stood.c.case_id, isouter=True)
    return whole


def _given(frame: Frame) -> Any:
    """The services that were given until then, by the office or on referral."""
    done = frame.ever(Kind.SERVICE_RECORDED, Kind.REFERRAL_COMPLETED)
    service = func.coalesce(done.c.body["service"].astext, done.c.service)
    listed = func.array_agg(aggregate_order_by(service.distinct(), service)).label("services")
    return select(done.c.case_id, listed).where(service.is_not(None)).group_by(done.c.case_id).subquery("given")


def _why(frame: Frame) -> Any:
    """Why each case was closed last."""
    closures = reasons(frame)
    last = select(closures.c.case_id, closures.c.reason).ext(distinct_on(closures.c.case_id))
    return last.order_by(closures.c.case_id, closures.c.sequence.desc()).subquery("why")
