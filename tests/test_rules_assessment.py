"""Assigning, assessing, planning, following, and telling by law."""

import pytest

from casework import commands as c
from casework.errors import (
    AlreadyDecidedError,
    ConflictOfInterestError,
    ForbiddenError,
    FourEyesError,
    InvalidInputError,
    NotFoundError,
    RevisionConflictError,
)
from casework.models.codes import PlanStatus, Stage
from casework.models.pathway import Category, Risk
from tests.play import CASEWORKER, COORDINATOR, HEAD, HOSPITAL, POLICE, PROVINCIAL, SUPERVISOR, opened


def test_who_may_and_whose_case_it_is() -> None:
    """Role first, then office, then revision."""
    play = opened()
    body = c.RecordAssessment.model_validate({"risk": "high"})
    with pytest.raises(ForbiddenError):
        play.give(body, COORDINATOR)
    with pytest.raises(NotFoundError):
        play.give(body, PROVINCIAL)
    with pytest.raises(RevisionConflictError) as refused:
        play.give(body, revision=7)
    assert refused.value.extra["revision"] == 1


def test_a_conflict_of_interest_refuses_the_caseworker() -> None:
    """As the desk found it."""
    with pytest.raises(ConflictOfInterestError):
        opened().do(c.AssignCase, SUPERVISOR, caseworker_id="caseworker", facts={"conflict": True})


def test_unclassified_is_replaced_and_never_comes_back() -> None:
    """The first assessment names a category; no later one adds `unclassified`."""
    play = opened(categories=["unclassified"])
    for added in ([], ["unclassified"], ["unclassified", "trafficking"]):
        with pytest.raises(InvalidInputError):
            play.do(c.RecordAssessment, risk="high", categories_added=added)
    play.do(c.RecordAssessment, risk="high", categories_added=["trafficking"])
    assert play.state.categories == (Category.TRAFFICKING,)
    with pytest.raises(InvalidInputError):
        play.do(c.RecordAssessment, risk="high", categories_added=["unclassified"])


def test_findings_of_a_category_named_with_them() -> None:
    """Incest is a finding of sexual violence, and adds domestic violence."""
    play = opened(categories=["unclassified"])
    play.do(c.RecordAssessment, risk="high", categories_added=["sexual_violence"], findings=["incest"])
    assert set(play.state.categories) == {Category.SEXUAL_VIOLENCE, Category.DOMESTIC_VIOLENCE}
    with pytest.raises(InvalidInputError):
        opened().do(c.RecordAssessment, risk="high", findings=["incest"])


def test_the_72_hours_of_a_later_finding_run_from_it() -> None:
    """Not from the report."""
    play = opened().later(days=4)
    play.do(c.RecordAssessment, risk="high", findings=["sexual_act"])
    (clock,) = play.running("tpks_report_police")
    assert clock.since == play.now


def test_nobody_rates_a_risk_unassessed() -> None:
    """Neither by assessment, nor by review, nor by follow-up."""
    play = opened().assessed()
    for body, by in (
        (c.RecordAssessment(risk=Risk.UNASSESSED), CASEWORKER),
        (c.RecordReview(risk=Risk.UNASSESSED), SUPERVISOR),
        (c.RecordFollowUp(at=play.now, reached=True, risk=Risk.UNASSESSED), CASEWORKER),
    ):
        with pytest.raises(InvalidInputError):
            play.give(body, by)


def test_a_new_risk_moves_the_clocks() -> None:
    """From when they began."""
    play = opened().assessed()
    (before,) = play.running("plan")
    play.do(c.RecordReview, SUPERVISOR, risk="low")
    (after,) = play.running("plan")
    assert after.since == before.since
    assert after.due_at > before.due_at


def test_four_eyes_on_a_plan() -> None:
    """The proposer never decides; a decided plan is not decided again."""
    play = opened().assessed()
    play.do(c.ProposePlan, SUPERVISOR, goals=["Aman"])
    assert play.state.stage is Stage.PLANNING
    with pytest.raises(FourEyesError):
        play.do(c.DecidePlan, SUPERVISOR, decision="return")
    play.do(c.DecidePlan, HEAD, decision="return", reason="Kurang.")
    assert (play.state.stage, play.state.plan and play.state.plan.status) == (Stage.PLANNING, PlanStatus.RETURNED)
    with pytest.raises(AlreadyDecidedError):
        play.do(c.DecidePlan, HEAD, decision="approve")


def test_default_services_are_planned_or_waived_with_a_reason() -> None:
    """Each one missing is named; a waiver without a reason is none."""
    play = opened(categories=["sexual_violence"]).assessed()
    play.do(c.ProposePlan, services=[{"service": "health"}])
    with pytest.raises(InvalidInputError) as refused:
        play.do(c.DecidePlan, SUPERVISOR, decision="approve", waived=[{"service": "psychosocial"}])
    assert len(refused.value.extra["errors"]) == 2
    waived = [{"service": s, "reason": "Tidak perlu."} for s in ("psychosocial", "witness_protection")]
    play.do(c.DecidePlan, SUPERVISOR, decision="approve", waived=waived)
    assert play.state.stage is Stage.REFERRAL


# ---- telling by law


def test_telling_the_police_is_telling_the_police() -> None:
    """Not the school, not nobody: the clock of 72 hours ends by it."""
    play = opened(categories=["sexual_violence"])
    for agency in (None, "dinas-pendidikan"):
        body = c.Notify.model_validate({"kind": "police", "agency_id": agency, "explained_to_client": True})
        with pytest.raises(InvalidInputError):
            play.give(body)
    with pytest.raises(InvalidInputError):
        play.give(c.Notify.model_validate({"kind": "police", "agency_id": "unit-ppa-polres"}))
    body = c.Notify.model_validate({"kind": "police", "agency_id": "unit-ppa-polres", "explained_to_client": True})
    notification = play.give(body).event.subject_id
    assert not play.running("tpks_report_police")

    with pytest.raises(NotFoundError):
        play.do(c.ReceiveNotification, HOSPITAL, subject_id=str(notification))
    play.do(c.ReceiveNotification, POLICE, subject_id=str(notification), reference="LP/1")
    assert ("notification_received", "dinas-pppappkb") in play.told
    with pytest.raises(AlreadyDecidedError):
        play.do(c.ReceiveNotification, POLICE, subject_id=str(notification))
