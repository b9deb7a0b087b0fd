"""Holds: a named clock stands still for a reason and until a day, and goes on later by exactly so long."""

from dataclasses import dataclass
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from casework import commands as c
from casework.events import EventKind
from tests.play import CASEWORKER, START, SUPERVISOR, Play, opened
from tests.telling import COORDINATOR, DAY, HEADS, HOUR, OURS, by_itself, climb, hold, only, told, waits

DAYS = {"high": 7, "medium": 14, "low": 30}
"""The length of the clock of the plan, by risk."""


# ---- how long


@dataclass(frozen=True)
class Pause:
    """A hold of the plan's clock: after how many hours, for how many, how much later somebody or the engine comes."""

    after: int
    hours: int
    comes: int
    engine_away: bool
    by_hand: bool
    risk: str | None

    def over(self, play: Play) -> timedelta:
        """Hold, rate the risk anew meanwhile, and end the hold; how long it was."""
        self.come(play, self.after)
        held = hold(play, "plan", days=self.hours / 24)
        ends = min(self.comes, self.hours)
        if self.risk:
            self.come(play, ends // 2)
            play.do(c.RecordReview, SUPERVISOR, risk=self.risk)
        self.come(play, self.comes - (ends // 2 if self.risk else 0))
        if only(play, "plan").held and (self.comes < self.hours or self.by_hand):
            play.do(c.ReleaseClock, SUPERVISOR, subject_id=held)
        play.wake()
        return ends * HOUR

    def come(self, play: Play, hours: int) -> None:
        """Let hours pass, with the engine or without it."""
        if self.engine_away:
            play.now += hours * HOUR
        else:
            play.wait(play.now + hours * HOUR)


pauses = st.builds(
    Pause,
    st.integers(0, 24 * 12),
    st.integers(1, 24 * 30),
    st.integers(0, 24 * 40),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, *DAYS]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(pauses, min_size=1, max_size=4), st.sampled_from(list(DAYS)))
def test_holds_add_exactly_their_length(several: list[Pause], risk: str) -> None:
    """Several in a row, ended by hand or by themselves however late, the risk rated anew meanwhile: always exact."""
    play = opened(risk=risk, reported_at=START)
    paused = timedelta()

    for pause in several:
        paused += pause.over(play)
        deadline = only(play, "plan")
        assert deadline.due_at == START + DAYS[play.state.risk] * DAY + paused
        assert (deadline.paused, deadline.held) == (paused.total_seconds(), False)
    assert all(each.released_at and each.released_at - each.since <= 30 * DAY for each in play.state.holds.values())


def test_while_it_is_held_all_comes_later_by_the_hold() -> None:
    """First the end of the hold, then what would have come; the case's due time leaves it out, the board does not."""
    play = opened(reported_at=START)
    before = only(play, "assessment")
    hold(play, "assessment", days=2)
    held = only(play, "assessment")

    assert held.forecast[0].model_dump() == {
        "action": "release",
        "to": "caseworker",
        "at": START + 2 * DAY,
        "rung": 0,
    }
    assert [(s.action, s.to, s.at - 2 * DAY, s.rung) for s in held.forecast[1:]] == [
        (s.action, s.to, s.at, s.rung) for s in before.forecast
    ]
    assert (held.due_at, held.stalls_at) == (before.due_at, before.stalls_at)
    hold(
        play, *{d.kind for d in play.state.deadlines.values() if d.class_ == "local"} - {"assessment", "first_contact"}
    )
    assert play.state.due_at == only(play, "first_contact").due_at


def test_the_reminder_comes_when_three_quarters_of_the_running_time_are_gone() -> None:
    """What it was held counts for nothing: three days, held for ten from the first hour."""
    play = opened(reported_at=START)
    play.later(hours=1)
    hold(play, "assessment", days=10)
    recordings = play.wait(START + 20 * DAY)

    [deadline] = play.running("assessment")
    assert deadline.due_at == START + 13 * DAY
    assert [at for at, _ in climb(recordings, deadline)] == [-3 + 1 / 24, -0.75, 0, 1, 3]


def test_the_end_of_a_hold_tells_the_owner_of_each_deadline_when_it_is_due_now() -> None:
    """One step ends it for all; an end by hand tells nobody who does not know."""
    play = opened(reported_at=START).assessed()
    play.referred()
    answer, plan = only(play, "referral_answer"), only(play, "plan")
    hold(play, "plan", "referral_answer", days=2)
    [(recording, _)] = [one for one in by_itself(play.wait(START + 2 * DAY)) if one[1].action == "release"]

    assert recording.event.kind is EventKind.CLOCK_RELEASED
    assert {(n.about_id, n.due_at, n.recipient.agency_id) for n in recording.notices} == {
        (answer.id, answer.due_at + 2 * DAY, "rsud-muaradua"),
        (plan.id, plan.due_at + 2 * DAY, None),
    }
    assert told(play.give(c.ReleaseClock(), SUPERVISOR, subject_id=hold(play, "plan"))) == []


# ---- what happens to it meanwhile


def test_what_is_met_while_it_is_held_counts_the_hold() -> None:
    """Three days, held on the second, done on the ninth: in time."""
    play = opened(reported_at=START)
    play.wait(START + 2 * DAY)
    deadline = only(play, "assessment")
    hold(play, "assessment", days=20)
    play.wait(START + 9 * DAY)
    play.do(c.AssignCase, SUPERVISOR, caseworker_id=CASEWORKER.account_id)
    play.do(c.RecordAssessment, risk="high")

    met = play.state.deadlines[deadline.id]
    assert (met.met, met.ended_at, met.due_at) == (True, START + 9 * DAY, START + 10 * DAY)
    assert (met.held, met.paused) == (False, 7 * 86400)
    assert [each.released_at for each in play.state.holds.values()] == [play.now]


def test_what_was_done_before_the_hold_and_is_recorded_in_it_was_not_held() -> None:
    """A follow-up before the hold: nothing of it counts."""
    play = opened(reported_at=START).planned()
    deadline = only(play, "follow_up")
    play.wait(START + DAY)
    hold(play, "follow_up")
    play.wait(START + 2 * DAY)
    play.do(c.RecordFollowUp, at=START + HOUR, reached=True)

    met = play.state.deadlines[deadline.id]
    assert (met.met, met.paused, met.due_at) == (True, 0, deadline.due_at)


def test_a_hold_that_holds_nothing_any_more_has_ended() -> None:
    """With the case, or with the last of its deadlines; one of several leaves it."""
    play = opened().assessed()
    first = hold(play, "plan", "supervisor_review")
    play.do(c.RecordReview, SUPERVISOR)
    assert play.state.holds[first].released_at is None
    assert not only(play, "supervisor_review").held
    play.closed()

    assert play.state.holds[first].released_at == play.now
    assert "release" not in {lapse.action for _, lapse in by_itself(play.wait(play.now + 40 * DAY))}


def test_what_is_overdue_may_be_held_too() -> None:
    """The rung that was told stays; the next waits for the end of the hold and the rest of its day."""
    play = opened(reported_at=START)
    play.wait(START + 3.5 * DAY)
    hold(play, "assessment", days=5)
    recordings = play.wait(START + 30 * DAY)

    assert [(at, to) for at, to in climb(recordings, only(play, "assessment"))][1:] == [
        (1, [HEADS]),
        (3, [COORDINATOR]),
    ]


def test_what_is_held_stays_on_the_board() -> None:
    """It comes there when it would have without the hold, and leaves when it goes on in time."""
    play = opened(reported_at=START)
    deadline = only(play, "plan")
    hold(play, *{d.kind for d in play.state.deadlines.values() if d.class_ == "local"} - {"first_contact"}, days=30)

    assert only(play, "plan").stalls_at == deadline.stalls_at
    play.wait(START + 30 * DAY)
    assert only(play, "plan").stalls_at == START + 37 * DAY


def test_greater_danger_ends_the_hold_of_the_review_it_calls_for() -> None:
    """The hold was for a review in its turn: an immediate one waits for nothing, and what else is held stays so."""
    play = opened(risk="low", reported_at=START).assessed(risk="low")
    held = hold(play, "supervisor_review", "plan", days=30)
    play.wait(START + DAY)
    play.do(c.RecordFollowUp, at=play.now, reached=True, risk="high")

    review = only(play, "supervisor_review")
    assert (review.reason, review.held, review.due_at) == ("risk_up", False, START + 2 * DAY)
    assert review.stalls_at == play.now
    assert only(play, "plan").held
    assert play.state.holds[held].released_at is None
    assert waits(play, "supervisor_review", days=1)[-1] == (0, [OURS, HEADS])


def test_a_lower_risk_meanwhile_counts_from_where_the_clock_stood() -> None:
    """Overdue by half a day, held for twenty: at medium risk three and a half of seven days are left."""
    play = opened(reported_at=START)
    play.wait(START + 3.5 * DAY)
    hold(play, "assessment", days=20)
    play.wait(START + 15 * DAY)
    play.do(c.RecordReview, SUPERVISOR, risk="medium")
    play.wait(START + 23.5 * DAY)

    assert only(play, "assessment").due_at == play.now + 3.5 * DAY
    assert waits(play, "assessment") == [(-1.75, [OURS]), (0, [OURS]), (3, [HEADS]), (7, [COORDINATOR])]


def test_a_higher_risk_meanwhile_that_makes_it_overdue_is_told_once() -> None:
    """Thirteen of fourteen days had run; at high risk it was three, and it stands on the third rung at once."""
    play = opened(risk="low", reported_at=START)
    play.wait(START + 13 * DAY)
    hold(play, "assessment", days=20)
    play.wait(START + 20 * DAY)
    play.do(c.RecordReview, SUPERVISOR, risk="high")

    deadline = only(play, "assessment")
    assert [(step.action, step.at, step.rung) for step in deadline.forecast] == [
        ("release", START + 33 * DAY, 0),
        ("escalate", START + 33 * DAY, 3),
    ]


def test_what_was_known_too_late_and_is_held_at_once_is_told_once() -> None:
    """The report lay for five days; the supervisor holds before the engine comes: one step after the hold, then on."""
    play = opened(reported_at=START - 5 * DAY)
    hold(play, "assessment")
    recordings = play.wait(START + 20 * DAY)

    assert [to for _, to in climb(recordings, only(play, "assessment"))] == [[OURS], [OURS], [COORDINATOR]]
