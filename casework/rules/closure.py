"""Ending a case, and undoing it. What a reason to close asks for is pathway data."""

from datetime import datetime

from casework.commands import DecideClosure, Order, ReopenCase, RequestClosure
from casework.errors import (
    AlreadyDecidedError,
    ClosureBlockedError,
    FourEyesError,
    InvalidInputError,
    NotAllowedInStageError,
)
from casework.events import EventKind
from casework.models.codes import OPEN_REFERRALS, ClosureReason, NotificationKind, PlanDecision, Stage, Status
from casework.models.notice import Recipient
from casework.models.pathway import ClosureCondition, Duty, Risk, Service
from casework.models.state import CaseState, Closure
from casework.rules.opening import problem
from casework.rules.planning import duty_of
from casework.rules.retention import kept
from casework.rules.step import CASEWORK, DECIDING, Fact, Step, Told, rule, to_owner, to_supervisors

SET_ELSEWHERE = {ClosureReason.TRANSFERRED_OTHER_DISTRICT: "transfer_case", ClosureReason.DUPLICATE: "mark_duplicate"}
CANNOT_BE_INFORMED = frozenset(
    {ClosureReason.CLIENT_DIED, ClosureReason.MOVED_UNTRACEABLE, ClosureReason.NOT_CONFIRMED}
)
"""Who died or cannot be found cannot be told; and where nothing was found, there may be nobody to tell."""
Blockers = list[dict[str, str]]


@rule(RequestClosure, CASEWORK)
def request_closure(state: CaseState, order: Order[RequestClosure], now: datetime) -> Step:
    """Ask to close. Refused while something the office owes is open; each thing is named."""
    body = order.body
    condition = _asked_for(state, body.reason)
    if not condition.any_stage and state.stage not in (Stage.REFERRAL, Stage.CLOSURE):
        raise NotAllowedInStageError(
            f"Closing for `{body.reason}` is possible from the stages named.", allowed=[Stage.REFERRAL, Stage.CLOSURE]
        )
    if state.closure is not None:
        raise AlreadyDecidedError("A closure is already waiting for its decision.")
    closure = Closure(
        reason=body.reason,
        requested_by=order.actor.account_id,
        from_stage=state.stage,
        left_open=tuple(left.deadline_id for left in body.left_open),
    )
    informed = body.client_informed or body.reason in CANNOT_BE_INFORMED
    _refuse([*closure_blockers(state, closure), *([] if informed else [{"kind": "client_not_informed"}])])
    after = state.model_copy(update={"closure": closure, "stage": Stage.CLOSURE})
    told = (Told("closure_requested", to_supervisors(state)),)
    return Step(after, EventKind.CLOSURE_REQUESTED, facts=(Fact("closure_requested", now),), told=told)


def _asked_for(state: CaseState, reason: ClosureReason) -> ClosureCondition:
    """What the pathways ask of a reason; refuses one that is another command's, or that no pathway names."""
    detail = f"`{reason}` is set by {SET_ELSEWHERE[reason]}." if reason in SET_ELSEWHERE else None
    condition = condition_of(state, reason)
    if detail is None and condition is None:
        detail = f"No pathway of this case closes for `{reason}`."
    if detail or condition is None:
        raise InvalidInputError(str(detail), errors=[problem("/reason", "not_asked_for", str(detail))])
    return condition


def condition_of(state: CaseState, reason: ClosureReason) -> ClosureCondition | None:
    """What the pathways that name a reason ask of it, the strictest together; None where none does."""
    named = [c for pathway in state.pathways for c in pathway.closure if c.reason == reason]
    if not named:
        return None
    return ClosureCondition(
        reason=reason,
        any_stage=all(condition.any_stage for condition in named),
        review=any(condition.review for condition in named),
        unreached_follow_ups=max(condition.unreached_follow_ups for condition in named),
    )


def _refuse(blockers: Blockers) -> None:
    if blockers:
        raise ClosureBlockedError("Something is still open; each thing is named in `blockers`.", blockers=blockers)


def closure_blockers(state: CaseState, closure: Closure) -> Blockers:
    """Everything that stands between the case and its closure, by kind and id."""
    blockers = [*open_referrals(state), *unreviewed_overrides(state), *_clocks(state, closure.left_open)]
    if owes_police_notification(state):
        blockers.append({"kind": "notification_owed", "notification": NotificationKind.POLICE.value})
    condition = condition_of(state, closure.reason)
    missing = condition.unreached_follow_ups - state.unreached if condition else 0
    if missing > 0:
        blockers.append({"kind": "follow_ups_missing", "needed": str(missing)})
    return blockers


