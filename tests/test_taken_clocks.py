"""What a duplicate leaves to the case that goes on: the earlier start of every clock that both have."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from casework import commands as c
from casework.events import EventKind, Recording
from casework.models.state import CaseState, Deadline
from casework.rules.lapses import clocks_of, take_over
from tests.lives import SLOW, Life, lives
from tests.play import START, SUPERVISOR, Play, opened
from tests.telling import DAY, HOUR, OURS, hold, only, waits


def left(play: Play, clocks: tuple[c.TakenClock, ...], command_id: str = "taken") -> Recording | None:
    """Leave clocks to a case; what it recorded of them, None where it is none the wiser."""
    taken = take_over(
        play.state, c.TakeOverClocks(command_id=command_id, duplicate_id="case-2", clocks=clocks), play.now
    )
    if taken is None:
        return None
    play.state, recording = taken
    play.keep(recording)
    return recording


def of(kind: str, since: timedelta) -> tuple[c.TakenClock, ...]:
    """One clock of a duplicate, by how far before the test began it started."""
    return (c.TakenClock(kind=kind, since=START - since),)


def shared(state: CaseState, clocks: tuple[c.TakenClock, ...], deadline: Deadline) -> bool:
    """Whether a clock of the case itself runs in both, and does not wait for a supervisor at once."""
    own = deadline.running and deadline.referral_id is None and deadline.reason not in ("risk_up", "ref_bounced")
    return own and any((each.kind, each.category) == (deadline.kind, deadline.category) for each in clocks)


@st.composite
def leavings(draw: st.DrawFn) -> tuple[c.TakenClock, ...]:
    """The clocks of some other case, started at any time."""
    category = draw(st.sampled_from(["sexual_violence", "domestic_violence", "child_violence"]))
    known = clocks_of(opened(categories=[category], incident_at=START - HOUR).state)
    some = draw(st.lists(st.sampled_from(known), unique=True))
    hours = draw(st.lists(st.integers(-24 * 40, 24 * 90), min_size=len(some), max_size=len(some)))
    return tuple(clock.model_copy(update={"since": START - h * HOUR}) for clock, h in zip(some, hours, strict=True))


@SLOW
@given(lives(8), leavings())
def test_shared_clocks_start_earlier_and_no_other_moves(life: Life, clocks: tuple[c.TakenClock, ...]) -> None:
    """Never later, in start or due time; and what was taken once is not taken again, under whatever id."""
    play = life.lived()
    before = play.state
    recording = left(play, clocks)

    for id_, old in before.deadlines.items():
        new = play.state.deadlines[id_]
        assert new.since <= old.since
        assert new.due_at <= old.due_at
        if not shared(before, clocks, old):
            assert new == old
    assert (recording is None) == (play.state is before)
    assert left(play, clocks, "taken") is None
    assert left(play, clocks, "again") is None


def test_every_clock_of_an_untouched_case_takes_the_earlier_start() -> None:
    """Each is due as if its case had been reported then; the watch over silence is the case's own."""
    play = opened(categories=["sexual_violence"], reported_at=START, incident_at=START)
    other = opened(categories=["sexual_violence"], reported_at=START - 5 * HOUR, incident_at=START - 5 * HOUR)
    recording = left(play, clocks_of(other.state))

    assert recording is not None
    assert recording.event.kind is EventKind.CLOCKS_TAKEN_OVER
    moved = {d.kind: d.due_at for d in play.state.deadlines.values() if d.since == START - 5 * HOUR}
    expected = {d.kind: d.due_at for d in other.state.deadlines.values() if d.since == START - 5 * HOUR}
    assert moved == expected
    assert {"first_contact", "assessment", "tpks_report_police", "clin_72h", "clin_fu_6m"} <= moved.keys()
    assert only(play, "no_activity").since == START


def test_what_runs_in_one_case_only_is_not_taken() -> None:
    """Neither a clock the survivor has met, nor one it never had, nor those of referrals or silences."""
    play = opened(reported_at=START).assessed()
    play.referred()
    before = play.state
    for kind in ("assessment", "tpks_report_police", "referral_answer"):
        assert left(play, of(kind, DAY)) is None
    assert play.state is before
    assert not {"referral_answer", "no_activity"} & {clock.kind for clock in clocks_of(before)}


def test_a_clock_that_is_overdue_by_the_earlier_start_is_told_once() -> None:
    """And without a reminder."""
    play = opened(reported_at=START)
    left(play, of("assessment", 10 * DAY))

    assert only(play, "assessment").due_at == START - 7 * DAY
    assert waits(play, "assessment") == [(7, [OURS])]


def test_what_it_was_held_stays_added() -> None:
    """Also where it is held still."""
    play = opened(reported_at=START)
    hold(play, "plan", days=2)
    play.wait(START + 2 * DAY)
    hold(play, "plan", days=4)
    play.wait(START + 3 * DAY)
    left(play, of("plan", DAY))
    play.wait(START + 6 * DAY)

    assert only(play, "plan").due_at == START + (7 + 2 + 4 - 1) * DAY


def test_an_agreed_day_and_a_review_at_once_stay() -> None:
    """A duplicate says nothing of what was agreed here, nor of a danger that rose here."""
    play = opened(risk="low", reported_at=START).planned(risk="low")
    play.do(c.RecordFollowUp, at=START, reached=True, next_on=(START + 3 * DAY).date())
    play.do(c.RecordMilestone, kind="new_incident", at=START)
    agreed, review = only(play, "follow_up"), only(play, "supervisor_review")
    left(play, (*of("follow_up", DAY), *of("supervisor_review", 20 * DAY)))

    assert only(play, "follow_up").due_at == agreed.due_at
    assert only(play, "supervisor_review") == review


def test_a_case_that_ended_leaves_and_takes_nothing_of_the_offices() -> None:
    """Its clocks were lifted with it."""
    play = opened(reported_at=START)
    play.do(c.MarkDuplicate, SUPERVISOR, of_case_id="case-2")

    assert clocks_of(play.state) == ()
    assert left(play, of("plan", DAY)) is None
