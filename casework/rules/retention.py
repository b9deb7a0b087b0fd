"""How long an ended case is kept, what stands against its erasure, and the erasure itself: the one step without a way
back. It comes by itself when the time is over, after a warning; sooner only where two people say so."""

from datetime import datetime, timedelta
from typing import Any

from casework.commands import AskErasure, Command, DecideErasure, GiveAccess, HoldRecords, Lapse, Order, ReleaseRecords
from casework.errors import (
    AlreadyDecidedError,
    ConflictOfInterestError,
    ErasedError,
    FourEyesError,
    InvalidInputError,
    RecordsHeldError,
)
from casework.events import EventKind
from casework.models.codes import ConsentGiver, PlanDecision, Stage
from casework.models.notice import NoticeKind, Recipient
from casework.models.people import Role, engine_of
from casework.models.state import CaseState, Deadline
from casework.rules.clocks import due_at
from casework.rules.consent import suspects_carer
from casework.rules.opening import problem
from casework.rules.step import DECIDING, Step, Told, rule, to_supervisors

HEAD = frozenset({Role.HEAD})
WARN, ERASE = "warn", "erase"
ERASED = "The case was erased; its log and its certificate are what is left."


def kept(state: CaseState, now: datetime) -> dict[str, datetime | None]:
    """Until when a case that ends now is kept, and from when on its office is warned: the longest its pathways say."""
    policies = [pathway.retention for pathway in state.pathways if pathway.retention]
    if not policies:
        return {"retained_until": None, "retention_warns_at": None}
    longest = max(policies, key=lambda each: due_at(now, each.after.clock, each.after.units, state.calendar))
    until = due_at(now, longest.after.clock, longest.after.units, state.calendar)
    return {"retained_until": until, "retention_warns_at": max(now, until - _warning_of(state, now))}


def due(state: CaseState, now: datetime) -> tuple[str, datetime] | None:
    """What the passing of time asks for by now: the warning, then the erasure."""
    at = state.retention_next_at
    if at is None or now < at:
        return None
    return (WARN if state.retention_warns_at else ERASE), at


def lapse_of(state: CaseState, now: datetime) -> tuple[Order[Command], Step] | None:
    """The step that is due, as the engine orders it."""
    found = due(state, now)
    if found is None:
        return None
    action, at = found
    # Each closing has its own warning; the erasure is one.
    key = f"{state.case_id}.retention.{int(at.timestamp())}.{action}"
    body = Lapse(deadline_id=state.case_id, kind="retention", action=action, to="head", rung=0, due_at=at)
    order = Order[Command](command_id=key, body_digest=key, actor=engine_of(state.agency_id), body=body, new_id=key)
    return order, _warned(state) if action == WARN else erased(state, now)


def _warned(state: CaseState) -> Step:
    after = state.model_copy(update={"retention_warns_at": None})
    return Step(after, EventKind.RETENTION_ENDING, told=(Told(NoticeKind.RETENTION_ENDING, _heads(state)),))


def erased(state: CaseState, now: datetime) -> Step:
    """The case without a next step: nothing runs any more, and its keys are destroyed next."""
    over = {"ended_at": now, "met": False, "next_at": None, "stalls_at": None, "forecast": (), "held_since": None}
    deadlines = {id_: _over(deadline, over, now) for id_, deadline in state.deadlines.items()}
    update = {
        "deadlines": deadlines,
        "erased_at": now,
        "erasure_asked_by": None,
        "retained_until": None,
        "retention_warns_at": None,
    }
    return Step(
        state.model_copy(update=update), EventKind.CASE_ERASED, told=(Told(NoticeKind.CASE_ERASED, _heads(state)),)
    )


def _over(deadline: Deadline, over: dict[str, object], now: datetime) -> Deadline:
    if not deadline.running:
        return deadline
    return deadline.model_copy(update={**over, "ended_at": max(now, deadline.since), "held_until": None})


def _heads(state: CaseState) -> Recipient:
    return Recipient(role=Role.HEAD, agency_id=state.agency_id)


