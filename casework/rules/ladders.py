"""What happens by itself when nobody acts: a reminder before the due time, then rung after rung. Ladders are data."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from casework.models.notice import NoticeKind, Recipient
from casework.models.pathway import Ladder, Rung, level_of
from casework.models.people import Role
from casework.models.state import Automatic, CaseState, Deadline, Owner, Surroundings
from casework.rules.clocks import due_at
from casework.rules.holds import resumed
from casework.rules.rungs import COORDINATOR, ladder_of
from casework.rules.shared import speaking
from casework.rules.step import Told

SUBDISTRICT_HEAD = "subdistrict_head"
OF_THE_OFFICE = frozenset({"supervisor", "head"})
AT_ONCE = frozenset({"ref_bounced", "risk_up"})
"""What stands on the board from its beginning: it waits for a supervisor, not for a time."""
EXPIRING = "prot_expiring"
"""A protection that ends without a court's or LPSK's answer: the caseworker hears of it with the police."""
ANSWERS = frozenset({"pkdrt_court_issue", "lpsk_decision"})
ORDERED = "court_order_decided"
NOTICE = {"remind": NoticeKind.REMINDER, "escalate": NoticeKind.ESCALATION, "release": NoticeKind.CLOCK_RELEASED}


@dataclass(frozen=True)
class Holder:
    """Whose case it is: all that is needed to tell somebody, for the case itself and for who watches over it."""

    agency_id: str
    assigned_to: str | None
    surroundings: Surroundings

    @classmethod
    def of(cls, state: CaseState) -> "Holder":
        """The holder of a case."""
        return cls(state.agency_id, state.assigned_to, state.surroundings)

    def behind(self, rung: str, owner: Owner) -> str | None:
        """The agency behind a rung above the office: of a subdistrict's head the one that the owner stands under."""
        own = self.surroundings.heads.get(owner.agency_id or "") if rung == SUBDISTRICT_HEAD else None
        return own or self.surroundings.above.get(rung)


def foretold(state: CaseState, deadline: Deadline) -> Deadline:
    """The deadline with its forecast, the next instant it acts by itself, and from when on the board shows it."""
    if not (deadline.running or deadline.forecast or deadline.next_at or deadline.stalls_at):
        return deadline  # it ended earlier; most of an old case's have
    forecast = tuple(steps(state, deadline))
    return deadline.model_copy(
        update={
            "forecast": forecast,
            "next_at": forecast[0].at if forecast else None,
            "stalls_at": _stalls_at(state, deadline),
        }
    )


def steps(state: CaseState, deadline: Deadline) -> Iterator[Automatic]:
    """Every automatic step of a deadline that is still to come, soonest first; none of one that has ended.

    While it is held the end of the hold comes first, and everything else as if the hold were kept to its end.
    """
    if not deadline.running or speaking(state, deadline).id != deadline.id:
        return
    going = deadline
    if deadline.held_until:
        yield Automatic(action="release", to=_name(deadline.owner), at=deadline.held_until, rung=deadline.rung)
        going = resumed(deadline, deadline.held_until)
    for step in _climb(state, going):
        # What was due before the hold and not yet done waits for its end too.
        yield step.model_copy(update={"at": max(step.at, deadline.held_until or step.at)})


def _climb(state: CaseState, deadline: Deadline) -> Iterator[Automatic]:
    ladder = ladder_of(state, deadline)
    late = deadline.due_at <= deadline.armed_at
    reminder = _reminder_at(deadline, ladder)
    if reminder and not (deadline.reminded or deadline.rung or late or _answered(state, deadline)):
        at = max(reminder, deadline.armed_at)
        yield Automatic(action="remind", to=_name(deadline.owner), at=at, rung=0)
    if deadline.class_ == "may":
        return
    rungs = [(number, rung, _rung_at(state, deadline, rung)) for number, rung in enumerate(ladder.rungs, start=1)]
    if late and not deadline.rung:
        # It ran out before it was known: told once, not once for each rung that time has passed.
        passed = sum(at <= deadline.armed_at for _, _, at in rungs) or 1
        yield Automatic(action="escalate", to=ladder.rungs[0].to, at=deadline.armed_at, rung=passed)
        rungs = rungs[passed:]
    for number, rung, at in rungs:
        if number > deadline.rung:
            yield Automatic(action="escalate", to=rung.to, at=at, rung=number)


