"""Moving a case to another office, ending it as a duplicate, and linking it."""

from datetime import datetime

from casework.commands import DecideTransfer, LinkCases, MarkDuplicate, Order, TransferCase
from casework.errors import (
    AlreadyDecidedError,
    ClosureBlockedError,
    ConsentMissingError,
    ForbiddenError,
    FourEyesError,
    InvalidInputError,
    NotAllowedInStageError,
)
from casework.events import EventKind
from casework.models.codes import (
    OPEN_REFERRALS,
    OPEN_STAGES,
    LinkRelation,
    OverrideGround,
    Stage,
    Status,
    TransferDecision,
    Urgency,
)
from casework.models.notice import Recipient
from casework.models.parts import Link
from casework.models.state import CaseState
from casework.rules import consent
from casework.rules.closure import ended, open_referrals, unreviewed_overrides
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
    ground = _ground(state, order)
    update = {
        "transfer_to": order.body.to_agency_id,
        "transfer_asked_by": order.actor.account_id,
        "transfer_ground": ground,
    }
    told = (Told("transfer_asked", Recipient(agency_id=order.body.to_agency_id)),)
    facts = (Fact("transfer_asked", now, agency_id=order.body.to_agency_id),)
    return Step(state.model_copy(update=update), EventKind.TRANSFER_ASKED, facts=facts, told=told)


def _ground(state: CaseState, order: Order[TransferCase]) -> OverrideGround | None:
    """The ground on which a case is offered without consent; None where there is consent. Refuses where neither is."""
    body, kept = order.body, state.consent
    if body.override_ground:
        if not order.has_text("/reason"):
            raise ConsentMissingError("A transfer without consent needs its reason beside its ground.")
        return body.override_ground
    if body.consent:
        return None
    if body.consent is False or kept is None or not kept.effective_sharing:
        raise ConsentMissingError("Record the client's consent to the transfer, or an `override_ground` with a reason.")
    consent.weigh(state, kept, consent.age_in(order))
    return None


@rule(DecideTransfer, DECIDING)
def decide_transfer(state: CaseState, order: Order[DecideTransfer], now: datetime) -> Step:
    """The receiving office's supervisor accepts or declines; or the sending one records its letter."""
    if state.transfer_to is None:
        raise AlreadyDecidedError("There is no transfer waiting for an answer.")
    if order.actor.agency_id != state.transfer_to:
        _check_recorded(state, order, now)
    told = (Told("transfer_decided", to_supervisors(state)),)
    facts = (Fact("transfer_decided", now),)
    answered: dict[str, object] = {"transfer_to": None, "transfer_asked_by": None, "transfer_ground": None}
    if order.body.decision is TransferDecision.DECLINE:
        return Step(state.model_copy(update=answered), EventKind.TRANSFER_DECLINED, facts=facts, told=told)
    if order.facts.get("receiver_leads"):
        after = state.model_copy(update={**answered, "agency_id": state.transfer_to, "assigned_to": None})
    else:
        _check_no_referral(state)
        after, _ = ended(state, Status.TRANSFERRED, now)
    return Step(after, EventKind.TRANSFER_ACCEPTED, facts=facts, told=told)


def _check_recorded(state: CaseState, order: Order[DecideTransfer], now: datetime) -> None:
    """Who may record what the receiving office said: only where that has no account; what goes without consent only
    another than who offered it."""
    if order.facts.get("receiver_has_account"):
        raise ForbiddenError("This office has accounts of its own and answers itself.")
    if order.body.recorded_from is None:
        raise ForbiddenError("Only the receiving office answers; name its letter or call in `recorded_from`.")
    if state.transfer_ground and order.actor.account_id == state.transfer_asked_by:
        raise FourEyesError("Who offered the case without consent does not record its acceptance.")
    check_past("/recorded_from/at", order.body.recorded_from.at, now)


def _check_no_referral(state: CaseState) -> None:
    """Refuse to end a case whose agencies would go on waiting for nobody, or before all was looked at."""
    blockers = [*open_referrals(state), *unreviewed_overrides(state)]
    if blockers:
        raise ClosureBlockedError("Something is still open; each thing is named in `blockers`.", blockers=blockers)


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
