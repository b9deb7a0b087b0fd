"""Holds: named deadlines paused for a reason, with an end. The law's clocks, and the first contact, never wait."""

from datetime import datetime, timedelta
from typing import Any

from casework.commands import HoldClock, Order, ReleaseClock
from casework.errors import AlreadyDecidedError, HoldNotAllowedError, InvalidInputError, NotFoundError
from casework.events import EventKind
from casework.models.state import CaseState, Deadline, Hold
from casework.rules.opening import problem
from casework.rules.step import DECIDING, Step, rule

LONGEST = timedelta(days=30)
NEVER_HELD = frozenset({"first_contact"})


@rule(HoldClock, DECIDING)
def hold_clock(state: CaseState, order: Order[HoldClock], now: datetime) -> Step:
    """Pause clocks of the office's own policy until a day, at most thirty away; the case stays listed."""
    body = order.body
    if not order.has_text("/reason"):
        raise InvalidInputError("Say why.", errors=[problem("/reason", "missing", "A hold needs its reason.")])
    if not now < body.until <= now + LONGEST:
        detail = "It lies between now and thirty days from now."
        raise InvalidInputError("A hold has an end.", errors=[problem("/until", "out_of_range", detail)])
    wanted = {id_: _holdable(state, id_, index) for index, id_ in enumerate(body.deadline_ids)}
    paused = {"held_since": now, "held_until": body.until}
    held = {id_: deadline.model_copy(update=paused) for id_, deadline in wanted.items()}
    hold = Hold(id=order.new_id, deadline_ids=tuple(held), since=now, until=body.until)
    after = _with(state, held, hold)
    return Step(after, EventKind.CLOCK_HELD, hold.id)


def _holdable(state: CaseState, deadline_id: str, index: int) -> Deadline:
    deadline = state.deadlines.get(deadline_id)
    if deadline is None or not deadline.running:
        errors = [problem(f"/deadline_ids/{index}", "unknown", "It does not run on this case; see the outlook.")]
        raise InvalidInputError("Name deadlines that run.", errors=errors)
    if deadline.class_ != "local" or deadline.kind in NEVER_HELD:
        raise HoldNotAllowedError(f"`{deadline.kind}` runs by law or for the client's safety; it cannot be held.")
    if deadline.held:
        raise AlreadyDecidedError(f"`{deadline.kind}` is on hold already; release that hold first.")
    return deadline


@rule(ReleaseClock, DECIDING)
def release_clock(state: CaseState, order: Order[ReleaseClock], now: datetime) -> Step:
    """End a hold now: what was really paused is added to each of its deadlines that still runs."""
    hold = state.holds.get(order.subject_id or "")
    if hold is None:
        raise NotFoundError("There is no such hold.")
    if hold.released_at is not None:
        raise AlreadyDecidedError("The hold has ended already.")
    return Step(released(state, hold, now), EventKind.CLOCK_RELEASED, hold.id)


def released(state: CaseState, hold: Hold, at: datetime) -> CaseState:
    """The state after a hold ended: at the latest when it was to end, however late somebody comes to it."""
    mine = {id_: state.deadlines[id_] for id_ in hold.deadline_ids if state.deadlines[id_].held}
    going = {id_: resumed(deadline, at) for id_, deadline in mine.items()}
    return _with(state, going, _over(hold, at))


def _over(hold: Hold, at: datetime) -> Hold:
    return hold.model_copy(update={"released_at": min(at, hold.until)})


def resumed(deadline: Deadline, at: datetime) -> Deadline:
    """The deadline as it goes on, later by what it was really held. One that was known too late stays so."""
    pause = held_for(deadline, at)
    late = deadline.due_at <= deadline.armed_at
    update: dict[str, Any] = {
        "due_at": deadline.due_at + pause,
        "armed_at": deadline.armed_at + pause if late else deadline.armed_at,
        "paused": deadline.paused + pause.total_seconds(),
        "held_since": None,
        "held_until": None,
    }
    return deadline.model_copy(update=update)


def held_for(deadline: Deadline, at: datetime) -> timedelta:
    """How long its hold has lasted by then; it lasts no longer than it was to."""
    if deadline.held_since is None or deadline.held_until is None:
        return timedelta()
    return max(min(at, deadline.held_until) - deadline.held_since, timedelta())


def without_spent(state: CaseState, now: datetime) -> CaseState:
    """The state without holds that hold nothing any more: their deadlines have ended."""
    spent = {
        hold.id: _over(hold, now)
        for hold in state.holds.values()
        if hold.released_at is None and not any(state.deadlines[id_].held for id_ in hold.deadline_ids)
    }
    return state.model_copy(update={"holds": {**state.holds, **spent}}) if spent else state


def _with(state: CaseState, deadlines: dict[str, Deadline], hold: Hold) -> CaseState:
    return state.model_copy(
        update={"deadlines": {**state.deadlines, **deadlines}, "holds": {**state.holds, hold.id: hold}}
    )
