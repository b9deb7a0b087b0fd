"""One law, several categories: each runs its own clock and keeps its own record, and people are told once."""

import pytest

from casework import commands as c
from casework.errors import InvalidInputError
from casework.events import EventKind
from casework.models.pathway import Category
from casework.models.state import CaseState, Deadline
from casework.ports import Standing
from casework.rules.board import remedies
from tests.play import COORDINATOR, PATHWAYS, START, SUPERVISOR, Play, opened
from tests.telling import DAY, by_itself, kinds
from web.api.outlook import outlook_of

BOTH = ["sexual_violence", "trafficking"]


def asked() -> tuple[Play, Deadline, Deadline]:
    """A case of two categories in which LPSK was asked, and its two clocks, the one that tells first."""
    play = opened(categories=BOTH, reported_at=START).assessed()
    play.do(c.RecordMilestone, kind="lpsk_asked", at=play.now)
    first, second = sorted(play.running("lpsk_decision"), key=lambda each: each.id)
    return play, first, second


def standing(state: CaseState) -> Standing:
    """As its supervisor reads it."""
    row = {"status": "open", "stage": state.stage, "agency_id": state.agency_id, "assigned_to": state.assigned_to}
    return Standing({**row, "stalls_at": state.stalls_at}, tuple(d for d in state.deadlines.values() if d.running))


def test_each_step_is_told_once_and_each_clock_is_kept() -> None:
    play, first, second = asked()

    assert (first.due_at, first.stalls_at) == (second.due_at, second.stalls_at)
    assert (bool(first.forecast), second.forecast, second.next_at) == (True, (), None)
    assert kinds(play.wait(START + 60 * DAY), "lpsk_decision") == ["remind", "escalate", "escalate", "escalate"]
    play.do(c.RecordMilestone, kind="lpsk_decided", at=play.now)
    assert [play.state.deadlines[each.id].met for each in (first, second)] == [True, True]


def test_the_strictest_tells() -> None:
    """A district may have the same law run shorter in one category."""
    laws = PATHWAYS[Category.SEXUAL_VIOLENCE], PATHWAYS[Category.TRAFFICKING]
    play = opened(categories=BOTH, reported_at=START).assessed()
    shorter = [
        each.model_copy(update={"length": {"any": each.length["any"].model_copy(update={"units": 3.0})}})
        if each.kind == "lpsk_decision"
        else each
        for each in laws[1].deadlines
    ]
    own = laws[1].model_copy(update={"deadlines": tuple(shorter)})
    play.state = play.state.model_copy(update={"pathways": (laws[0], own)})
    play.do(c.RecordMilestone, kind="lpsk_asked", at=play.now)

    told = {lapse.deadline_id for _, lapse in by_itself(play.wait(START + 60 * DAY)) if lapse.kind == "lpsk_decision"}
    assert told == {each.id for each in play.running("lpsk_decision") if each.category == "trafficking"}


def test_what_waits_for_others_is_told_of_each() -> None:
    """Two referrals are two promises."""
    play = opened(categories=BOTH, reported_at=START).assessed()
    for agency_id in ("rsud-muaradua", "puskesmas"):
        play.referred(agency_id)

    assert all(each.forecast for each in play.running("tppo_first_aid"))
    assert len(play.running("tppo_first_aid")) == 2


def test_a_remedy_on_either_is_given_to_the_one_that_tells() -> None:
    play, first, second = asked()
    for body in (c.EscalateCase(deadline_id=second.id), c.SendReminder(deadline_id=second.id)):
        recording = play.give(body, SUPERVISOR)
        assert recording.event.subject_id == first.id
    assert play.events[-2:] == [EventKind.CASE_ESCALATED, EventKind.REMINDER_SENT]
    assert play.state.deadlines[first.id].rung == 1


def test_the_strictest_is_shown_and_offered() -> None:
    play, first, second = asked()
    play.wait(START + 8 * DAY)
    case = standing(play.state)

    shown = [each.id for each in outlook_of(case, play.now).waiting_on if each.kind == "lpsk_decision"]
    offered = {each.deadline_id for each in remedies(SUPERVISOR, case, play.now)}
    assert shown == [first.id]
    assert (first.id in offered, second.id in offered) == (True, False)


def test_a_breach_of_one_law_is_one_breach() -> None:
    """Two would call a case conference."""
    play, *_ = asked()
    play.do(c.RecordMilestone, kind="police_notified", at=play.now)
    play.wait(START + 8 * DAY)

    assert not any(call.startswith("statutory_breaches") for call in play.state.conferences_called)


@pytest.mark.parametrize("kind", ["lpsk_decision", "tpks_report_police"])
def test_the_coordinator_learns_of_no_law_by_asking_for_it(kind: str) -> None:
    """A clock that is not shown is none, whoever owes it: the answer must not tell the category."""
    play, *_ = asked()
    [*_, hidden] = play.running(kind)
    answers = []
    for deadline_id in (hidden.id, "case-1.1.no_such.sexual_violence"):
        with pytest.raises(InvalidInputError) as refused:
            play.give(c.SendReminder(deadline_id=deadline_id), COORDINATOR)
        answers.append((str(refused.value), refused.value.extra))
    assert answers[0] == answers[1]
