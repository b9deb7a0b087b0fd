"""The board of what stands still: who reads it, when it was checked as a whole, and what its reader may do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from casework import commands as c
from casework.models.codes import Status
from casework.models.people import OFFICE_ROLES, Actor, Role
from casework.models.state import Deadline
from casework.ports import Board, Standing
from casework.rules.holds import NEVER_HELD
from casework.rules.outlook import is_overdue, is_stalled, most_urgent_first
from casework.rules.permitted import refusal
from casework.rules.shared import strictest

READERS = OFFICE_ROLES | {Role.COORDINATOR}
FRESH = timedelta(seconds=120)
"""How old the sign of life of the watch may be."""
NIGHTS = timedelta(days=2)
"""How long ago the patrol may have been; one that was missed is made up for within a day."""
OF_REFERRALS = frozenset({"referral_answer", "service_feedback"})
BODIES: dict[str, type[c.Command]] = {
    "assign_case": c.AssignCase,
    "record_review": c.RecordReview,
    "record_conference": c.RecordConference,
    "send_reminder": c.SendReminder,
    "escalate_case": c.EscalateCase,
    "hold_clock": c.HoldClock,
    "revoke_referral": c.RevokeReferral,
    "refer_case": c.ReferCase,
}


@dataclass(frozen=True)
class Remedy:
    """A command that moves a case again, and the deadline or referral it would be about."""

    command: str
    deadline_id: str | None = None
    referral_id: str | None = None


def complete(board: Board, now: datetime) -> bool:
    """Whether the board was checked as a whole: the watch gave a sign of life lately, the engine answered it, and the
    patrol, which finds the steps that fail, has not missed its nights. Before its first night it has missed none."""
    watched = board.watched_at is not None and abs(now - board.watched_at) <= FRESH
    patrolled = board.patrolled_at is None or now - board.patrolled_at <= NIGHTS
    return board.well and watched and patrolled


def remedies(actor: Actor, standing: Standing, now: datetime) -> tuple[Remedy, ...]:
    """What the reader may do about it now, most urgent first. Of a report that waits nothing: it starts by itself."""
    if standing.case["status"] == Status.QUEUED:
        return ()
    permitted = {name for name, body in BODIES.items() if refusal(actor, standing.case, body) is None}
    found = dict.fromkeys(_remedies(actor, standing, now))
    return tuple(remedy for remedy in found if remedy.command in permitted)


def _remedies(actor: Actor, standing: Standing, now: datetime) -> Iterator[Remedy]:
    if standing.troubles.caseworker_gone or standing.case["assigned_to"] is None:
        yield Remedy("assign_case")
    for deadline in most_urgent_first(strictest(standing.deadlines), now):
        if is_stalled(deadline, now):
            yield from _of_deadline(actor, deadline, now)


def _of_deadline(actor: Actor, deadline: Deadline, now: datetime) -> Iterator[Remedy]:
    if deadline.kind == "supervisor_review":
        yield Remedy("record_review", deadline.id)
    to_be_told = any(step.action == "escalate" for step in deadline.forecast)
    if deadline.kind == "conference_decision" or not to_be_told:
        # When everybody on the ladder has been told, those concerned sit down together.
        yield Remedy("record_conference", deadline.id)
    if _may_remind(actor, deadline):
        yield Remedy("send_reminder", deadline.id, deadline.referral_id)
    if to_be_told:
        yield Remedy("escalate_case", deadline.id, deadline.referral_id)
    may_be_held = deadline.class_ == "local" and not deadline.held and deadline.kind not in NEVER_HELD
    if may_be_held and is_overdue(deadline, now):
        yield Remedy("hold_clock", deadline.id, deadline.referral_id)
    if deadline.referral_id and deadline.kind in OF_REFERRALS:
        yield Remedy("revoke_referral", deadline.id, deadline.referral_id)
        yield Remedy("refer_case", None, deadline.referral_id)


def _may_remind(actor: Actor, deadline: Deadline) -> bool:
    """Nobody reminds themselves; the coordinator reminds agencies."""
    if actor.role is Role.COORDINATOR:
        return deadline.owner.agency_id is not None
    return deadline.owner.role != actor.role
