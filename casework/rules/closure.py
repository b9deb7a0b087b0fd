"""Ending a case, and undoing it: closure, reopening, transfer, duplicates and links."""

from datetime import datetime

from casework.commands import (
    DecideClosure,
    DecideTransfer,
    LinkCases,
    MarkDuplicate,
    Order,
    ReopenCase,
    RequestClosure,
    TransferCase,
)
from casework.errors import (
    AlreadyDecidedError,
    ClosureBlockedError,
    FourEyesError,
    InvalidInputError,
    NotAllowedInStageError,
    NotFoundError,
)
from casework.events import EventKind
from casework.models.codes import (
    OPEN_REFERRALS,
    OPEN_STAGES,
    ClosureReason,
    NotificationKind,
    PlanDecision,
    Stage,
    Status,
    TransferDecision,
    Urgency,
)
from casework.models.notice import Recipient
from casework.models.parts import Link
from casework.models.pathway import Duty, Service
from casework.models.state import CaseState, Closure
from casework.rules.assessment import check_past, duty_of
from casework.rules.opening import problem
from casework.rules.step import CASEWORK, DECIDING, Fact, Step, Told, rule, to_owner, to_supervisors

SET_ELSEWHERE = {ClosureReason.TRANSFERRED_OTHER_DISTRICT: "transfer_case", ClosureReason.DUPLICATE: "mark_duplicate"}
ANY_STAGE = frozenset(
    {
        ClosureReason.OUT_OF_MANDATE_HANDED_OVER,
        ClosureReason.NOT_CONFIRMED,
        ClosureReason.CLIENT_REQUEST,
        ClosureReason.CLIENT_DIED,
        ClosureReason.MOVED_UNTRACEABLE,
        ClosureReason.WITHDRAWN_UNDER_PRESSURE,
    }
)
CANNOT_BE_INFORMED = frozenset({ClosureReason.CLIENT_DIED, ClosureReason.MOVED_UNTRACEABLE})
UNREACHED_FOR_UNTRACEABLE = 3
"""Follow-ups that did not reach the client before a case may end as untraceable."""


@rule(RequestClosure, CASEWORK)
def request_closure(state: CaseState, order: Order[RequestClosure], now: datetime) -> Step:
    """Ask to close. Refused while something the office owes is open; each thing is named."""
    body = order.body
    if body.reason in SET_ELSEWHERE:
        detail = f"`{body.reason}` is set by {SET_ELSEWHERE[body.reason]}."
        raise InvalidInputError(detail, errors=[problem("/reason", "not_asked_for", detail)])
    if body.reason not in ANY_STAGE and state.stage not in (Stage.REFERRAL, Stage.CLOSURE):
        raise NotAllowedInStageError(
            f"Closing for `{body.reason}` is possible from the stages named.", allowed=[Stage.REFERRAL, Stage.CLOSURE]
        )
    if state.closure is not None:
        raise AlreadyDecidedError("A closure is already waiting for its decision.")
    blockers = closure_blockers(state, order)
    if blockers:
        raise ClosureBlockedError("Something is still open; each thing is named in `blockers`.", blockers=blockers)
    closure = Closure(reason=body.reason, requested_by=order.actor.account_id, from_stage=state.stage)
    after = state.model_copy(update={"closure": closure, "stage": Stage.CLOSURE})
    told = (Told("closure_requested", to_supervisors(state)),)
    return Step(after, EventKind.CLOSURE_REQUESTED, facts=(Fact("closure_requested", now),), told=told)


def closure_blockers(state: CaseState, order: Order[RequestClosure]) -> list[dict[str, str]]:
    """Everything that stands between the case and its closure, by kind and id."""
    blockers = [
        {"kind": "referral_open", "referral_id": r.id, "agency_id": r.agency_id, "service": r.service.value}
        for r in state.referrals.values()
        if r.status in OPEN_REFERRALS
    ]
    if owes_police_notification(state):
        blockers.append({"kind": "notification_owed", "notification": NotificationKind.POLICE.value})
    named = {left.deadline_id for left in order.body.left_open}
    for deadline in state.deadlines.values():
        if not deadline.running or deadline.class_ != "statutory":
            continue
        if deadline.owner.agency_id in (None, state.agency_id):
            blockers.append({"kind": "statutory_clock", "deadline_id": deadline.id, "deadline": deadline.kind})
        elif not {deadline.id, deadline.kind} & named:
            blockers.append({"kind": "clock_without_follower", "deadline_id": deadline.id, "deadline": deadline.kind})
    return [*blockers, *_reason_blockers(state, order.body)]


def _reason_blockers(state: CaseState, body: RequestClosure) -> list[dict[str, str]]:
    blockers = []
    if not body.client_informed and body.reason not in CANNOT_BE_INFORMED:
        blockers.append({"kind": "client_not_informed"})
    if body.reason is ClosureReason.MOVED_UNTRACEABLE and state.unreached < UNREACHED_FOR_UNTRACEABLE:
        blockers.append({"kind": "follow_ups_missing", "needed": str(UNREACHED_FOR_UNTRACEABLE - state.unreached)})
    return blockers


def owes_police_notification(state: CaseState) -> bool:
    """Whether a pathway makes telling the police this office's duty and it has not been done."""
    told = any(n.kind is NotificationKind.POLICE for n in state.notifications.values())
    return duty_of(state, Service.POLICE) is Duty.MANDATORY and not told and state.reporter_agency_kind != "police"


