"""Clocks: which start by a fact, which end by it, and when each is due. Lengths and starts are pathway data."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from casework.models.codes import Status, Urgency
from casework.models.pathway import Category, DeadlinePolicy, Length
from casework.models.state import CaseState, Deadline, Owner, Referral
from casework.rules.clocks import due_at
from casework.rules.holds import held_for, resumed, without_spent
from casework.rules.ladders import AT_ONCE, foretold
from casework.rules.step import Fact, Step

OFFICE_OWNERS = frozenset({"caseworker", "supervisor", "head"})
LOCAL = "local"
OF_THE_RISK = (LOCAL, "watch")
"""Classes whose clocks are the case's, not one category's, and change with its risk."""
STATUTORY = "statutory"
LATER = {"finding": "reported_at", "incident": "incident_at"}
CLOSED = "case_closed"
OVERRIDE = "override_asked"


def advance(step: Step, sequence: int, now: datetime) -> CaseState:
    """The state of a step with its clocks: ended by its facts, lifted, re-armed for a new risk, started, foretold.

    A referral that ends with the step starts no clock any more.
    """
    state, ends = step.state, _ends(step.state)
    deadlines = {id_: _ended(deadline, step, ends, now) for id_, deadline in state.deadlines.items()}
    if step.rearm:
        deadlines = {id_: _rearmed(deadline, state, now) for id_, deadline in deadlines.items()}
    for fact in (fact for fact in step.facts if fact.referral_id not in step.lift):
        for deadline in _started(state, fact, deadlines, sequence, now):
            deadlines[deadline.id] = deadline
    state = without_spent(state.model_copy(update={"deadlines": deadlines}), now)
    foreseen = {id_: foretold(state, deadline) for id_, deadline in state.deadlines.items()}
    return _with_due_times(state.model_copy(update={"deadlines": foreseen}))


def _ends(state: CaseState) -> Mapping[str, set[str]]:
    """By kind of deadline the facts that end it; one that starts it anew does not."""
    ends: defaultdict[str, set[str]] = defaultdict(set)
    again: defaultdict[str, set[str]] = defaultdict(set)
    for policy in _policies(state):
        ends[policy.kind].update(policy.end)
        if policy.restarts:
            again[policy.kind].add(policy.start)
    return {kind: found - again[kind] for kind, found in ends.items()}


def _ended(deadline: Deadline, step: Step, ends: Mapping[str, set[str]], now: datetime) -> Deadline:
    """Met by a fact of the step; lifted where its referral ended without it, or the case did. A hold ends with it."""
    if not deadline.running:
        return deadline
    own = ends.get(deadline.kind, set())
    for fact in step.facts:
        same = deadline.referral_id is None or fact.referral_id == deadline.referral_id
        if fact.code in own and same and fact.at >= deadline.since:
            return resumed(deadline, fact.at).model_copy(update={"ended_at": fact.at, "met": True})
    lifted_with = deadline.referral_id in step.lift and not _to_be_reviewed(deadline, step.state)
    if lifted_with or _outlived(deadline, step.state):
        lifted = {"ended_at": max(now, deadline.since), "met": False}
        return resumed(deadline, now).model_copy(update=lifted)
    return deadline


def _to_be_reviewed(deadline: Deadline, state: CaseState) -> bool:
    """Whether it waits for the second pair of eyes on what went out without consent: the end of that ends it not."""
    referral = state.referrals.get(deadline.referral_id or "")
    return deadline.basis == OVERRIDE and referral is not None and referral.unreviewed


def _outlived(deadline: Deadline, state: CaseState) -> bool:
    """Whether the case no longer waits for it: ended, it does for a partner's statutory clock and its own check;
    reopened, not for the check after the closing that was undone."""
    if state.open or deadline.basis == CLOSED:
        return state.open and deadline.basis == CLOSED
    return state.status is not Status.CLOSED or deadline.class_ != STATUTORY


def _rearmed(deadline: Deadline, state: CaseState, now: datetime) -> Deadline:
    """A running local clock takes the length of the risk as it is now."""
    if not deadline.running or deadline.class_ not in OF_THE_RISK:
        return deadline
    return since(state, deadline, deadline.since, now)


def since(state: CaseState, deadline: Deadline, start: datetime, now: datetime) -> Deadline:
    """The deadline as if it had started then, at the risk as it is now; what it was held is added.

    A day that was agreed stays; for the office's own, unless the risk asks for an earlier one.
    """
    policies = [policy for policy in _policies(state, deadline.category) if _of(state, policy, deadline)]
    urgent = _urgent(state, deadline.referral_id)
    length = next(filter(None, (policy.runs(state.risk, urgent=urgent) for policy in policies)), None)
    if length is None:
        return deadline
    due = _after(state, deadline, length, start)
    if not _by_length(state, deadline, policies):
        due = deadline.due_at if deadline.owner.agency_id else min(due, deadline.due_at)
    return moved(deadline, due, now, since=start, clock=length.clock)


def _of(state: CaseState, policy: DeadlinePolicy, deadline: Deadline) -> bool:
    """Whether a policy speaks of what started a deadline."""
    same = policy.kind == deadline.kind and policy.start == deadline.basis
    return same and _serves(state, policy, deadline)


def _after(state: CaseState, deadline: Deadline, length: Length, start: datetime) -> datetime:
    return due_at(start, length.clock, length.units, state.calendar) + timedelta(seconds=deadline.paused)


def _by_length(state: CaseState, deadline: Deadline, policies: Iterable[DeadlinePolicy]) -> bool:
    """Whether it is due after a length of its policies, at whatever risk; else at a day that was agreed."""
    lengths = (length for policy in policies for length in (*policy.length.values(), policy.urgent_length) if length)
    return any(_after(state, deadline, length, deadline.since) == deadline.due_at for length in lengths)


def moved(deadline: Deadline, due: datetime, now: datetime, **more: object) -> Deadline:
    """With another due time. One that was overdue and no longer is climbs its ladder anew; one that is overdue by the
    move alone is told once, as one that was known too late. While it is held, its time stands where it was."""
    if due == deadline.due_at:
        return deadline.model_copy(update=more)
    stands = now - held_for(deadline, now)
    if deadline.due_at <= stands < due and deadline.rung:
        more |= {"rung": 0, "reminded": False, "arming": deadline.arming + 1}
    elif due <= stands and not deadline.rung:
        more |= {"armed_at": stands}
    return deadline.model_copy(update={"due_at": due, **more})


def _policies(state: CaseState, category: Category | None = None) -> Iterable[DeadlinePolicy]:
    """Those of one category, or of all."""
    own = (pathway for pathway in state.pathways if category in (None, pathway.category))
    return (policy for pathway in own for policy in pathway.deadlines)


def _started(
    state: CaseState, fact: Fact, standing: Mapping[str, Deadline], sequence: int, now: datetime
) -> Iterable[Deadline]:
    """New clocks of a fact. One that already runs for the same thing is not started twice: it is brought forward
    where the new one ends sooner, or starts anew where it watches for silence.

    Of several entries of a kind the first that applies is taken: those of one service stand before the general one.
    """
    running = {(d.kind, d.category, d.referral_id): d for d in standing.values() if d.running}
    seen = set()
    for pathway in state.pathways:
        for policy in pathway.deadlines:
            category = None if policy.class_ in OF_THE_RISK else pathway.category
            about = None if policy.restarts else fact.referral_id
            key = (policy.kind, category, about)
            if not state.open and policy.start != CLOSED:
                continue
            if key in seen or not starts(policy, pathway.category, fact) or not _applies(state, policy, fact):
                continue
            deadline = _armed(state, policy, category, fact, sequence, now)
            if deadline:
                seen.add(key)
                yield _replaced(running[key], deadline, policy, now) if key in running else deadline


def _replaced(running: Deadline, new: Deadline, policy: DeadlinePolicy, now: datetime) -> Deadline:
    """The running clock in the light of another start of its kind. Old news breaks no silence."""
    if policy.restarts and new.since <= running.since:
        return running
    if policy.restarts:
        update = {"since": new.since, "due_at": new.due_at, "armed_at": now, "basis": new.basis, "clock": new.clock}
        return running.model_copy(update={**update, "reminded": False, "rung": 0, "arming": running.arming + 1})
    if running.held and new.reason in AT_ONCE:
        # A hold was for what was known when it was made.
        running = resumed(running, now)
    if new.due_at >= running.due_at or running.held:
        return running.model_copy(update={"reason": new.reason}) if new.reason in AT_ONCE else running
    reason = running.reason if running.reason in AT_ONCE else new.reason
    start = {"since": new.since, "basis": new.basis, "clock": new.clock, "reason": reason}
    return moved(running, new.due_at, now, **start, paused=0.0)


def starts(policy: DeadlinePolicy, category: Category, fact: Fact) -> bool:
    """Whether a fact starts a clock.

    A category found later starts its own clocks only: those of the report from the finding, those of the incident
    from the incident (`finding:<category>`, `incident:<category>`).
    """
    if fact.code in (f"finding:{category}", f"incident:{category}"):
        return policy.class_ not in OF_THE_RISK and policy.start == LATER[fact.code.partition(":")[0]]
    return fact.code == policy.start


def _applies(state: CaseState, policy: DeadlinePolicy, fact: Fact) -> bool:
    if not _serves(state, policy, fact):
        return False
    match policy.only_if:
        case "reporter_not_police":
            return state.reporter_agency_kind != "police"
        case "unassigned":
            return state.assigned_to is None
        case "incident_unknown":
            return state.incident_at is None
        case _:
            return True


def _serves(state: CaseState, policy: DeadlinePolicy, about: Fact | Deadline) -> bool:
    """Whether a policy speaks of the service of a referral; one without a service speaks of all."""
    referral = state.referrals.get(about.referral_id or "")
    return policy.service is None or (referral is not None and referral.service is policy.service)


def _armed(
    state: CaseState, policy: DeadlinePolicy, category: Category | None, fact: Fact, sequence: int, now: datetime
) -> Deadline | None:
    length = policy.runs(state.risk, urgent=_urgent(state, fact.referral_id))
    if length is None:
        return None
    return Deadline(
        id=".".join(filter(None, (state.case_id, str(sequence), policy.kind, category))),
        kind=policy.kind,
        class_=policy.class_,
        category=category,
        referral_id=None if policy.restarts else fact.referral_id,
        owner=_owner(state, policy, fact),
        clock=length.clock,
        basis=policy.start,
        ladder=policy.ladder,
        reason=fact.reason or policy.reason,
        since=fact.at,
        due_at=_due(state, length, fact),
        armed_at=now,
    )


def _due(state: CaseState, length: Length, fact: Fact) -> datetime:
    """At the close of the day that was agreed, else after the length of the policy."""
    if fact.due_on:
        closes = datetime.combine(fact.due_on, state.calendar.closes, ZoneInfo(state.calendar.zone))
        return max(closes.astimezone(UTC), fact.at)
    return due_at(fact.at, length.clock, length.units, state.calendar)


def _owner(state: CaseState, policy: DeadlinePolicy, fact: Fact) -> Owner:
    if policy.owner in OFFICE_OWNERS:
        return Owner(role=policy.owner)
    if policy.owner == "agency":
        referral = state.referrals.get(fact.referral_id or "")
        asked = referral.agency_id if referral else fact.agency_id
        return Owner(agency_id=asked) if asked else Owner(role="caseworker")
    return Owner(agency_id=policy.owner)


def _urgent(state: CaseState, referral_id: str | None) -> bool:
    referral = state.referrals.get(referral_id or "")
    return referral is not None and referral.urgency is not Urgency.ROUTINE


def _with_due_times(state: CaseState) -> CaseState:
    """Referrals show when their answer and their result are due."""
    due = {(d.referral_id, d.kind): d.due_at for d in state.deadlines.values() if d.referral_id}

    def shown(referral: Referral) -> Referral:
        times = {
            "answer_due_at": due.get((referral.id, "referral_answer")),
            "result_due_at": due.get((referral.id, "service_feedback")),
        }
        return referral.model_copy(update=times)

    return state.model_copy(update={"referrals": {id_: shown(r) for id_, r in state.referrals.items()}})
