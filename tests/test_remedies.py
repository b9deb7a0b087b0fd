"""What the reader of the board may do about a case: by role, stage and what stands still."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from casework.errors import ForbiddenError, NotAllowedInStageError
from casework.models.codes import Stage, Status
from casework.models.people import Actor, Role
from casework.models.state import Automatic, Deadline, Owner
from casework.ports import Board, Standing, Troubles
from casework.rules.board import BODIES, FRESH, NIGHTS, Remedy, complete, remedies
from casework.rules.permitted import refusal
from tests.recordings import CASEWORKER, OFFICE, SUPERVISOR, case_row
from tests.test_outlook import COORDINATOR, NOW, late, soon, standing

HEAD = Actor(account_id="head", role=Role.HEAD, agency_id=OFFICE)
TO_HEAD = Automatic(action="escalate", to="head", at=NOW + timedelta(days=1), rung=2)
AGENCY = Owner(agency_id="rsud")


def named(actor: Actor, case: Standing) -> list[tuple[str, str | None]]:
    """The remedies by command and what they are about."""
    return [(each.command, each.deadline_id or each.referral_id) for each in remedies(actor, case, NOW)]


def answer(**changes: Any) -> Deadline:
    """An answer that an agency owes and has not given."""
    about = {"referral_id": "r-1", "owner": AGENCY, "forecast": (TO_HEAD,), "reason": "ref_no_answer"}
    return late("referral_answer", **{**about, **changes})


def test_a_referral_that_is_not_answered_is_reminded_escalated_held_or_given_to_another() -> None:
    found = remedies(SUPERVISOR, standing(answer(), stage=Stage.REFERRAL), NOW)

    assert found == (
        Remedy("send_reminder", "referral_answer", "r-1"),
        Remedy("escalate_case", "referral_answer", "r-1"),
        Remedy("hold_clock", "referral_answer", "r-1"),
        Remedy("revoke_referral", "referral_answer", "r-1"),
        Remedy("refer_case", None, "r-1"),
    )


def test_the_caseworker_is_offered_what_a_caseworker_may_give() -> None:
    found = named(CASEWORKER, standing(answer(), stage=Stage.REFERRAL))

    assert found == [("revoke_referral", "referral_answer"), ("refer_case", "r-1")]


def test_the_coordinator_reminds_agencies_and_nobody_else() -> None:
    assert named(COORDINATOR, standing(answer())) == [("send_reminder", "referral_answer")]
    assert named(COORDINATOR, standing(late("plan", owner=Owner(role="caseworker")))) == []


def test_nobody_reminds_themselves() -> None:
    review = late("supervisor_review", owner=Owner(role="supervisor"), forecast=(TO_HEAD,))

    assert ("send_reminder", "supervisor_review") not in named(SUPERVISOR, standing(review))
    assert ("send_reminder", "supervisor_review") in named(HEAD, standing(review))
    assert named(SUPERVISOR, standing(review))[0] == ("record_review", "supervisor_review")


@pytest.mark.parametrize("troubles", [Troubles(), Troubles(caseworker_gone=True)])
def test_a_case_without_caseworker_is_assigned_first(troubles: Troubles) -> None:
    to = "caseworker" if troubles.caseworker_gone else None
    case = standing(late("plan"), troubles=troubles, assigned_to=to)

    assert remedies(SUPERVISOR, case, NOW)[0] == Remedy("assign_case")
    assert "assign_case" not in dict(named(CASEWORKER, case))


def test_when_everybody_has_been_told_those_concerned_sit_down_together() -> None:
    told = named(SUPERVISOR, standing(answer(forecast=())))

    assert told[0] == ("record_conference", "referral_answer")
    assert "escalate_case" not in dict(told)


def test_a_conference_that_is_called_is_recorded_before_it_is_late() -> None:
    called = soon("conference_decision", stalls_at=NOW - timedelta(hours=1), forecast=(TO_HEAD,), reason="ref_bounced")

    found = named(SUPERVISOR, standing(called))

    assert found[0] == ("record_conference", "conference_decision")
    assert "hold_clock" not in dict(found)


@pytest.mark.parametrize(("kind", "class_"), [("first_contact", "local"), ("plan", "statutory"), ("plan", "clinical")])
def test_what_may_not_be_held_is_not_offered_to_be(kind: str, class_: str) -> None:
    clock = late(kind, class_=class_)

    assert "hold_clock" in dict(named(SUPERVISOR, standing(late("plan"))))
    assert "hold_clock" not in dict(named(SUPERVISOR, standing(clock)))


def test_a_closed_case_takes_reminders_and_escalations_only() -> None:
    clock = late("post_closure_check", owner=Owner(role="caseworker"), forecast=(TO_HEAD,))
    case = standing(clock, stage=Stage.CLOSED, status=Status.CLOSED)

    assert set(dict(named(SUPERVISOR, case))) == {"send_reminder", "escalate_case"}


def test_what_moves_asks_for_nothing() -> None:
    assert named(SUPERVISOR, standing(soon("plan"), soon("referral_answer", referral_id="r-1"))) == []


def test_a_report_that_waits_starts_by_itself() -> None:
    assert remedies(SUPERVISOR, Standing({"status": "queued"}), NOW) == ()


@pytest.mark.parametrize("role", list(Role))
def test_nothing_is_offered_that_role_office_or_stage_refuse(role: Role) -> None:
    for stage in Stage:
        status = Status.CLOSED if stage is Stage.CLOSED else Status.OPEN
        case = standing(answer(forecast=()), late("supervisor_review"), stage=stage, status=status, assigned_to=None)
        for office in (OFFICE, "province"):
            actor = Actor(account_id="somebody", role=role, agency_id=office)
            for remedy in remedies(actor, case, NOW):
                assert refusal(actor, case.case, BODIES[remedy.command]) is None


def test_a_command_is_refused_by_role_before_stage() -> None:
    closed = case_row(stage=Stage.CLOSED, status=Status.CLOSED).model_dump()
    gone = case_row(status=Status.TRANSFERRED).model_dump()

    assert refusal(CASEWORKER, closed, BODIES["assign_case"]) is ForbiddenError
    assert refusal(SUPERVISOR, closed, BODIES["assign_case"]) is NotAllowedInStageError
    assert refusal(SUPERVISOR, gone, BODIES["send_reminder"]) is NotAllowedInStageError
    assert refusal(SUPERVISOR, closed, BODIES["send_reminder"]) is None


@pytest.mark.parametrize(
    ("seconds", "well", "whole"),
    [(0, True, True), (FRESH.seconds, True, True), (FRESH.seconds + 1, True, False), (0, False, False)],
)
def test_the_check_is_complete_where_the_watch_lives_and_the_engine_answered_it(
    seconds: int, well: bool, whole: bool
) -> None:
    board = Board((), watched_at=NOW - timedelta(seconds=seconds), well=well)

    assert complete(board, NOW) is whole
    assert complete(replace(board, patrolled_at=NOW - NIGHTS), NOW) is whole
    assert not complete(replace(board, patrolled_at=NOW - NIGHTS - timedelta(seconds=1)), NOW)
    assert not complete(Board(()), NOW)
