"""Each figure as one select: a row for whatever it counts, with the case that it is of and the keys it stands under.

Counting is grouping these rows, and a number leads to its cases by the same rows.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB, distinct_on

from casework.db.figure_frame import UNKNOWN, Frame, bands, known, numbered
from casework.db.tables import INSTANT, deadlines
from casework.events import EventKind as Kind
from casework.models.codes import ClientKind, ClosureReason
from casework.models.pathway import Category
from casework.models.people import OFFICE_ROLES

Rows = Select[Any]
Makes = Callable[[Frame], Rows]
YES, NO = "yes", "no"
ALL = "all"
DAY, MONTH = 86_400.0, 30 * 86_400.0
ANSWERS = (Kind.REFERRAL_ACKNOWLEDGED, Kind.REFERRAL_ACCEPTED, Kind.REFERRAL_DECLINED, Kind.REFERRAL_COMPLETED)
SENT = (Kind.REFERRAL_SENT, Kind.OVERRIDE_CONFIRMED)
PETITIONS = ("petition_granted", "petition_refused", "petition_lapsed")
MAKERS: dict[str, Makes] = {}
"""By the id of the figure; a figure without one has no input."""


def figure(*ids: str) -> Callable[[Makes], Makes]:
    """Say which figures a select is of."""

    def register(make: Makes) -> Makes:
        MAKERS.update(dict.fromkeys(ids, make))
        return make

    return register


def row(
    case_id: ColumnElement[Any],
    key: Any,
    counted: ColumnElement[Any] | None = None,
    part: Any = None,
    measure: ColumnElement[Any] | None = None,
) -> Rows:
    """The columns of every figure."""
    return select(
        case_id.label("case_id"),
        cast(key, Text).label("key"),
        cast(null() if part is None else part, Text).label("part"),
        (case_id if counted is None else counted).label("counted"),
        cast(null() if measure is None else measure, Float).label("measure"),
    )


# ---- what was reported


@figure("recorded_cases")
def recorded_cases(frame: Frame) -> Rows:
    new = frame.recorded
    return row(new.c.case_id, frame.month(new.c.opened_at))


@figure("recorded_incidents")
def recorded_incidents(frame: Frame) -> Rows:
    told = frame.said(Kind.CASE_OPENED, Kind.REPORT_ADDED)
    new = or_(told.c.kind == Kind.CASE_OPENED.value, told.c.body["new_incident"].astext == "true")
    return row(told.c.case_id, frame.month(told.c.at), numbered(told)).where(new)


@figure("channels")
def channels(frame: Frame) -> Rows:
    new = frame.recorded
    return row(new.c.case_id, new.c.opening["channel"].astext)


@figure("reporting_delay")
def reporting_delay(frame: Frame) -> Rows:
    new = frame.recorded
    happened = cast(new.c.opening["incident_at"].astext, INSTANT)
    days = func.floor(seconds(cast(new.c.opening["reported_at"].astext, INSTANT) - happened) / DAY)
    band = bands(days, (3, "d0_3"), (5, "d4_5"), (14, "d6_14"), (30, "d15_30"), (91, "m1_3"), last="m3")
    return row(new.c.case_id, case((happened.is_(None), UNKNOWN), else_=band))


def _of_new(name: str) -> Makes:
    def make(frame: Frame) -> Rows:
        new = frame.recorded
        return row(new.c.case_id, known(new.c[name]))

    return make


MAKERS |= {
    "by_sex": _of_new("sex"),
    "by_age": _of_new("age_band"),
    "by_subdistrict": _of_new("subdistrict"),
    "by_place": _of_new("place"),
}


@figure("by_category")
def by_category(frame: Frame) -> Rows:
    new = frame.recorded
    return row(new.c.case_id, each(new.c.categories))


@figure("by_violence")
def by_violence(frame: Frame) -> Rows:
    new = frame.recorded
    none = cast(literal(f'["{UNKNOWN}"]', Text), JSONB)
    return row(
        new.c.case_id,
        each(case((new.c.violence_types == cast(literal("[]", Text), JSONB), none), else_=new.c.violence_types)),
    )


# ---- what is open


@figure("open_by_risk")
def open_by_risk(frame: Frame) -> Rows:
    still = frame.open
    return row(still.c.case_id, still.c.risk)


@figure("assessments")
def assessments(frame: Frame) -> Rows:
    return _open_with(frame, Kind.ASSESSMENT_RECORDED, since_reopening=False)


@figure("action_plans")
def action_plans(frame: Frame) -> Rows:
    return _open_with(frame, Kind.PLAN_PROPOSED)


@figure("approved_plans")
def approved_plans(frame: Frame) -> Rows:
    return _open_with(frame, Kind.PLAN_APPROVED)


def _open_with(frame: Frame, kind: Kind, *, since_reopening: bool = True) -> Rows:
    still, done, again = frame.open, last_of(frame, kind), last_of(frame, Kind.CASE_REOPENED)
    since = func.coalesce(again.c.sequence, 0) if since_reopening else literal(0)
    found = row(still.c.case_id, yes_no(func.coalesce(done.c.sequence, 0) > since))
    its = found.join_from(still, done, done.c.case_id == still.c.case_id, isouter=True)
    return its.join(again, again.c.case_id == still.c.case_id, isouter=True)


def last_of(frame: Frame, *kinds: Kind) -> Any:
    """The last fact of these kinds of each case."""
    said = frame.ever(*kinds)
    return select(said.c.case_id, func.max(said.c.sequence).label("sequence")).group_by(said.c.case_id).subquery()


@figure("caseload")
def caseload(frame: Frame) -> Rows:
    still = frame.open
    carried = func.count().over(partition_by=still.c.assigned_to)
    band = bands(carried, (9, "up_to_9"), (20, "c10_20"), (30, "c21_30"), last="over_30")
    return row(still.c.case_id, band, still.c.assigned_to).where(still.c.assigned_to.is_not(None))


# ---- what was done


@figure("services")
def services(frame: Frame) -> Rows:
    done = frame.said(Kind.SERVICE_RECORDED)
    return row(done.c.case_id, done.c.body["service"].astext, numbered(done))


def _services_by(name: str) -> Makes:
    def make(frame: Frame) -> Rows:
        done, stood = frame.said(Kind.SERVICE_RECORDED), frame.stood
        key = known(stood.c[name])
        return row(done.c.case_id, key, numbered(done)).join_from(done, stood, stood.c.case_id == done.c.case_id)

    return make


MAKERS |= {
    "services_by_sex": _services_by("sex"),
    "services_by_age": _services_by("age_band"),
    "services_by_disability": _services_by("disability"),
}


@figure("referrals_per_case")
def referrals_per_case(frame: Frame) -> Rows:
    new, sent = frame.recorded, frame.ever(Kind.REFERRAL_SENT, Kind.REFERRAL_PENDING)
    each_ = select(sent.c.case_id, func.count(sent.c.subject_id.distinct()).label("many")).group_by(sent.c.case_id)
    return _per_case(new, each_)


@figure("follow_ups_per_case")
def follow_ups_per_case(frame: Frame) -> Rows:
    new, met, found = frame.recorded, frame.ever(Kind.FOLLOW_UP_RECORDED), frame.ever(Kind.ASSESSMENT_RECORDED)
    first = select(found.c.case_id, func.min(found.c.sequence).label("sequence")).group_by(found.c.case_id).subquery()
    after = (first.c.case_id == met.c.case_id) & (met.c.sequence > first.c.sequence)
    reached = select(met.c.case_id, func.count().label("many")).join_from(met, first, after)
    return _per_case(new, reached.where(met.c.body["reached"].astext == "true").group_by(met.c.case_id))


def _per_case(new: Any, each_: Rows) -> Rows:
    """How many of something each case has; none where nothing was counted of it."""
    its = each_.subquery()
    found = row(new.c.case_id, literal(ALL), measure=func.coalesce(its.c.many, 0))
    return found.join_from(new, its, its.c.case_id == new.c.case_id, isouter=True)


@figure("kla_conferences")
def conferences(frame: Frame) -> Rows:
    held = frame.said(Kind.CONFERENCE_RECORDED)
    return row(held.c.case_id, frame.month(held.c.at), numbered(held))


@figure("staff")
def staff(frame: Frame) -> Rows:
    done = frame.said(*Kind)
    return row(done.c.case_id, done.c.role, done.c.account_id).where(
        done.c.role.in_(sorted(role.value for role in OFFICE_ROLES))
    )


# ---- what ended


@figure("time_to_close")
def time_to_close(frame: Frame) -> Rows:
    closed, stood = frame.said(Kind.CASE_CLOSED), frame.stood
    took = seconds(closed.c.at - stood.c.opened_at)
    band = bands(took, (MONTH, "up_to_1"), (3 * MONTH, "m1_3"), (6 * MONTH, "m3_6"), last="over_6")
    return row(closed.c.case_id, band, numbered(closed)).join_from(closed, stood, stood.c.case_id == closed.c.case_id)


@figure("closures")
def closures(frame: Frame) -> Rows:
    closed = frame.said(Kind.CASE_CLOSED)
    return row(closed.c.case_id, frame.month(closed.c.at), numbered(closed))


@figure("closure_reasons")
def closure_reasons(frame: Frame) -> Rows:
    closed, why = frame.said(Kind.CASE_CLOSED), reasons(frame)
    return row(closed.c.case_id, why.c.reason, numbered(closed)).join_from(closed, why, same(closed, why), isouter=True)


def reasons(frame: Frame) -> Any:
    """Why each closure was asked for: by its case and its place in the log."""
    closed, asked = frame.ever(Kind.CASE_CLOSED), frame.ever(Kind.CLOSURE_REQUESTED)
    place = (closed.c.case_id, closed.c.sequence)
    before = (asked.c.case_id == closed.c.case_id) & (asked.c.sequence < closed.c.sequence)
    found = select(*place, asked.c.body["reason"].astext.label("reason")).join_from(closed, asked, before)
    return found.ext(distinct_on(*place)).order_by(*place, asked.c.sequence.desc()).subquery()


def same(one: Any, other: Any) -> ColumnElement[bool]:
    """That two rows are of the same fact."""
    return and_(one.c.case_id == other.c.case_id, one.c.sequence == other.c.sequence)


# ---- agencies


@figure("referral_outcomes")
def referral_outcomes(frame: Frame) -> Rows:
    ended = frame.said(Kind.REFERRAL_COMPLETED, Kind.REFERRAL_DECLINED, Kind.REFERRAL_REVOKED)
    others = {Kind.REFERRAL_DECLINED.value: "declined", Kind.REFERRAL_REVOKED.value: "revoked"}
    key = case(others, value=ended.c.kind, else_=ended.c.body["outcome"].astext)
    return row(ended.c.case_id, key, ended.c.subject_id)


@figure("answer_time")
def answer_time(frame: Frame) -> Rows:
    sent, answered = _first(frame, *SENT), _first(frame, *ANSWERS)
    hours = seconds(answered.c.at - sent.c.at) / 3600
    found = row(sent.c.case_id, sent.c.agency, sent.c.subject_id, measure=hours)
    its = found.join_from(sent, answered, answered.c.subject_id == sent.c.subject_id)
    return its.where(answered.c.at >= frame.period.begins)


@figure("answers")
def answers(frame: Frame) -> Rows:
    sent, answered = _first(frame, *SENT), _first(frame, *ANSWERS)
    part = case((answered.c.at.is_(None), "silent"), else_="answered")
    found = row(sent.c.case_id, sent.c.agency, sent.c.subject_id, part)
    its = found.join_from(sent, answered, answered.c.subject_id == sent.c.subject_id, isouter=True)
    return its.where(sent.c.at >= frame.period.begins)


def _first(frame: Frame, *kinds: Kind) -> Any:
    """The first fact of these kinds about each referral."""
    said = frame.ever(*kinds)
    columns = (said.c.case_id, said.c.subject_id, said.c.agency, said.c.at)
    first = select(*columns).ext(distinct_on(said.c.subject_id)).order_by(said.c.subject_id, said.c.sequence)
    return first.where(said.c.subject_id.is_not(None)).subquery()


# ---- clocks


@figure("statutory_clocks")
def statutory_clocks(frame: Frame) -> Rows:
    return _kept(frame, deadlines.c.kind, True).where(deadlines.c.class_ == "statutory")


@figure("register_entries")
def register_entries(frame: Frame) -> Rows:
    return _kept(frame, literal(ALL), False).where(deadlines.c.kind == "national_register_entry")


def _kept(frame: Frame, key: ColumnElement[Any], parted: bool) -> Rows:
    """Deadlines that fell due in the period, by whether what they wait for came in time, as it was known at its end."""
    stood, ends = frame.stood, frame.period.ends
    over = (deadlines.c.ended_at.is_not(None)) & (deadlines.c.ended_at < ends)
    lifted = over & deadlines.c.met.is_(False) & (deadlines.c.ended_at <= deadlines.c.due_at)
    in_time = over & deadlines.c.met.is_(True) & (deadlines.c.ended_at <= deadlines.c.due_at)
    how = case((lifted, "lifted"), (in_time, "in_time"), else_="late")
    counted = func.concat(deadlines.c.case_id, ":", deadlines.c.id)
    found = row(deadlines.c.case_id, key if parted else how, counted, how if parted else None)
    its = found.join_from(deadlines, stood, stood.c.case_id == deadlines.c.case_id)
    return its.where(deadlines.c.due_at >= frame.period.begins, deadlines.c.due_at < ends)


# ---- the child-friendly district

AMPK: Mapping[str, str] = {
    Category.CHILD_VIOLENCE: "violence",
    Category.SEXUAL_VIOLENCE: "sexual_crime",
    Category.TRAFFICKING: "trafficked",
    Category.CHILD_IN_CONFLICT: "in_conflict",
    Category.CHILD_MARRIAGE: "child_marriage",
}
ALSO: Mapping[str, str] = {"exploitation": "exploited", "neglect": "neglected"}


@figure("kla_children")
def kla_children(frame: Frame) -> Rows:
    every = frame.recorded
    new = select(every).where(every.c.kind == ClientKind.CHILD.value).subquery()
    listed = (
        select(new.c.case_id, each(new.c.categories).label("code")),
        select(new.c.case_id, each(new.c.violence_types).label("code")),
        select(new.c.case_id, literal("disability")).where(new.c.disability.not_in(["none", "unknown"])),
    )
    named = union_all(*listed).subquery()
    mapped = {**AMPK, **ALSO, "disability": "disability"}
    key = case({str(code): name for code, name in mapped.items()}, value=named.c.code)
    return row(named.c.case_id, key).where(named.c.code.in_([*map(str, mapped)]))


@figure("kla_handled")
def kla_handled(frame: Frame) -> Rows:
    closed, stood = frame.said(Kind.CASE_CLOSED), frame.stood
    approved, served = frame.ever(Kind.PLAN_APPROVED), frame.ever(Kind.SERVICE_RECORDED, Kind.REFERRAL_COMPLETED)
    why = reasons(frame)
    its = [exists().where(each_.c.case_id == closed.c.case_id).correlate(closed) for each_ in (approved, served)]
    full = its[0] & its[1] & (why.c.reason == ClosureReason.GOALS_MET.value)
    found = row(closed.c.case_id, yes_no(full), numbered(closed))
    joined = found.join_from(closed, stood, stood.c.case_id == closed.c.case_id)
    return joined.join(why, same(closed, why), isouter=True).where(stood.c.kind == ClientKind.CHILD.value)


@figure("kla_dispensations")
def kla_dispensations(frame: Frame) -> Rows:
    ended = frame.said(Kind.REFERRAL_COMPLETED)
    outcome = ended.c.body["outcome"].astext
    return row(ended.c.case_id, outcome, ended.c.subject_id).where(outcome.in_(PETITIONS))


def rows_of(figure_id: str, frame: Frame) -> Rows:
    """The rows of a figure."""
    return MAKERS[figure_id](frame)


def each(listed: ColumnElement[Any]) -> ColumnElement[str]:
    """The items of a JSON list, one row each."""
    return func.jsonb_array_elements_text(listed)


def seconds(span: ColumnElement[Any]) -> ColumnElement[Any]:
    """A span in seconds."""
    return func.extract("epoch", span)


def yes_no(holds: ColumnElement[bool]) -> ColumnElement[str]:
    """Whether something holds, as a key."""
    return case((holds, YES), else_=NO)
