"""A pathway tried on past cases before anybody is bound by it: what would have been late, and who would have been told.

A past clock began when it began and ended when it ended; the pathway says when it would have been due, and its ladder
who would have been told by then. Both pathways are tried in the same way, so that the same one twice differs in
nothing. What people would have done otherwise, had they been told otherwise, nobody knows.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from casework.models.calendar import Calendar
from casework.models.codes import ClientKind
from casework.models.dry_run import Course, DryRun, Tally
from casework.models.event_log import LoggedCase, LoggedClock
from casework.models.pathway import Category, ClockKind, DeadlinePolicy, Length, Pathway, Risk
from casework.models.state import CaseState, ClientFacts, Deadline, Owner, Surroundings
from casework.rules.clocks import due_at
from casework.rules.ladders import steps
from casework.rules.rungs import AGENCY, OFFICE
from casework.rules.rungs import CROSS_PROVINCE as CROSSING
from casework.rules.suppression import FEWEST, is_small

Pathways = Mapping[Category, Pathway]
NONE = Course(late=False, steps=0)
"""Of a clock that does not run at its risk."""
ESCALATE, PAST = "escalate", "past"


class Ground(NamedTuple):
    """What clocks are counted by, beside the pathways; `until` ends what has not ended yet."""

    calendar: Calendar
    until: datetime


def tried(cases: Iterable[LoggedCase], before: Pathways, after: Pathways, ground: Ground) -> DryRun:
    """What past cases come to under two pathways."""
    courses: defaultdict[tuple[str, str], list[tuple[Course, Course]]] = defaultdict(list)
    count = clocks = untold = 0
    kinds = touched(before, after)
    for case in cases:
        count += 1
        clocks += len(case.clocks)
        for clock in (clock for clock in case.clocks if clock.kind in kinds):
            one, other = (course(case, clock, each, ground) for each in (before, after))
            if one is None or other is None:
                untold += 1
            else:
                courses[clock.kind, clock.agency.name if clock.agency else clock.owner].append((one, other))
    tallies = (_tally(kind, owner, of) for (kind, owner), of in sorted(courses.items()))
    return DryRun(cases=count, clocks=clocks, untold=untold, tallies=tuple(tally for tally in tallies if tally.differs))


def touched(before: Pathways, after: Pathways) -> frozenset[str]:
    """The kinds of clocks that may go otherwise: of another policy, or on a ladder that is another. Of all others
    both say the same."""
    return frozenset(
        policy.kind
        for category in before.keys() & after.keys()
        for policy in _otherwise(before[category], after[category])
    )


def _otherwise(before: Pathway, after: Pathway) -> Iterator[DeadlinePolicy]:
    old, new = ({ladder.name: ladder for ladder in each.ladders} for each in (before, after))
    ladders = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    kinds = {policy.kind for policy in (*before.deadlines, *after.deadlines)}
    for kind in kinds:
        one, other = (tuple(policy for policy in each.deadlines if policy.kind == kind) for each in (before, after))
        climbs = {policy.ladder for policy in (*one, *other)}
        # Which ladder is climbed in the end depends on who owes it, and on provinces.
        if one != other or ladders & climbs or (ladders and climbs & {OFFICE, AGENCY}) or CROSSING in ladders:
            yield from (*one, *other)[:1]


def told_to_others(run: DryRun) -> DryRun:
    """The same for who sees no case: without what is of fewer than five clocks, and without differences so small.

    A difference of one or two would tell, version by version, when a single clock ended.
    """
    tallies = [_without_small(tally) for tally in run.tallies if tally.clocks >= FEWEST]
    return run.model_copy(update={"tallies": tuple(tally for tally in tallies if tally.differs)})


def course(case: LoggedCase, clock: LoggedClock, pathways: Pathways, ground: Ground) -> Course | None:
    """How a past clock goes under a pathway; None where the pathway knows no such clock."""
    policies = tuple(_policies(case, clock, pathways))
    if not policies:
        return None
    found = next(((each, length) for each in policies if (length := _length(each, clock))), None)
    if found is None:
        return NONE
    policy, length = found
    due = clock.due_at
    if not clock.agreed:
        due = due_at(clock.since, length.clock, length.units, ground.calendar) + timedelta(seconds=clock.paused)
    deadline = _deadline(clock, policy, length.clock, due)
    ended = clock.ended_at or ground.until
    told = (step for step in steps(_state(case, clock, pathways, ground), deadline) if step.action == ESCALATE)
    return Course(late=deadline.binding and due < ended, steps=sum(step.at < ended for step in told))


def _of(case: LoggedCase, pathways: Pathways) -> tuple[Pathway, ...]:
    return tuple(pathways[category] for category in map(Category, case.categories) if category in pathways)


def _policies(case: LoggedCase, clock: LoggedClock, pathways: Pathways) -> Iterable[DeadlinePolicy]:
    """What the pathways of a case say of a clock: of its kind and beginning, and of the service it waits for."""
    for pathway in _of(case, pathways):
        if clock.category in (None, pathway.category):
            for policy in pathway.deadlines:
                known = policy.kind == clock.kind and policy.start == clock.basis
                if known and policy.service in (None, clock.service):
                    yield policy


def _length(policy: DeadlinePolicy, clock: LoggedClock) -> Length | None:
    return policy.runs(Risk(clock.risk), urgent=clock.urgent)


def _deadline(clock: LoggedClock, policy: DeadlinePolicy, kind: ClockKind, due: datetime) -> Deadline:
    """The clock as the engine would have it, with nobody told yet."""
    return Deadline(
        id=str(clock.number),
        kind=clock.kind,
        class_=policy.class_,
        referral_id=str(clock.referral) if clock.referral else None,
        owner=Owner(agency_id=clock.agency.name) if clock.agency else Owner(role=clock.owner),
        clock=kind,
        basis=clock.basis,
        ladder=policy.ladder,
        reason=policy.reason,
        since=clock.since,
        due_at=due,
        armed_at=clock.armed_at,
        paused=clock.paused,
    )


def _state(case: LoggedCase, clock: LoggedClock, pathways: Pathways, ground: Ground) -> CaseState:
    """As much of a case as ladders ask for."""
    own = {clock.agency.name: clock.agency.ladder} if clock.agency and clock.agency.ladder != "agency" else {}
    return CaseState(
        case_id=PAST,
        number=PAST,
        agency_id=PAST,
        client=ClientFacts(kind=ClientKind.ADULT),
        opened_by=PAST,
        opened_at=case.opened_at,
        reported_at=case.opened_at,
        pathways=_of(case, pathways),
        calendar=ground.calendar,
        surroundings=Surroundings(ladders={**own, CROSSING: CROSSING}),
        reported_by_agency=CROSSING if case.crosses else None,
        risk=Risk(clock.risk),
    )


def _tally(kind: str, owner: str, of: list[tuple[Course, Course]]) -> Tally:
    return Tally(
        kind=kind,
        owner=owner,
        clocks=len(of),
        late_before=sum(before.late for before, _ in of),
        late_after=sum(after.late for _, after in of),
        steps_before=sum(before.steps for before, _ in of),
        steps_after=sum(after.steps for _, after in of),
    )


def _without_small(tally: Tally) -> Tally:
    late = _told(tally.late_before, tally.late_after)
    climbed = _told(tally.steps_before, tally.steps_after)
    named = zip(("late_before", "late_after", "steps_before", "steps_after"), (*late, *climbed), strict=True)
    return tally.model_copy(update=dict(named))


def _told(before: int | None, after: int | None) -> tuple[int | None, int | None]:
    """Both counts without a small one; of two that differ by so little, the first stands for both."""
    if before is not None and after is not None and is_small(abs(after - before)):
        after = before
    return _unless_small(before), _unless_small(after)


def _unless_small(count: int | None) -> int | None:
    return None if count is None or is_small(count) else count
