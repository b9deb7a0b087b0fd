"""Following a case: what was done, held, found out and looked at."""

from datetime import datetime

from casework.commands import (
    Order,
    RecordConference,
    RecordFollowUp,
    RecordMilestone,
    RecordReview,
    RecordService,
)
from casework.errors import InvalidInputError
from casework.events import EventKind
from casework.models.pathway import Risk
from casework.models.state import CaseState
from casework.rules.opening import check_agreed, check_past, problem
from casework.rules.step import CASEWORK, DECIDING, Fact, Step, rule


@rule(RecordService, CASEWORK)
def record_service(state: CaseState, order: Order[RecordService], now: datetime) -> Step:
    """Keep what was done for the client; it counts as the first contact."""
    check_past("/at", order.body.at, now)
    return Step(state, EventKind.SERVICE_RECORDED, facts=(Fact("first_contact", order.body.at),))


@rule(RecordFollowUp, CASEWORK, None)
def record_follow_up(state: CaseState, order: Order[RecordFollowUp], now: datetime) -> Step:
    """Keep a contact or the attempt; one that reached the client ends the first-contact clock.

    After closing it is the check that was promised: it is kept, and the closed case stays as it was.
    """
    body = order.body
    check_past("/at", body.at, now)
    check_agreed("/next_on", body.next_on, body.at, now, state.calendar.zone)
    risk = _rated(state, body.risk)
    reached = (Fact("first_contact", body.at),) if body.reached else ()
    facts = (Fact("follow_up", body.at, due_on=body.next_on), *reached)
    if not state.open:
        return Step(state, EventKind.FOLLOW_UP_RECORDED, facts=facts)
    after = state.model_copy(update={"risk": risk, "unreached": 0 if body.reached else state.unreached + 1})
    return Step(after, EventKind.FOLLOW_UP_RECORDED, facts=facts, rearm=risk is not state.risk)


def _rated(state: CaseState, risk: Risk | None) -> Risk:
    """The risk as it was rated anew, or as it was; nobody can rate it `unassessed`."""
    if risk is Risk.UNASSESSED:
        raise InvalidInputError("Rate the risk.", errors=[problem("/risk", "missing", "high, medium or low")])
    return risk or state.risk


@rule(RecordConference, CASEWORK)
def record_conference(state: CaseState, order: Order[RecordConference], now: datetime) -> Step:
    """Keep a case conference with its decisions."""
    check_past("/at", order.body.at, now)
    return Step(state, EventKind.CONFERENCE_RECORDED, facts=(Fact("conference_recorded", order.body.at),))


@rule(RecordMilestone, CASEWORK)
def record_milestone(state: CaseState, order: Order[RecordMilestone], now: datetime) -> Step:
    """Keep a fact from outside; it may start or end a clock."""
    check_past("/at", order.body.at, now)
    fact = Fact(order.body.kind, order.body.at, agency_id=order.body.agency_id)
    return Step(state, EventKind.MILESTONE_RECORDED, facts=(fact,))


@rule(RecordReview, DECIDING)
def record_review(state: CaseState, order: Order[RecordReview], now: datetime) -> Step:
    """Keep that a supervisor looked at the file; the risk may be rated anew."""
    risk = _rated(state, order.body.risk)
    closure = state.closure and state.closure.model_copy(update={"reviewed": True})
    after = state.model_copy(update={"risk": risk, "closure": closure})
    return Step(after, EventKind.REVIEW_RECORDED, facts=(Fact("review_recorded", now),), rearm=risk is not state.risk)
