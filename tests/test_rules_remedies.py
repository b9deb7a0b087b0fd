"""The remedies of the board: the owner is told again, or the next rung is told now."""

from datetime import timedelta

import pytest

from casework import commands as c
from casework.errors import (
    AlreadyDecidedError,
    ForbiddenError,
    InvalidInputError,
    NotAllowedInStageError,
    NotFoundError,
)
from casework.events import EventKind
from casework.models.people import Actor
from casework.models.state import CaseState
from tests.play import (
    CASEWORKER,
    COORDINATOR,
    HEAD,
    HOSPITAL,
    HOTLINE,
    PROVINCIAL,
    START,
    SUPERVISOR,
    Play,
    opened,
)
from tests.telling import CASES, DAY, HEADS, HOUR, OFFICERS, OURS, climb, hold, name, only, told, waits
from tests.telling import COORDINATOR as REGION

REMEDIES = (c.SendReminder, c.EscalateCase)


def referred() -> Play:
    """An assessed case that waits for a hospital's answer."""
    play = opened(reported_at=START).assessed()
    play.referred()
    return play


def escalated(play: Play, kind: str, by: Actor = SUPERVISOR) -> list[str]:
    """Escalate the clock of a kind; who was told."""
    return told(play.give(c.EscalateCase(deadline_id=only(play, kind).id), by))


def reminded(play: Play, kind: str, by: Actor = SUPERVISOR) -> list[str]:
    """Remind of the clock of a kind; who was told."""
    return told(play.give(c.SendReminder(deadline_id=only(play, kind).id), by))


def without_activity(state: CaseState) -> CaseState:
    """A state but for what every command writes: its number, its receipt, and that something was done."""
    clocks = {id_: deadline for id_, deadline in state.deadlines.items() if deadline.class_ != "watch"}
    return state.model_copy(update={"deadlines": clocks, "revision": 0, "receipts": ()})


# ---- the owner is told again


def test_a_reminder_tells_the_owner_and_changes_nothing_else() -> None:
    """As often as it is given; what comes by itself comes all the same."""
    play = referred()
    before = play.state

    assert reminded(play, "referral_answer") == [OFFICERS]
    assert reminded(play, "referral_answer", COORDINATOR) == [OFFICERS]
    assert reminded(play, "plan", HEAD) == [CASES]
    assert reminded(play, "supervisor_review") == [OURS]
    assert without_activity(play.state) == without_activity(before)
    assert play.events[-1] is EventKind.REMINDER_SENT
    assert next(to for _, to in waits(play, "referral_answer")) == [OFFICERS]


def test_a_reminder_is_about_its_deadline() -> None:
    """The notice says which, and when it is due."""
    play = referred()
    deadline = only(play, "referral_answer")
    [notice] = play.give(c.SendReminder(deadline_id=deadline.id), SUPERVISOR).notices

    assert (notice.kind, notice.about_id, notice.due_at) == ("reminder", deadline.id, deadline.due_at)


def test_a_partners_clock_in_a_closed_case_may_be_reminded_of() -> None:
    """And climbed by hand; the office's own clocks have ended with the case."""
    play = opened(categories=["sexual_violence"]).assessed()
    plan = only(play, "plan").id
    play.do(c.Notify, kind="police", agency_id="unit-ppa-polres", explained_to_client=True)
    play.do(c.RecordMilestone, kind="protection_given_tpks", at=play.now)
    left = [{"deadline_id": kind, "followed_by": "supervisor"} for kind in ("tpks_lpsk_req", "tpks_prot_max")]
    play.do(c.RequestClosure, reason="client_request", client_informed=True, left_open=left)
    play.do(c.DecideClosure, SUPERVISOR, decision="approve")

    assert reminded(play, "tpks_lpsk_req") == ["unit-ppa-polres"]
    assert escalated(play, "tpks_lpsk_req") == ["unit-ppa-polres", OURS]
    for remedy in REMEDIES:
        with pytest.raises(InvalidInputError):
            play.give(remedy(deadline_id=plan), SUPERVISOR)


# ---- the next rung is told now


def test_an_escalation_takes_the_next_rung_and_it_does_not_come_again() -> None:
    """Before the due time: owner and supervisor now, nobody at the due time, the head a day after."""
    play = opened(reported_at=START).assessed()
    play.later(hours=1)

    assert escalated(play, "plan") == [CASES, OURS]
    assert only(play, "plan").rung == 1
    assert only(play, "plan").told_at == play.now
    assert waits(play, "plan") == [(1, [HEADS]), (3, [REGION])]


def test_each_escalation_takes_one_rung_until_there_is_none() -> None:
    """Three presses, three rungs; the fourth is refused, and nothing comes by itself any more."""
    play = referred()

    assert [escalated(play, "referral_answer") for _ in range(3)] == [[OFFICERS, OURS], [f"head@{OFFICERS}"], [REGION]]
    with pytest.raises(AlreadyDecidedError, match="case conference"):
        escalated(play, "referral_answer")
    assert waits(play, "referral_answer") == []


