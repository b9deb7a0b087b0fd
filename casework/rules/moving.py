"""Moving a case to another office, ending it as a duplicate, and linking it."""

from datetime import datetime

from casework.commands import DecideTransfer, LinkCases, MarkDuplicate, Order, TransferCase
from casework.errors import (
    AlreadyDecidedError,
    ClosureBlockedError,
    ForbiddenError,
    InvalidInputError,
    NotAllowedInStageError,
)
from casework.events import EventKind
from casework.models.codes import (
    OPEN_REFERRALS,
    OPEN_STAGES,
    LinkRelation,
    Stage,
    Status,
    TransferDecision,
    Urgency,
)
from casework.models.notice import Recipient
from casework.models.parts import Link
from casework.models.state import CaseState
from casework.rules.closure import ended, open_referrals
from casework.rules.opening import check_past, problem
from casework.rules.step import CASEWORK, DECIDING, Fact, Step, Told, rule, to_owner, to_supervisors


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
            raise ForbiddenError("Only the receiving office answers; name its letter or call in `recorded_from`.")
        check_past("/recorded_from/at", order.body.recorded_from.at, now)
    told = (Told("transfer_decided", to_supervisors(state)),)
    facts = (Fact("transfer_decided", now),)
    answered: dict[str, object] = {"transfer_to": None, "transfer_asked_by": None}
    if order.body.decision is TransferDecision.DECLINE:
        return Step(state.model_copy(update=answered), EventKind.TRANSFER_DECLINED, facts=facts, told=told)
    if order.facts.get("receiver_leads"):
        after = state.model_copy(update={**answered, "agency_id": state.transfer_to, "assigned_to": None})
    else:
        _check_no_referral(state)
        after, _ = ended(state, Status.TRANSFERRED, now)
    return Step(after, EventKind.TRANSFER_ACCEPTED, facts=facts, told=told)


def _check_no_referral(state: CaseState) -> None:
    """Refuse to end a case whose agencies would go on waiting for nobody."""
    blockers = open_referrals(state)
    if blockers:
        raise ClosureBlockedError("Referrals are still open; end or revoke each.", blockers=blockers)


@rule(MarkDuplicate, DECIDING, (Stage.INTAKE, Stage.ASSESSMENT))
def mark_duplicate(state: CaseState, order: Order[MarkDuplicate], now: datetime) -> Step:
    """End this case as a duplicate of another of the same office, linked to it."""
    other = order.body.of_case_id
    if other == state.case_id:
        raise InvalidInputError(
            "A case is no duplicate of itself.", errors=[problem("/of_case_id", "same_case", "Name the other case.")]
        )
    _check_no_referral(state)
    links = state.links
    if all(known.case_id != other for known in links):
        links = (*links, Link(case_id=other, relation=LinkRelation.SAME_INCIDENT))
    after, withdrawn = ended(state, Status.DUPLICATE, now)
    after = after.model_copy(update={"duplicate_of": other, "links": links})
    told = (Told("duplicate_marked", to_owner(state)), *withdrawn)
    return Step(after, EventKind.DUPLICATE_MARKED, told=told)


@rule(LinkCases, CASEWORK)
def link(state: CaseState, order: Order[LinkCases], now: datetime) -> Step:
    """Link another case; the link gives no sight of it."""
    if order.body.case_id == state.case_id:
        raise InvalidInputError(
            "A case is not linked to itself.", errors=[problem("/case_id", "same_case", "Name another.")]
        )
    if any(known.case_id == order.body.case_id for known in state.links):
        raise AlreadyDecidedError("The cases are already linked.")
    links = (*state.links, Link(case_id=order.body.case_id, relation=order.body.relation))
    return Step(state.model_copy(update={"links": links}), EventKind.CASES_LINKED)