def open_referrals(state: CaseState) -> Blockers:
    """The referrals that are still open."""
    return [
        {"kind": "referral_open", "referral_id": r.id, "agency_id": r.agency_id, "service": r.service.value}
        for r in state.referrals.values()
        if r.status in OPEN_REFERRALS
    ]


def unreviewed_overrides(state: CaseState) -> Blockers:
    """What went out without consent and nobody else has looked at: that is done before the file is closed."""
    return [{"kind": "override_unreviewed", "referral_id": r.id} for r in state.referrals.values() if r.unreviewed]


def _clocks(state: CaseState, left_open: tuple[str, ...]) -> Blockers:
    """Statutory clocks of the office, and those of partners that nobody was named to follow."""
    blockers = []
    for deadline in state.deadlines.values():
        if not deadline.running or deadline.class_ != "statutory":
            continue
        if deadline.owner.agency_id in (None, state.agency_id):
            blockers.append({"kind": "statutory_clock", "deadline_id": deadline.id, "deadline": deadline.kind})
        elif not {deadline.id, deadline.kind} & {*left_open}:
            blockers.append({"kind": "clock_without_follower", "deadline_id": deadline.id, "deadline": deadline.kind})
    return blockers


def owes_police_notification(state: CaseState) -> bool:
    """Whether a pathway makes telling the police this office's duty and it has not been done."""
    told = any(n.kind is NotificationKind.POLICE for n in state.notifications.values())
    return duty_of(state, Service.POLICE) is Duty.MANDATORY and not told and state.reporter_agency_kind != "police"


@rule(DecideClosure, DECIDING)
def decide_closure(state: CaseState, order: Order[DecideClosure], now: datetime) -> Step:
    """Approve or return a closure, never by who asked for it; what came up since the request is looked at again."""
    closure = state.closure
    if closure is None:
        raise AlreadyDecidedError("There is no closure waiting for a decision.")
    if closure.requested_by == order.actor.account_id:
        raise FourEyesError("Who asked for the closure cannot decide on it.")
    told = (Told("closure_decided", to_owner(state)),)
    if order.body.decision is PlanDecision.RETURN:
        after = state.model_copy(update={"closure": None, "stage": closure.from_stage})
        return Step(after, EventKind.CLOSURE_RETURNED, facts=(Fact("closure_decided", now),), told=told)
    condition = condition_of(state, closure.reason)
    if condition and condition.review and not closure.reviewed:
        raise ClosureBlockedError(
            f"`{closure.reason}` is reviewed before it closes.", blockers=[{"kind": "review_missing"}]
        )
    _refuse(closure_blockers(state, closure))
    after, withdrawn = ended(state, Status.CLOSED, now)
    facts = (Fact("closure_decided", now), Fact("case_closed", now))
    return Step(after, EventKind.CASE_CLOSED, facts=facts, told=(*told, *withdrawn))


def ended(state: CaseState, status: Status, now: datetime) -> tuple[CaseState, tuple[Told, ...]]:
    """The state of a case that ends; an offer to another office that still waits ends with it, and it is told."""
    update = {
        "stage": Stage.CLOSED,
        "status": status,
        "closed_at": now,
        "closure": None,
        "transfer_to": None,
        "transfer_asked_by": None,
        "transfer_ground": None,
        **kept(state, now),
    }
    told = (Told("transfer_decided", Recipient(agency_id=state.transfer_to)),) if state.transfer_to else ()
    return state.model_copy(update=update), told


@rule(ReopenCase, DECIDING, (Stage.CLOSED,))
def reopen(state: CaseState, order: Order[ReopenCase], now: datetime) -> Step:
    """Open a closed case again: stage assessment, risk unassessed, clocks from now."""
    if state.status is not Status.CLOSED:
        raise NotAllowedInStageError("Only a closed case is reopened.", allowed=[Stage.CLOSED])
    after = state.model_copy(
        update={
            "status": Status.OPEN,
            "stage": Stage.ASSESSMENT,
            "risk": Risk.UNASSESSED,
            "closed_at": None,
            "retained_until": None,
            "retention_warns_at": None,
            "erasure_asked_by": None,
            "plan": None,
            "unreached": 0,
        }
    )
    told = (Told("case_reopened", to_owner(state)),)
    return Step(after, EventKind.CASE_REOPENED, facts=(Fact("case_reopened", now),), told=told)