@rule(DecideClosure, DECIDING)
def decide_closure(state: CaseState, order: Order[DecideClosure], now: datetime) -> Step:
    """Approve or return a closure, never by who asked for it; pressure demands a review first."""
    closure = state.closure
    if closure is None:
        raise AlreadyDecidedError("There is no closure waiting for a decision.")
    if closure.requested_by == order.actor.account_id:
        raise FourEyesError("Who asked for the closure cannot decide on it.")
    told = (Told("closure_decided", to_owner(state)),)
    if order.body.decision is PlanDecision.RETURN:
        after = state.model_copy(update={"closure": None, "stage": closure.from_stage})
        return Step(after, EventKind.CLOSURE_RETURNED, facts=(Fact("closure_decided", now),), told=told)
    if closure.reason is ClosureReason.WITHDRAWN_UNDER_PRESSURE and not closure.reviewed:
        raise ClosureBlockedError(
            "A withdrawal under pressure is reviewed before it closes.", blockers=[{"kind": "review_missing"}]
        )
    after = state.model_copy(update={"stage": Stage.CLOSED, "status": Status.CLOSED, "closed_at": now, "closure": None})
    facts = (Fact("closure_decided", now), Fact("case_closed", now))
    return Step(after, EventKind.CASE_CLOSED, facts=facts, told=told)


@rule(ReopenCase, DECIDING, (Stage.CLOSED,))
def reopen(state: CaseState, order: Order[ReopenCase], now: datetime) -> Step:
    """Open a closed case again: stage assessment, risk unassessed, clocks from now."""
    if state.status is not Status.CLOSED:
        raise NotAllowedInStageError("Only a closed case is reopened.", allowed=[Stage.CLOSED])
    after = state.model_copy(
        update={
            "status": Status.OPEN,
            "stage": Stage.ASSESSMENT,
            "risk": "unassessed",
            "closed_at": None,
            "plan": None,
            "unreached": 0,
        }
    )
    after = CaseState.model_validate(after.model_dump())
    told = (Told("case_reopened", to_owner(state)),)
    return Step(after, EventKind.CASE_REOPENED, facts=(Fact("case_reopened", now),), told=told)


@rule(TransferCase, DECIDING)
def transfer(state: CaseState, order: Order[TransferCase], now: datetime) -> Step:
    """Offer the case to another office; it stays here, clocks running, until that office accepts."""
    if state.transfer_to:
        raise AlreadyDecidedError("A transfer is already waiting for its answer.")
    if order.body.to_agency_id == state.agency_id:
        raise InvalidInputError("The case is there.", errors=[problem("/to_agency_id", "same_office", "Name another.")])
    if any(r.status in OPEN_REFERRALS and r.urgency is Urgency.EMERGENCY for r in state.referrals.values()):
        raise NotAllowedInStageError("An emergency referral is open.", allowed=list(OPEN_STAGES))
    update = {"transfer_to": order.body.to_agency_id, "transfer_asked_by": order.actor.account_id}
    told = (Told("transfer_asked", Recipient(agency_id=order.body.to_agency_id)),)
    facts = (Fact("transfer_asked", now, agency_id=order.body.to_agency_id),)
    return Step(state.model_copy(update=update), EventKind.TRANSFER_ASKED, facts=facts, told=told)


@rule(DecideTransfer, DECIDING)
def decide_transfer(state: CaseState, order: Order[DecideTransfer], now: datetime) -> Step:
    """The receiving office's supervisor accepts or declines; or the sending one records its letter."""
    if state.transfer_to is None:
        raise AlreadyDecidedError("There is no transfer waiting for an answer.")
    if order.actor.agency_id != state.transfer_to:
        if order.body.recorded_from is None:
            raise NotFoundError("There is no such case.")
        check_past("/recorded_from/at", order.body.recorded_from.at, now)
    ended: dict[str, object] = {"transfer_to": None, "transfer_asked_by": None}
    told = (Told("transfer_decided", to_supervisors(state)),)
    facts = (Fact("transfer_decided", now),)
    if order.body.decision is TransferDecision.DECLINE:
        return Step(state.model_copy(update=ended), EventKind.TRANSFER_DECLINED, facts=facts, told=told)
    if order.facts.get("receiver_leads"):
        ended |= {"agency_id": state.transfer_to, "assigned_to": None}
    else:
        ended |= {"status": Status.TRANSFERRED, "stage": Stage.CLOSED, "closed_at": now}
    return Step(state.model_copy(update=ended), EventKind.TRANSFER_ACCEPTED, facts=facts, told=told)


@rule(MarkDuplicate, DECIDING, (Stage.INTAKE, Stage.ASSESSMENT))
def mark_duplicate(state: CaseState, order: Order[MarkDuplicate], now: datetime) -> Step:
    """End this case as a duplicate of another of the same office."""
    if order.body.of_case_id == state.case_id:
        raise InvalidInputError("A case is no duplicate of itself.", errors=[problem("/of_case_id", "same_case", "")])
    update = {
        "status": Status.DUPLICATE,
        "stage": Stage.CLOSED,
        "closed_at": now,
        "duplicate_of": order.body.of_case_id,
    }
    told = (Told("duplicate_marked", to_owner(state)),)
    return Step(state.model_copy(update=update), EventKind.DUPLICATE_MARKED, told=told)


@rule(LinkCases, CASEWORK)
def link(state: CaseState, order: Order[LinkCases], now: datetime) -> Step:
    """Link another case; the link gives no sight of it."""
    if order.body.case_id == state.case_id:
        raise InvalidInputError("A case is not linked to itself.", errors=[problem("/case_id", "same_case", "")])
    if any(known.case_id == order.body.case_id for known in state.links):
        raise AlreadyDecidedError("The cases are already linked.")
    links = (*state.links, Link(case_id=order.body.case_id, relation=order.body.relation))
    return Step(state.model_copy(update={"links": links}), EventKind.CASES_LINKED)
