"""The remedies of the board: the owner is told again, or the next rung is told now."""

from datetime import datetime

from casework.commands import EscalateCase, Order, SendReminder
from casework.errors import AlreadyDecidedError, ForbiddenError, InvalidInputError
from casework.events import EventKind
from casework.models.people import Actor, Role
from casework.models.state import Automatic, CaseState, Deadline
from casework.rules.access import clocks_shown
from casework.rules.ladders import Holder, told
from casework.rules.opening import problem
from casework.rules.shared import speaking
from casework.rules.step import DECIDING, Step, rule


@rule(SendReminder, frozenset({*DECIDING, Role.COORDINATOR}), None)
def send_reminder(state: CaseState, order: Order[SendReminder], now: datetime) -> Step:
    """Tell the owner of a running deadline again; the coordinator may remind agencies only."""
    deadline = _running(state, order.body.deadline_id, order.actor)
    if order.actor.role is Role.COORDINATOR and deadline.owner.agency_id is None:
        raise ForbiddenError("The coordinator reminds agencies; the office's own deadlines are its supervisor's.")
    step = Automatic(action="remind", to=deadline.owner.agency_id or "caseworker", at=now, rung=0)
    return Step(state, EventKind.REMINDER_SENT, deadline.id, told=told(Holder.of(state), deadline, step))


@rule(EscalateCase, DECIDING, None)
def escalate_case(state: CaseState, order: Order[EscalateCase], now: datetime) -> Step:
    """Tell the next rung now; it is not told again when its time comes."""
    deadline = _running(state, order.body.deadline_id, order.actor)
    step = next((step for step in deadline.forecast if step.action == "escalate"), None)
    if step is None:
        raise AlreadyDecidedError("Everybody on its ladder has been told; call a case conference.")
    changed = deadline.model_copy(update={"rung": step.rung, "told_at": now})
    after = state.model_copy(update={"deadlines": {**state.deadlines, deadline.id: changed}})
    return Step(after, EventKind.CASE_ESCALATED, deadline.id, told=told(Holder.of(state), deadline, step))


def _running(state: CaseState, deadline_id: str, actor: Actor) -> Deadline:
    """The deadline of an id that its reader is shown; of a law in several categories the clock that tells."""
    deadline = state.deadlines.get(deadline_id)
    if deadline is None or not deadline.running or not clocks_shown(actor, (deadline,)):
        errors = [problem("/deadline_id", "unknown", "It does not run on this case; see the outlook.")]
        raise InvalidInputError("Name a deadline that runs.", errors=errors)
    return speaking(state, deadline)
