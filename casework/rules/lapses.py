"""What a case does by itself: the step of a ladder whose time has come, and the clocks of a duplicate it takes over."""

from collections.abc import Iterable
from datetime import datetime

from casework.commands import Command, Lapse, Order, TakenClock, TakeOverClocks
from casework.events import EventKind, Recording
from casework.models.people import engine_of
from casework.models.state import Automatic, CaseState, Deadline
from casework.rules.deadlines import since
from casework.rules.decide import conclude
from casework.rules.holds import released
from casework.rules.ladders import AT_ONCE, Holder, due_now, key, told
from casework.rules.retention import lapse_of
from casework.rules.step import Step

Changed = tuple[CaseState, Recording]


def lapse(state: CaseState, now: datetime) -> Changed | None:
    """The step that is due, as the case records it; None where nothing is. Of several the earliest goes first."""
    found = due_now(state.deadlines.values(), now)
    if found is None:
        kept = lapse_of(state, now)
        return conclude(state, kept[1], kept[0], now) if kept else None
    deadline, step = found
    body = Lapse(deadline_id=deadline.id, kind=deadline.kind, due_at=deadline.due_at, **step.model_dump(exclude={"at"}))
    return conclude(state, _taken(state, deadline, step, now), _order(state, key(deadline, step), body), now)


def _taken(state: CaseState, deadline: Deadline, step: Automatic, now: datetime) -> Step:
    if step.action == "release":
        return _released(state, deadline, step)
    to = told(Holder.of(state), deadline, step)
    if step.action == "remind":
        return Step(_with(state, deadline, now, reminded=True), EventKind.REMINDER_SENT, deadline.id, told=to)
    return Step(_with(state, deadline, now, rung=step.rung), EventKind.CASE_ESCALATED, deadline.id, told=to)


def _released(state: CaseState, deadline: Deadline, step: Automatic) -> Step:
    """The end of a hold, when it was to end; of each deadline it held the owner is told when it is due now."""
    hold = next(h for h in state.holds.values() if deadline.id in h.deadline_ids and h.released_at is None)
    after = released(state, hold, step.at)
    held = (after.deadlines[id_] for id_ in sorted(hold.deadline_ids) if state.deadlines[id_].held)
    to = tuple(each for one in held for each in told(Holder.of(state), one, step))
    return Step(after, EventKind.CLOCK_RELEASED, hold.id, told=to)


def _with(state: CaseState, deadline: Deadline, now: datetime, **update: object) -> CaseState:
    changed = deadline.model_copy(update={**update, "told_at": now})
    return state.model_copy(update={"deadlines": {**state.deadlines, deadline.id: changed}})


def clocks_of(state: CaseState) -> tuple[TakenClock, ...]:
    """The running clocks of a case itself, not those of its referrals."""
    own = (d for d in state.deadlines.values() if d.running and d.referral_id is None and d.class_ != "watch")
    return tuple(TakenClock(kind=d.kind, category=d.category, since=d.since) for d in own)


def take_over(state: CaseState, body: TakeOverClocks, now: datetime) -> Changed | None:
    """The surviving case with the earlier start of every clock that it shares with its duplicate; None where all of
    its own are earlier, or it was done before."""
    known = any(receipt.command_id == body.command_id for receipt in state.receipts)
    earlier = {d.id: d for d in _earlier(state, body.clocks, now)}
    if known or not earlier:
        return None
    after = state.model_copy(update={"deadlines": {**state.deadlines, **earlier}})
    step = Step(after, EventKind.CLOCKS_TAKEN_OVER)
    return conclude(state, step, _order(state, body.command_id, body), now)


def _earlier(state: CaseState, clocks: Iterable[TakenClock], now: datetime) -> Iterable[Deadline]:
    """What waits for a supervisor at once keeps its start: something of this case called for it."""
    for deadline in state.deadlines.values():
        own = deadline.running and deadline.referral_id is None and deadline.reason not in AT_ONCE
        same = [c.since for c in clocks if (c.kind, c.category) == (deadline.kind, deadline.category)]
        if own and same and min(same) < deadline.since:
            earlier = since(state, deadline, min(same), now)
            if earlier.due_at <= deadline.due_at:
                yield earlier


def _order(state: CaseState, command_id: str, body: Command) -> Order[Command]:
    """An order of the engine's own; it has no author whose body could differ, so its key is its digest."""
    actor = engine_of(state.agency_id)
    return Order[Command](command_id=command_id, body_digest=command_id, actor=actor, body=body, new_id=command_id)
