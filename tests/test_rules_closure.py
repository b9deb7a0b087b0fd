"""Ending a case and undoing it: what blocks, who decides, and what is left behind."""

from typing import Any

import pytest

from casework import commands as c
from casework.errors import (
    AlreadyDecidedError,
    ClosureBlockedError,
    FourEyesError,
    InvalidInputError,
    NotAllowedInStageError,
)
from casework.models.codes import ClosureReason, Stage, Status
from casework.models.pathway import ClosureCondition, Risk
from casework.rules.closure import condition_of
from tests.play import CASEWORKER, ELSEWHERE, HEAD, LEAD, PROVINCE, PROVINCIAL, SUPERVISOR, Play, opened

LETTER = {"medium": "letter", "reference": "B/12", "at": "2026-03-09T01:30:00+00:00"}


def blockers(play: Play, **body: Any) -> list[str]:
    """What stands in the way of closing, by kind."""
    with pytest.raises(ClosureBlockedError) as refused:
        play.do(c.RequestClosure, **{"client_informed": True, **body})
    return [blocker["kind"] for blocker in refused.value.extra["blockers"]]


def with_conditions(play: Play, *conditions: ClosureCondition) -> Play:
    """The case pinned to pathways with other conditions."""
    pathways = tuple(p.model_copy(update={"closure": conditions}) for p in play.state.pathways)
    play.state = play.state.model_copy(update={"pathways": pathways})
    return play


# ---- asking


@pytest.mark.parametrize(
    ("reason", "any_stage"),
    [
        ("goals_met", False),
        ("age_out_with_adult_plan", False),
        ("final_court_decision_and_no_open_need", False),
        ("client_request", True),
        ("not_confirmed", True),
        ("client_died", True),
        ("out_of_mandate_handed_over", True),
        ("withdrawn_under_pressure", True),
    ],
)
def test_stages_of_a_reason(reason: str, any_stage: bool) -> None:
    """Some reasons end a case from any stage, the others only after a plan."""
    play = opened()
    if any_stage:
        play.do(c.RequestClosure, reason=reason, client_informed=True)
        assert play.state.stage is Stage.CLOSURE
    else:
        with pytest.raises(NotAllowedInStageError):
            play.do(c.RequestClosure, reason=reason, client_informed=True)
        play.planned().do(c.RequestClosure, reason=reason, client_informed=True)


@pytest.mark.parametrize("reason", ["transferred_other_district", "duplicate"])
def test_reasons_that_are_other_commands(reason: str) -> None:
    """They are set by transfer_case and mark_duplicate, never asked for."""
    with pytest.raises(InvalidInputError):
        opened().do(c.RequestClosure, reason=reason, client_informed=True)


def test_conditions_are_the_pinned_pathways() -> None:
    """A district's own numbers hold for the case that was opened under them."""
    strict = ClosureCondition(reason="moved_untraceable", any_stage=True, unreached_follow_ups=1)
    play = with_conditions(opened(), strict)

    assert blockers(play, reason="moved_untraceable") == ["follow_ups_missing"]
    play.do(c.RecordFollowUp, at=play.now, reached=False)
    play.do(c.RequestClosure, reason="moved_untraceable")


def test_a_reason_no_pathway_names_is_refused() -> None:
    """Also one that the contract knows."""
    play = with_conditions(opened(), ClosureCondition(reason="goals_met", any_stage=True))
    with pytest.raises(InvalidInputError):
        play.do(c.RequestClosure, reason="client_request", client_informed=True)
    play.do(c.RequestClosure, reason="goals_met", client_informed=True)


def test_of_several_pathways_the_strictest_holds() -> None:
    """Any stage only if all say so; a review if one asks for it; the most follow-ups."""
    play = opened(categories=["child_violence", "domestic_violence"])
    ours, theirs = (
        ClosureCondition(reason="client_request", any_stage=True, unreached_follow_ups=1),
        ClosureCondition(reason="client_request", review=True, unreached_follow_ups=2),
    )
    pathways = tuple(
        p.model_copy(update={"closure": (one,)}) for p, one in zip(play.state.pathways, (ours, theirs), strict=True)
    )
    state = play.state.model_copy(update={"pathways": pathways})

    assert condition_of(state, ClosureReason.CLIENT_REQUEST) == theirs
    assert condition_of(state, ClosureReason.GOALS_MET) is None


