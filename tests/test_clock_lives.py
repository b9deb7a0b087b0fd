"""Clocks and ladders over random lives: what holds whatever is done to a case, and however late its engine comes."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from casework.directory.agencies import ABOVE
from casework.events import EventKind, Recording
from casework.models.codes import Status, Urgency
from casework.models.pathway import Length, level_of
from casework.models.state import CaseState, Deadline
from casework.rules.clocks import due_at
from casework.rules.rungs import crosses_provinces, ladder_of
from casework.rules.shared import speaking
from tests.lives import SLOW, Life, copied, lives
from tests.play import CALENDAR, ZONE, Play
from tests.telling import by_itself

STEPS = ("remind", "escalate")
AGREED = ("follow_up", "service_feedback")
"""Clocks for which a day may be agreed."""
WIB = ZoneInfo(ZONE)
STILL = {
    EventKind.CASE_ASSIGNED,
    EventKind.CASES_LINKED,
    EventKind.CLIENT_AMENDED,
    EventKind.PLAN_PROPOSED,
    EventKind.PLAN_RETURNED,
    EventKind.NOTIFICATION_RECEIVED,
    EventKind.CONFERENCE_RECORDED,
    EventKind.CLOSURE_REQUESTED,
    EventKind.TRANSFER_ASKED,
    EventKind.TRANSFER_DECLINED,
    EventKind.REFERRAL_REVOKED,
}
"""Facts that start, by themselves, no clock anew that runs already."""


def span(length: Length) -> timedelta:
    """A length where no clock is ever changed; no ladder counts working days."""
    return timedelta(**{{"H": "hours", "D": "days"}[length.clock]: length.units})


def running(state: CaseState) -> list[Deadline]:
    """The clocks that run."""
    return [deadline for deadline in state.deadlines.values() if deadline.running]


# ---- in every state


@SLOW
@given(lives())
def test_what_holds_in_every_state(life: Life) -> None:
    """Whatever was done, and whenever the engine came."""
    for state in life.lived().states:
        says_when_what_happens(state)
        holds_only_what_may_wait(state)
        waits_for_whom_it_may(state)


def says_when_what_happens(state: CaseState) -> None:
    """No clock is due before it starts; what runs says what comes, soonest first; what has ended says nothing."""
    for deadline in state.deadlines.values():
        assert deadline.since <= deadline.due_at
        assert deadline.next_at == (deadline.forecast[0].at if deadline.forecast else None)
        if deadline.running:
            climbs(deadline)
        else:
            assert (deadline.forecast, deadline.stalls_at, deadline.held) == ((), None, False)
    foretold = [step.at for deadline in state.deadlines.values() for step in deadline.forecast]
    assert state.next_at == min(foretold, default=None)
    due = [d.due_at for d in running(state) if d.class_ not in ("may", "watch") and not d.held]
    assert state.due_at == min(due, default=None)


def climbs(deadline: Deadline) -> None:
    """Later and higher with each step; nothing but the reminder before the time is up, and that not later."""
    times = [step.at for step in deadline.forecast]
    rungs = [step.rung for step in deadline.forecast if step.action == "escalate"]
    assert times == sorted(times)
    assert rungs == sorted(set(rungs))
    assert all(rung > deadline.rung for rung in rungs)
    assert all(step.at >= deadline.due_at for step in deadline.forecast if step.action == "escalate")
    assert sum(step.action == "remind" for step in deadline.forecast) <= (not deadline.rung and not deadline.reminded)
    if not deadline.held:
        assert all(step.at < deadline.due_at for step in deadline.forecast if step.action == "remind")
    assert not (rungs and deadline.class_ == "may")


def holds_only_what_may_wait(state: CaseState) -> None:
    """Never the law's clocks, the clinical windows, the first contact or a watch; and each by one hold that stands."""
    standing = [hold for hold in state.holds.values() if hold.released_at is None]
    held = [deadline for deadline in state.deadlines.values() if deadline.held]
    for deadline in held:
        assert deadline.class_ == "local"
        assert deadline.kind != "first_contact"
        [hold] = [hold for hold in standing if deadline.id in hold.deadline_ids]
        assert (deadline.held_since, deadline.held_until) == (hold.since, hold.until)
    assert all(any(deadline.id in hold.deadline_ids for deadline in held) for hold in standing)


