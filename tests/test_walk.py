"""The walk of a case from report to closure, on a real engine and a real database."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from casework import commands as c
from casework.errors import ClosureBlockedError, FourEyesError, ReferralBlockedError
from casework.models.people import Role
from tests.stack import Stack

INTAKES = Path(__file__).parent.parent / "examples" / "intakes"

PLAN = {
    "goals": ["Pulih dan aman"],
    "services": [
        {"service": "health", "agency_id": "rsud-muaradua"},
        {"service": "psychosocial"},
        {"service": "social_rehabilitation"},
        {"service": "witness_protection"},
    ],
}


def walk_in(now: datetime | None = None) -> c.OpenCase:
    """The example report of a walk-in, its two times set to today."""
    at = (now or datetime.now(UTC)) - timedelta(hours=1)
    body = json.loads((INTAKES / "walk-in-sexual-violence.json").read_text())
    body |= {"reported_at": at.isoformat(), "incident_at": (at - timedelta(hours=11)).isoformat()}
    return c.OpenCase.model_validate(body)


async def opened(app: Stack) -> str:
    """A case opened and assigned."""
    receipt = await app.cases.open(app.ask(app.caseworker), walk_in())
    await app.cases.assign(
        app.ask(app.supervisor, receipt.case_id), c.AssignCase(caseworker_id=app.caseworker.account_id)
    )
    return receipt.case_id


async def assessed(app: Stack) -> str:
    """A case opened, assigned and assessed."""
    case_id = await opened(app)
    body = c.RecordAssessment.model_validate({"risk": "high", "needs": ["health"], "narrative": "Korban aman."})
    await app.cases.assess(app.ask(app.caseworker, case_id), body)
    return case_id


async def planned(app: Stack) -> str:
    """A case with an approved plan."""
    case_id = await assessed(app)
    plan = c.ProposePlan.model_validate(PLAN)
    await app.cases.propose_plan(app.ask(app.caseworker, case_id), plan)
    await app.cases.decide_plan(app.ask(app.supervisor, case_id), c.DecidePlan.model_validate({"decision": "approve"}))
    return case_id


def refer(agency_id: str, service: str) -> c.ReferCase:
    """A referral on the consent given at opening."""
    return c.ReferCase.model_validate(
        {"agency_id": agency_id, "service": service, "urgency": "urgent", "disclose": ["identity"], "reason": "Perlu."}
    )


async def completed(app: Stack, case_id: str, referral_id: str, officer: str, agency_id: str) -> None:
    """Accepted and completed by its receiver."""
    actor = app.actor(officer, Role.AGENCY_OFFICER, agency_id)
    ask = app.ask(actor, case_id, subject_id=referral_id)
    await app.cases.answer(ask, c.AnswerReferral.model_validate({"answer": "accepted"}))
    ask = app.ask(actor, case_id, subject_id=referral_id)
    await app.cases.complete(ask, c.CompleteReferral.model_validate({"outcome": "service_provided"}))


async def test_walk_from_report_to_closure(app: Stack) -> None:
    """Every step of the walk is in the log, once, in order, with its actor."""
    case_id = await planned(app)
    cases, caseworker = app.cases, app.caseworker

    with pytest.raises(ReferralBlockedError):
        await cases.refer(app.ask(caseworker, case_id), refer("dinas-sosial", "mediation"))
    notification = {"kind": "police", "agency_id": "unit-ppa-polres", "explained_to_client": True}
    await cases.notify(app.ask(caseworker, case_id), c.Notify.model_validate(notification))
    police = await cases.refer(app.ask(caseworker, case_id), refer("unit-ppa-polres", "police"))
    hospital = await cases.refer(app.ask(caseworker, case_id), refer("rsud-muaradua", "health"))
    court = await cases.refer(app.ask(caseworker, case_id), refer("pengadilan-negeri", "court"))
    await completed(app, case_id, str(police.subject_id), "police", "unit-ppa-polres")
    await completed(app, case_id, str(hospital.subject_id), "hospital", "rsud-muaradua")
    follow_up = {"at": datetime.now(UTC).isoformat(), "reached": True, "method": "visit", "note": "Baik."}
    await cases.record_follow_up(app.ask(caseworker, case_id), c.RecordFollowUp.model_validate(follow_up))
    closure = c.RequestClosure.model_validate({"reason": "goals_met", "client_informed": True})
    with pytest.raises(ClosureBlockedError) as refused:
        await cases.request_closure(app.ask(caseworker, case_id), closure)
    assert [blocker["referral_id"] for blocker in refused.value.extra["blockers"]] == [court.subject_id]
    await completed(app, case_id, str(court.subject_id), "court", "pengadilan-negeri")
    await cases.request_closure(app.ask(caseworker, case_id), closure)
    decision = c.DecideClosure.model_validate({"decision": "approve"})
    await cases.decide_closure(app.ask(app.supervisor, case_id), decision)

    log = app.log(case_id)
    assert [row["kind"] for row in log] == [
        "CaseOpened",
        "CaseAssigned",
        "AssessmentRecorded",
        "PlanProposed",
        "PlanApproved",
        "NotificationMade",
        "ReferralSent",
        "ReferralSent",
        "ReferralSent",
        "ReferralAccepted",
        "ReferralCompleted",
        "ReferralAccepted",
        "ReferralCompleted",
        "FollowUpRecorded",
        "ReferralAccepted",
        "ReferralCompleted",
        "ClosureRequested",
        "CaseClosed",
    ]
    assert [row["sequence"] for row in log] == list(range(1, 19))
    row = app.outside.reads.case(app.supervisor, case_id)
    assert row is not None
    assert (row["stage"], row["status"]) == ("closed", "closed")


async def test_who_proposed_the_plan_cannot_approve_it(app: Stack) -> None:
    """Four eyes: a supervisor's own proposal is for the head."""
    case_id = await assessed(app)
    plan = c.ProposePlan.model_validate({"services": [{"service": "health"}]})
    await app.cases.propose_plan(app.ask(app.supervisor, case_id), plan)

    with pytest.raises(FourEyesError):
        await app.cases.decide_plan(
            app.ask(app.supervisor, case_id), c.DecidePlan.model_validate({"decision": "approve"})
        )