def test_each_open_thing_is_named() -> None:
    """Referral, notification owed, statutory clock, client not told."""
    play = opened(categories=["sexual_violence"]).assessed()
    play.referred()

    found = blockers(play, reason="client_request", client_informed=False)

    assert found == ["referral_open", "statutory_clock", "notification_owed", "client_not_informed"]


def test_a_partners_clock_needs_a_follower() -> None:
    """Named by id or by kind, with who follows it; a power of the police is not asked for."""
    play = opened(categories=["sexual_violence"]).assessed()
    play.do(c.Notify, kind="police", agency_id="unit-ppa-polres", explained_to_client=True)
    play.later(hours=1).do(c.RecordMilestone, kind="protection_given_tpks", at=play.now)
    clocks = [d for d in play.state.deadlines.values() if d.running and d.class_ == "statutory"]
    assert clocks

    assert set(blockers(play, reason="client_request")) == {"clock_without_follower"}
    left = [{"deadline_id": clock.id, "followed_by": "lpsk"} for clock in clocks]
    play.do(c.RequestClosure, reason="client_request", client_informed=True, left_open=left)
    play.do(c.DecideClosure, SUPERVISOR, decision="approve")

    assert play.state.status is Status.CLOSED
    assert {d.id for d in play.state.deadlines.values() if d.running and d.class_ == "statutory"} == {
        clock.id for clock in clocks
    }


@pytest.mark.parametrize("reason", ["client_died", "not_confirmed"])
def test_nobody_to_inform(reason: str) -> None:
    """Who died cannot be told; where nothing was found there may be nobody."""
    opened().do(c.RequestClosure, reason=reason, client_informed=False)


def test_untraceable_needs_three_attempts_in_a_row() -> None:
    """One that reached the client counts from the start."""
    play = opened().assessed()
    for reached in (False, False, True, False, False):
        play.later(days=1).do(c.RecordFollowUp, at=play.now, reached=reached)

    assert blockers(play, reason="moved_untraceable") == ["follow_ups_missing"]
    play.do(c.RecordFollowUp, at=play.now, reached=False)
    play.do(c.RequestClosure, reason="moved_untraceable")


# ---- deciding


def test_who_asked_cannot_approve() -> None:
    """Also a supervisor; then the head decides."""
    play = opened()
    play.do(c.RequestClosure, SUPERVISOR, reason="client_request", client_informed=True)
    with pytest.raises(FourEyesError):
        play.do(c.DecideClosure, SUPERVISOR, decision="approve")
    play.do(c.DecideClosure, HEAD, decision="approve")


def test_pressure_is_reviewed_first() -> None:
    """A withdrawal under pressure closes only after a supervisor looked at the file."""
    play = opened()
    play.do(c.RecordReview, SUPERVISOR, note="Sebelum.")
    play.do(c.RequestClosure, reason="withdrawn_under_pressure", client_informed=True)
    with pytest.raises(ClosureBlockedError):
        play.do(c.DecideClosure, SUPERVISOR, decision="approve")
    play.do(c.RecordReview, SUPERVISOR, note="Sesudah.")
    play.do(c.DecideClosure, SUPERVISOR, decision="approve")


def test_what_came_up_since_the_request_blocks_the_approval() -> None:
    """A referral sent, a client found again, a category that makes the police owed."""
    play = opened().assessed()
    play.do(c.RequestClosure, reason="client_request", client_informed=True)
    referral = play.referred()
    with pytest.raises(ClosureBlockedError):
        play.do(c.DecideClosure, SUPERVISOR, decision="approve")
    play.do(c.RevokeReferral, subject_id=referral)
    play.do(c.RecordAssessment, risk="high", findings=["sexual_act"])
    with pytest.raises(ClosureBlockedError) as refused:
        play.do(c.DecideClosure, SUPERVISOR, decision="approve")

    assert {b["kind"] for b in refused.value.extra["blockers"]} == {"statutory_clock", "notification_owed"}