def waits_for_whom_it_may(state: CaseState) -> None:
    """An ended case for a partner's duty by law and the check that was promised; an open one for no such check."""
    checks = [deadline for deadline in running(state) if deadline.kind == "post_closure_check"]
    if state.open:
        assert not checks
    else:
        assert state.status is Status.CLOSED or not running(state)
        assert all(deadline.class_ == "statutory" or deadline in checks for deadline in running(state))


# ---- from one state to the next


@SLOW
@given(lives())
def test_nothing_moves_a_clock_but_what_it_depends_on(life: Life) -> None:
    """Due time, rung and forecast stay, unless the risk or its hold changed, or it was started anew or escalated."""
    play = life.lived()
    for (before, after), recording in zip(pairwise(play.states), play.recordings[1:], strict=True):
        stays(before, after)
        if before.risk is not after.risk or crosses_provinces(before) != crosses_provinces(after):
            continue
        for old, new in both(before, after):
            moving = touched(before, after, recording, old)
            if not moving and (old.since, old.basis, old.reason) == (new.since, new.basis, new.reason):
                assert new == old
            assert moving or recording.event.kind not in STILL or (new.since, new.due_at) == (old.since, old.due_at)


def stays(before: CaseState, after: CaseState) -> None:
    """What has ended is never touched again, and no risk and no hold moves the law's clocks or the clinical windows."""
    for id_, old in before.deadlines.items():
        new = after.deadlines[id_]
        assert old.running or new == old
        assert old.class_ in ("local", "watch") or old.since != new.since or new.due_at == old.due_at


def both(before: CaseState, after: CaseState) -> Iterator[tuple[Deadline, Deadline]]:
    """The clocks that ran before and run after."""
    return ((old, after.deadlines[old.id]) for old in running(before) if after.deadlines[old.id].running)


def touched(before: CaseState, after: CaseState, recording: Recording, deadline: Deadline) -> bool:
    """Whether a recording is about a clock: a step of it, its hold, a silence that was broken, or its sequel."""
    changed = [hold for id_, hold in after.holds.items() if before.holds.get(id_) != hold]
    held = any(deadline.id in hold.deadline_ids for hold in changed)
    answered = deadline.reason == "prot_expiring"
    return held or answered or deadline.class_ == "watch" or recording.event.subject_id == deadline.id


@SLOW
@given(lives())
def test_a_clock_has_the_length_of_the_risk_as_it_is(life: Life) -> None:
    """It runs so long from its start, and what it was held; unless a day was agreed: to its close, or at once after."""
    for state in life.lived().states:
        for deadline in running(state):
            due = deadline.due_at - timedelta(seconds=deadline.paused)
            agreed = deadline.kind in AGREED and due in (datetime.combine(due, CALENDAR.closes, WIB), deadline.since)
            assert agreed or due in set(lengths(state, deadline))


def lengths(state: CaseState, deadline: Deadline) -> Iterator[datetime]:
    """When the policies of what started it let it end at the risk as it is."""
    referral = state.referrals.get(deadline.referral_id or "")
    urgent = referral is not None and referral.urgency is not Urgency.ROUTINE
    for policy in (policy for pathway in state.pathways for policy in pathway.deadlines):
        same = (policy.kind, policy.start) == (deadline.kind, deadline.basis)
        length = policy.runs(state.risk, urgent=urgent)
        if same and length and policy.service in (None, referral.service if referral else None):
            yield due_at(deadline.since, length.clock, length.units, state.calendar)


# ---- what is told


@SLOW
@given(lives())
def test_each_step_is_told_once(life: Life) -> None:
    """No command and no notice repeats an id, and no rung of one climb is told twice, by hand or by itself."""
    play = life.lived()
    play.wake()
    commands = [recording.event.command_id for recording in play.recordings]
    notices = [notice.id for recording in play.recordings for notice in recording.notices]
    assert len(set(commands)) == len(commands)
    assert len(set(notices)) == len(notices)
    for before, after in pairwise(play.states):
        for id_, old in before.deadlines.items():
            assert after.deadlines[id_].arming > old.arming or after.deadlines[id_].rung >= old.rung
            assert after.deadlines[id_].arming > old.arming or after.deadlines[id_].reminded >= old.reminded
    for (before, after), recording in zip(pairwise(play.states), play.recordings[1:], strict=True):
        if recording.event.kind is EventKind.CASE_ESCALATED:
            deadline = before.deadlines[str(recording.event.subject_id)]
            assert deadline.rung < after.deadlines[deadline.id].rung or deadline.class_ == "watch"


