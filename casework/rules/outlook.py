"""Why a case is where it is: what it waits for, what of that stands still, on whom, and what the board calls it.

`casework.db.reads_board` asks the same in SQL; a test holds both equal.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Literal

from casework.models.pathway import Reason
from casework.models.state import Deadline, Owner
from casework.ports import Standing
from casework.rules.holds import resumed

BoardReason = Literal[Reason, "notice_undelivered", "step_failing"]
AWAITED = timedelta(minutes=1)
"""How long a report may wait for the engine before it stands still."""


def is_stalled(deadline: Deadline, now: datetime) -> bool:
    """Whether it stands on the board: broken, or waiting for a supervisor. Held or not."""
    return deadline.stalls_at is not None and deadline.stalls_at < now


def is_overdue(deadline: Deadline, now: datetime) -> bool:
    """Whether it is a promise that was broken. What is done at the due instant is in time.

    A hold ends when it was to end, whether or not the case has come to record that.
    """
    waits = deadline.held_until is not None and deadline.held_until > now
    return deadline.running and deadline.binding and not waits and resumed(deadline, now).due_at < now


def most_urgent_first(deadlines: Iterable[Deadline], now: datetime) -> tuple[Deadline, ...]:
    """What stands still, longest first, and of that what is held last; then the others as they fall due."""

    def order(deadline: Deadline) -> tuple[bool, bool, datetime, str]:
        at = deadline.stalls_at if is_stalled(deadline, now) else None
        return at is None, at is not None and deadline.held, at or deadline.due_at, deadline.id

    return tuple(sorted(deadlines, key=order))


def stalled(standing: Standing, now: datetime) -> bool:
    """Whether the case stands still."""
    return since(standing, now) is not None or standing.troubles.caseworker_gone


def since(standing: Standing, now: datetime) -> datetime | None:
    """Since when it stands still; None where it does not, or where that was not kept: its caseworker has left."""
    stalls = _stalls_at(standing)
    if stalls and stalls < now:
        return stalls
    troubles = standing.troubles
    return min((at for at in (troubles.undelivered_at, troubles.failing_at) if at), default=None)


def reasons(standing: Standing, now: datetime) -> tuple[str, ...]:
    """What the board calls it, most urgent first, each once; none where it does not stand still."""
    return tuple(dict.fromkeys(_reasons(standing, now)))


def holder(standing: Standing, now: datetime) -> Owner | None:
    """On whom it stands still: who owes what has stalled longest; the supervisor where no clock says so.

    The caseworker is named by account too, where the reader is shown it.
    """
    first = next(iter(most_urgent_first(standing.deadlines, now)), None)
    if first is None or not is_stalled(first, now):
        return Owner(role="supervisor") if _in_trouble(standing) else None
    if first.owner.role == "caseworker":
        return Owner(role="caseworker", account_id=standing.case["assigned_to"])
    return first.owner


def _reasons(standing: Standing, now: datetime) -> Iterator[str]:
    ordered = [d for d in most_urgent_first(standing.deadlines, now) if is_stalled(d, now)]
    yield from (deadline.reason for deadline in ordered)
    stalls = _stalls_at(standing)
    hidden = not ordered and stalls is not None and stalls < now
    if hidden or any(is_overdue(deadline, now) for deadline in ordered):
        # Of what its reader is not shown nothing is told but that it is late.
        yield "overdue"
    if standing.troubles.caseworker_gone or any(deadline.kind == "assignment" for deadline in ordered):
        yield "no_caseworker"
    if standing.troubles.undelivered_at:
        yield "notice_undelivered"
    if standing.troubles.failing_at:
        yield "step_failing"


def _stalls_at(standing: Standing) -> datetime | None:
    """From when on, by its clocks: those shown, or all of them where the reader is shown that time alone."""
    own = [deadline.stalls_at for deadline in standing.deadlines if deadline.stalls_at]
    kept: datetime | None = standing.case.get("stalls_at")
    return min([*own, *([kept] if kept else [])], default=None)


def _in_trouble(standing: Standing) -> bool:
    troubles = standing.troubles
    return troubles.caseworker_gone or any((troubles.undelivered_at, troubles.failing_at))