def test_a_client_found_again_is_not_untraceable() -> None:
    """A follow-up that reached the client while the closure waits."""
    play = opened().assessed()
    for _ in range(3):
        play.do(c.RecordFollowUp, at=play.now, reached=False)
    play.do(c.RequestClosure, reason="moved_untraceable")
    play.do(c.RecordFollowUp, at=play.now, reached=True)
    with pytest.raises(ClosureBlockedError):
        play.do(c.DecideClosure, SUPERVISOR, decision="approve")


def test_a_returned_closure_leads_back() -> None:
    """To the stage before; from intake to assessment, if it was assessed meanwhile."""
    play = opened()
    play.do(c.RequestClosure, reason="client_request", client_informed=True)
    play.do(c.DecideClosure, SUPERVISOR, decision="return", reason="Belum.")
    stages = [play.state.stage]
    play.do(c.RequestClosure, reason="client_request", client_informed=True)
    play.do(c.RecordAssessment, risk="low")
    stages.append(play.state.stage)
    play.do(c.DecideClosure, SUPERVISOR, decision="return", reason="Belum.")

    assert [*stages, play.state.stage] == [Stage.INTAKE, Stage.CLOSURE, Stage.ASSESSMENT]
    assert play.state.closure is None


# ---- after closing


def test_a_follow_up_on_a_closed_case_changes_nothing_of_it() -> None:
    """It is kept and ends the promised check; risk and attempts stay as they were."""
    play = opened().assessed().closed()
    (check,) = play.running("post_closure_check")
    before = play.state

    play.later(days=80).do(c.RecordFollowUp, at=play.now, reached=False, risk="low", next_on="2026-07-01")

    assert (play.state.risk, play.state.unreached) == (before.risk, before.unreached)
    assert play.state.deadlines[check.id].met
    assert not [d for d in play.state.deadlines.values() if d.running]


def test_a_closed_case_takes_no_work() -> None:
    """Only the check after closing, the reopening, and what the receivers of the law's notifications say."""
    play = opened().assessed().closed()
    for body in (
        c.RecordAssessment.model_validate({"risk": "high"}),
        c.ReferCase.model_validate({"agency_id": "rsud-muaradua", "service": "health", "urgency": "emergency"}),
        c.RequestClosure.model_validate({"reason": "client_request", "client_informed": True}),
    ):
        with pytest.raises(NotAllowedInStageError):
            play.give(body)


def test_reopening() -> None:
    """Stage assessment, risk unassessed, clocks from the reopening; the check after closing is not waited for."""
    play = opened().assessed().closed().later(days=10)
    play.do(c.ReopenCase, SUPERVISOR, reason="Kejadian lagi.")
    state = play.state

    assert (state.stage, state.status, state.risk) == (Stage.ASSESSMENT, Status.OPEN, Risk.UNASSESSED)
    assert (state.closed_at, state.plan, state.closure, state.unreached) == (None, None, None, 0)
    assert state == type(state).model_validate(state.model_dump())
    running = {d.kind: d for d in state.deadlines.values() if d.running}
    assert running.keys() == {"first_contact", "assessment", "plan", "supervisor_review", "no_activity"}
    assert all(d.since == play.now for d in running.values())

    play.later(days=1).closed()
    (check,) = play.running("post_closure_check")
    assert check.since == play.now


def test_lifted_clocks_end_when_they_were_lifted() -> None:
    """Not when they began."""
    play = opened().assessed()
    referral = play.referred()
    play.later(hours=3).do(c.RevokeReferral, subject_id=referral)

    (lifted,) = [d for d in play.state.deadlines.values() if d.referral_id == referral]
    assert (lifted.ended_at, lifted.met) == (play.now, False)


# ---- transfer


def test_transfer_within_this_tuntas() -> None:
    """Accepted by the receiving office: it is theirs, unassigned, statutory clocks as they were."""
    play = opened(categories=["sexual_violence"]).assessed()
    before = {d.id: d for d in play.state.deadlines.values() if d.running}
    play.do(c.TransferCase, SUPERVISOR, to_agency_id=PROVINCE, reason="Lintas kabupaten.")
    assert play.state.agency_id == LEAD
    with pytest.raises(AlreadyDecidedError):
        play.do(c.TransferCase, SUPERVISOR, to_agency_id=ELSEWHERE)

    play.later(hours=2).do(c.DecideTransfer, PROVINCIAL, decision="accept", facts={"receiver_leads": True})

    state = play.state
    assert (state.agency_id, state.assigned_to, state.transfer_to) == (PROVINCE, None, None)
    assert state.open
    assert all(state.deadlines[id_] == deadline for id_, deadline in before.items() if deadline.class_ == "statutory")
    assert play.running("assignment")