@SLOW
@given(lives())
def test_nothing_whose_time_has_passed_is_left_untold(life: Life) -> None:
    """However time passed: by the ladder itself, each rung up to now was told while its clock ran and was not held."""
    play = life.lived()
    play.wake()
    for deadline in running(play.state):
        if deadline.held or deadline.class_ == "may" or speaking(play.state, deadline) != deadline:
            continue
        ladder, level = ladder_of(play.state, deadline), level_of(play.state.risk)
        passed = sum(deadline.due_at + span(rung.after[level]) <= play.now for rung in ladder.rungs)
        assert deadline.rung >= passed
        if share := ladder.remind_at_share:
            had = deadline.due_at - deadline.since - timedelta(seconds=deadline.paused)
            soon = deadline.due_at - had * (1 - share) <= play.now - timedelta(milliseconds=1)
            assert deadline.reminded or deadline.rung or not soon


@SLOW
@given(lives())
def test_the_owner_is_told_with_the_first(life: Life) -> None:
    """A reminder tells the owner; the first rung the owner and who stands on it; a later rung only who stands there."""
    play = life.lived()
    for before, (recording, lapse) in zip(states_before(play), by_itself(play.recordings), strict=True):
        deadline = before.deadlines[lapse.deadline_id]
        told = [notice.recipient for notice in recording.notices if notice.about_id == deadline.id]
        owner = owner_of(before, deadline)
        assert (owner in {to.account_id or to.agency_id for to in told}) or deadline.rung > 0
        assert len(told) <= 2
        if lapse.action == "escalate" and deadline.rung:
            assert len(told) == 1
            # The province itself may owe it: then its rung tells it again.
            again = lapse.to in ABOVE and told[0].agency_id == before.surroundings.above[lapse.to]
            assert again or told[0].role is not None or told[0].agency_id != deadline.owner.agency_id


def states_before(play: Play) -> Iterator[CaseState]:
    """The state before each thing that the case did by itself."""
    return (play.states[recording.event.sequence - 2] for recording, _ in by_itself(play.recordings))


def owner_of(state: CaseState, deadline: Deadline) -> str | None:
    """Whose desk it is: an agency's, the caseworker's, or the office's while there is none."""
    if deadline.owner.agency_id:
        return deadline.owner.agency_id
    return state.assigned_to if deadline.owner.role == "caseworker" and state.assigned_to else state.agency_id


# ---- what is foretold


@SLOW
@given(lives(8), st.integers(1, 120))
def test_what_is_foretold_comes_true(life: Life, days: int) -> None:
    """If nobody acts, each step happens at the time the case said, held or not, and no other does."""
    play = life.lived()
    play.wake()
    until = play.now + timedelta(days=days)
    foretold = {(d.id, step.action, step.rung, step.at) for d in running(play.state) for step in d.forecast}
    known = set(play.state.deadlines)

    happened = {
        (lapse.deadline_id, lapse.action, lapse.rung, recording.event.at)
        for recording, lapse in by_itself(play.wait(until))
        if lapse.deadline_id in known and lapse.action in STEPS
    }

    assert happened == {each for each in foretold if each[1] in STEPS and each[3] <= until}


@SLOW
@given(lives(8), st.integers(1, 24 * 90))
def test_an_engine_that_comes_late_tells_the_same(life: Life, hours: int) -> None:
    """After hours or months without it, each rung is told late rather than never, to whom it would have been."""
    play = life.lived()
    play.wake()
    known, until = set(play.state.deadlines), play.now + timedelta(hours=hours)
    there, away = copied(play), copied(play)
    there.wait(until)
    away.now = until
    away.wake()

    assert what_was_told(there, known) == what_was_told(away, known)
    for id_ in known:
        assert times(there.state.deadlines[id_]) == times(away.state.deadlines[id_])


def what_was_told(play: Play, known: set[str]) -> set[tuple[str, str, str]]:
    """Every notice of the case's own steps on clocks it had, under its id."""
    notices = [notice for recording, _ in by_itself(play.recordings) for notice in recording.notices]
    return {(n.id, n.kind.value, n.recipient.model_dump_json()) for n in notices if n.about_id in known}


def times(deadline: Deadline) -> tuple[datetime, float, int, bool]:
    """Where a clock stands."""
    return deadline.due_at, deadline.paused, deadline.rung, deadline.reminded