def _answered(state: CaseState, deadline: Deadline) -> bool:
    """Whether a protection that runs out has its sequel: a court or LPSK has decided since it was given.

    Asking is none, and where nobody asked there is the more to remind of. An order that was recorded without its
    request is one.
    """
    if deadline.reason != EXPIRING:
        return False
    decided = (d.ended_at for d in state.deadlines.values() if d.kind in ANSWERS and d.met)
    ordered = (d.since for d in state.deadlines.values() if d.basis == ORDERED)
    return any(at and at >= deadline.since for at in (*decided, *ordered))


def due_now(deadlines: Iterable[Deadline], now: datetime) -> tuple[Deadline, Automatic] | None:
    """The step that is due; of several the earliest."""
    due = ((d, d.forecast[0]) for d in deadlines if d.forecast and d.forecast[0].at <= now)
    return min(due, key=lambda found: (found[1].at, found[0].id), default=None)


def told(holder: Holder, deadline: Deadline, step: Automatic) -> tuple[Told, ...]:
    """Whom a step tells: the owner with the reminder and the first rung, then who stands on the rung."""
    to: list[Recipient] = []
    if step.action != "escalate" or deadline.rung == 0:
        to.append(_owner(holder, deadline.owner))
    if step.action == "remind" and deadline.reason == EXPIRING:
        to.append(_owner(holder, Owner(role="caseworker")))
    if step.action == "escalate":
        to.append(_on_rung(holder, deadline.owner, step.to))
    kind = NOTICE[step.action]
    return tuple(Told(kind, each, deadline.id, deadline.kind, deadline.due_at) for each in dict.fromkeys(to))


def key(deadline: Deadline, step: Automatic) -> str:
    """The key of a step: its command in the log, and the stem of its notices, whoever writes them first."""
    which = int(step.at.timestamp()) if step.action == "release" else step.rung
    return f"{deadline.id}.{deadline.arming}.{step.action}.{which}"


def _owner(holder: Holder, owner: Owner) -> Recipient:
    if owner.agency_id:
        return Recipient(agency_id=owner.agency_id)
    if owner.role in OF_THE_OFFICE:
        return Recipient(role=Role(owner.role), agency_id=holder.agency_id)
    account = owner.account_id or holder.assigned_to
    return Recipient(account_id=account) if account else Recipient(role=Role.SUPERVISOR, agency_id=holder.agency_id)


def _on_rung(holder: Holder, owner: Owner, to: str) -> Recipient:
    if to == "agency_head":
        return Recipient(role=Role.HEAD, agency_id=owner.agency_id or holder.agency_id)
    if agency_id := holder.behind(to, owner):
        return Recipient(role=Role.COORDINATOR if to == COORDINATOR else None, agency_id=agency_id)
    role = Role.SUPERVISOR if to == "supervisor" else Role.HEAD
    return Recipient(role=role, agency_id=holder.agency_id)


def _name(owner: Owner) -> str:
    return owner.agency_id or owner.account_id or owner.role or "supervisor"


def _reminder_at(deadline: Deadline, ladder: Ladder) -> datetime | None:
    if ladder.remind_before:
        return _before_due(deadline, ladder)
    if ladder.remind_at_share:
        # A share of the time it had; what it was held comes on top.
        begun = deadline.since + timedelta(seconds=deadline.paused)
        return begun + (deadline.due_at - begun) * ladder.remind_at_share
    return None


def _before_due(deadline: Deadline, ladder: Ladder) -> datetime | None:
    """So long before the due time as the ladder says; lengths before an end run in hours."""
    if ladder.remind_before is None:
        return None
    hours = ladder.remind_before.units * (1 if ladder.remind_before.clock == "H" else 24)
    return deadline.due_at - timedelta(hours=hours)


def _rung_at(state: CaseState, deadline: Deadline, rung: Rung) -> datetime:
    after = rung.after[level_of(state.risk)]
    return due_at(deadline.due_at, after.clock, after.units, state.calendar)


def _stalls_at(state: CaseState, deadline: Deadline) -> datetime | None:
    # A hold changes nothing here: what is held stays on the board, and comes there when it would have.
    if not deadline.running or deadline.class_ == "may":
        return None
    if deadline.reason in AT_ONCE:
        return deadline.since
    expires = None if _answered(state, deadline) else _before_due(deadline, ladder_of(state, deadline))
    return expires or deadline.due_at