@rule(HoldRecords, HEAD, None)
def hold_records(state: CaseState, order: Order[HoldRecords], now: datetime) -> Step:
    """Keep a case for as long as something is being settled: nothing erases it meanwhile."""
    _check_reason(order)
    if state.records_held_since:
        raise AlreadyDecidedError("The records are held already.")
    after = state.model_copy(update={"records_held_since": now, "erasure_asked_by": None})
    return Step(after, EventKind.RECORDS_HELD, told=(Told(NoticeKind.RECORDS_HELD, to_supervisors(state)),))


@rule(ReleaseRecords, HEAD, None)
def release_records(state: CaseState, order: Order[ReleaseRecords], now: datetime) -> Step:
    """End the hold. Where the time was over meanwhile, the office is warned once more and has as long as ever."""
    _check_reason(order)
    if state.records_held_since is None:
        raise AlreadyDecidedError("The records are not held.")
    update: dict[str, object] = {"records_held_since": None}
    if state.retained_until and state.closed_at:
        soonest = now + _warning_of(state, now)
        if state.retained_until < soonest:
            update |= {"retained_until": soonest, "retention_warns_at": now}
    return Step(state.model_copy(update=update), EventKind.RECORDS_RELEASED)


def _warning_of(state: CaseState, now: datetime) -> timedelta:
    lengths = [pathway.retention.warning for pathway in state.pathways if pathway.retention]
    return max(due_at(now, each.clock, each.units, state.calendar) for each in lengths) - now


@rule(AskErasure, DECIDING, (Stage.CLOSED,))
def ask_erasure(state: CaseState, order: Order[AskErasure], now: datetime) -> Step:
    """Ask that a case be erased before its time; another person decides."""
    _check_reason(order)
    _check_not_held(state)
    if state.erasure_asked_by:
        raise AlreadyDecidedError("An erasure is already waiting for its decision.")
    after = state.model_copy(update={"erasure_asked_by": order.actor.account_id})
    # Who asks cannot decide: of an office with one head it is the supervisors who are told then.
    others = to_supervisors(state) if order.actor.role is Role.HEAD else _heads(state)
    return Step(after, EventKind.ERASURE_ASKED, told=(Told(NoticeKind.ERASURE_ASKED, others),))


@rule(DecideErasure, DECIDING, (Stage.CLOSED,))
def decide_erasure(state: CaseState, order: Order[DecideErasure], now: datetime) -> Step:
    """Erase, or not; never by who asked for it."""
    if state.erasure_asked_by is None:
        raise AlreadyDecidedError("There is no erasure waiting for a decision.")
    if state.erasure_asked_by == order.actor.account_id:
        raise FourEyesError("Who asked for the erasure cannot decide on it.")
    if order.body.decision is PlanDecision.RETURN:
        return Step(state.model_copy(update={"erasure_asked_by": None}), EventKind.ERASURE_RETURNED)
    _check_not_held(state)
    return erased(state, now)


@rule(GiveAccess, HEAD, None)
def give_access(state: CaseState, order: Order[GiveAccess], now: datetime) -> Step:
    """Keep that the client's own file and the trail of its processing were given out, and to whom it was."""
    _check_reason(order)
    by_carer = order.body.given_to is ConsentGiver.CAREGIVER and order.body.giver_suspected is not False
    if order.body.given_to is ConsentGiver.NONE:
        errors = [problem("/given_to", "missing", "self, caregiver or guardian")]
        raise InvalidInputError("Say to whom it is given.", errors=errors)
    if by_carer and suspects_carer(state):
        raise ConflictOfInterestError(
            "A parent or caregiver is among those suspected; record with `giver_suspected` false that another one asks."
        )
    return Step(state, EventKind.ACCESS_GIVEN)


def check_not_erased(state: CaseState) -> None:
    """Refuse every command on a case that was erased."""
    if state.erased_at:
        raise ErasedError(ERASED)


def _check_not_held(state: CaseState) -> None:
    if state.records_held_since:
        raise RecordsHeldError("The records are held; a head releases them first.")


def _check_reason(order: Order[Any]) -> None:
    if not order.has_text("/reason"):
        raise InvalidInputError("Say why.", errors=[problem("/reason", "missing", "It is sealed with the case.")])