def test_an_escalation_after_a_rung_takes_the_one_above() -> None:
    """What was told by itself is not told by hand."""
    play = opened(reported_at=START).assessed()
    play.wait(only(play, "plan").due_at + HOUR)

    assert escalated(play, "plan", HEAD) == [HEADS]
    assert waits(play, "plan") == [(3, [REGION])]


def test_a_rung_told_by_hand_stays_told_when_the_risk_moves_the_due_time() -> None:
    """It was not overdue and is not: whoever knows of it knows."""
    play = opened(reported_at=START).assessed()
    escalated(play, "plan")
    play.do(c.RecordReview, SUPERVISOR, risk="medium")

    assert only(play, "plan").due_at == START + 14 * DAY
    assert waits(play, "plan") == [(3, [HEADS]), (7, [REGION])]


def test_an_escalation_while_it_is_held_leaves_the_hold() -> None:
    """The rung is told now; the clock goes on when it was to."""
    play = opened(reported_at=START).assessed()
    hold(play, "plan", days=2)
    due = only(play, "plan").due_at + 2 * DAY

    assert escalated(play, "plan") == [CASES, OURS]
    assert climb(play.wait(play.now + 40 * DAY), only(play, "plan"), due) == [
        (-7, [CASES]),
        (1, [HEADS]),
        (3, [REGION]),
    ]


def test_an_escalation_goes_to_who_has_the_case() -> None:
    """After a transfer, to the new office."""
    play = referred()
    play.do(c.TransferCase, SUPERVISOR, to_agency_id=PROVINCIAL.agency_id)
    play.do(c.DecideTransfer, PROVINCIAL, decision="accept", facts={"receiver_leads": True})

    assert escalated(play, "plan", PROVINCIAL) == [f"supervisor@{PROVINCIAL.agency_id}"]


def test_a_power_is_not_escalated() -> None:
    """Nobody is above a may."""
    play = opened(categories=["sexual_violence"])
    play.do(c.Notify, kind="police", agency_id="unit-ppa-polres", explained_to_client=True)

    assert reminded(play, "tpks_prot_start") == ["unit-ppa-polres"]
    with pytest.raises(AlreadyDecidedError):
        escalated(play, "tpks_prot_start")


# ---- refusals


@pytest.mark.parametrize("remedy", REMEDIES)
def test_a_remedy_names_a_deadline_that_runs(remedy: type[c.SendReminder] | type[c.EscalateCase]) -> None:
    """Neither one that there is not, nor one that has ended."""
    play = opened()
    deadline = only(play, "assessment").id
    play.assessed()
    for wrong in ("case-9.1.plan", deadline):
        with pytest.raises(InvalidInputError) as refused:
            play.give(remedy(deadline_id=wrong), SUPERVISOR)
        assert [error["pointer"] for error in refused.value.extra["errors"]] == ["/deadline_id"]


def test_the_coordinator_reminds_agencies_only() -> None:
    """Whatever the office owes is its supervisor's; and nobody above escalates."""
    play = referred()
    for kind in ("plan", "supervisor_review"):
        with pytest.raises(ForbiddenError):
            reminded(play, kind, COORDINATOR)
    with pytest.raises(ForbiddenError):
        escalated(play, "referral_answer", COORDINATOR)


@pytest.mark.parametrize("by", [CASEWORKER, HOSPITAL, HOTLINE])
def test_remedies_are_for_who_decides(by: Actor) -> None:
    """Not for who owes it, nor for who asked."""
    play = referred()
    for give in (reminded, escalated):
        with pytest.raises(ForbiddenError):
            give(play, "referral_answer", by)


def test_remedies_are_for_the_case_of_the_own_office_while_it_is_here() -> None:
    """Another office sees no such case; one that went elsewhere is nobody's here."""
    play = referred()
    for give in (reminded, escalated):
        with pytest.raises(NotFoundError):
            give(play, "referral_answer", PROVINCIAL)
    ended = opened()
    deadline = only(ended, "plan").id
    ended.do(c.MarkDuplicate, SUPERVISOR, of_case_id="case-2")
    for remedy in REMEDIES:
        with pytest.raises(NotAllowedInStageError):
            ended.give(remedy(deadline_id=deadline), SUPERVISOR)


def test_nobody_is_told_twice_by_one_step() -> None:
    """Owner and rung are the same while the case has no caseworker."""
    play = opened()
    play.now += timedelta(minutes=1)
    recording = play.give(c.EscalateCase(deadline_id=only(play, "plan").id), SUPERVISOR)

    assert [name(notice.recipient) for notice in recording.notices] == [OURS]