def test_the_sending_office_needs_the_letter() -> None:
    """Without it the sending office cannot answer for the other."""
    play = opened().assessed()
    play.do(c.TransferCase, SUPERVISOR, to_agency_id=ELSEWHERE)
    with pytest.raises(Exception, match="receiving office"):
        play.do(c.DecideTransfer, SUPERVISOR, decision="accept")
    play.do(c.DecideTransfer, SUPERVISOR, decision="accept", recorded_from=LETTER)

    assert (play.state.status, play.state.stage) == (Status.TRANSFERRED, Stage.CLOSED)
    with pytest.raises(NotAllowedInStageError):
        play.do(c.ReopenCase, SUPERVISOR)


def test_a_case_leaves_no_agency_waiting() -> None:
    """A transfer out of this Tuntas and a duplicate are refused while a referral is open."""
    play = opened().assessed()
    referral = play.referred()
    play.do(c.TransferCase, SUPERVISOR, to_agency_id=ELSEWHERE)
    with pytest.raises(ClosureBlockedError):
        play.do(c.DecideTransfer, SUPERVISOR, decision="accept", recorded_from=LETTER)
    with pytest.raises(ClosureBlockedError):
        play.do(c.MarkDuplicate, SUPERVISOR, of_case_id="case-2")
    play.do(c.RevokeReferral, subject_id=referral)
    play.do(c.DecideTransfer, SUPERVISOR, decision="accept", recorded_from=LETTER)


def test_an_offer_ends_with_the_case() -> None:
    """A reopened case is not still on offer, and the other office is told."""
    play = opened().assessed()
    play.do(c.TransferCase, SUPERVISOR, to_agency_id=PROVINCE)
    play.closed()
    assert ("transfer_decided", PROVINCE) in play.told
    play.do(c.ReopenCase, SUPERVISOR)

    assert (play.state.transfer_to, play.state.transfer_asked_by) == (None, None)


def test_no_transfer_during_an_emergency() -> None:
    """An open emergency referral comes first."""
    play = opened()
    play.referred(urgency="emergency")
    with pytest.raises(NotAllowedInStageError):
        play.do(c.TransferCase, SUPERVISOR, to_agency_id=PROVINCE)


# ---- duplicate and links


def test_a_duplicate_is_linked_and_its_clocks_end() -> None:
    """Status duplicate, a link to the case that goes on, nothing running."""
    play = opened().assessed()
    play.later(hours=1).do(c.MarkDuplicate, SUPERVISOR, of_case_id="case-2", reason="Sama.")
    state = play.state

    assert (state.status, state.stage, state.duplicate_of) == (Status.DUPLICATE, Stage.CLOSED, "case-2")
    assert [(link.case_id, link.relation) for link in state.links] == [("case-2", "same_incident")]
    assert not [d for d in state.deadlines.values() if d.running]
    assert state.due_at is None


def test_a_duplicate_only_before_planning() -> None:
    """And never of itself."""
    with pytest.raises(NotAllowedInStageError):
        opened().planned().do(c.MarkDuplicate, SUPERVISOR, of_case_id="case-2")
    with pytest.raises(InvalidInputError):
        opened().do(c.MarkDuplicate, SUPERVISOR, of_case_id="case-1")


def test_links() -> None:
    """Once each, never to itself."""
    play = opened()
    play.do(c.LinkCases, CASEWORKER, case_id="case-2", relation="sibling")
    with pytest.raises(AlreadyDecidedError):
        play.do(c.LinkCases, CASEWORKER, case_id="case-2", relation="sibling")
    with pytest.raises(InvalidInputError):
        play.do(c.LinkCases, CASEWORKER, case_id="case-1", relation="sibling")
