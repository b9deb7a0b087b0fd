"""A step of a plan as the command it stands for, filled in from what the case has become. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from casework import commands as c
from casework.models.state import CaseState
from casework.rules.assessment import missing_services
from starter.demo.bodies import closing
from starter.year.diary import Step
from starter.year.lives import REASON
from starter.year.plans import Plan

BODIES: Mapping[str, type[c.Command]] = {
    "assign": c.AssignCase,
    "assess": c.RecordAssessment,
    "record_service": c.RecordService,
    "record_milestone": c.RecordMilestone,
    "notify": c.Notify,
    "receive_notification": c.ReceiveNotification,
    "propose_plan": c.ProposePlan,
    "decide_plan": c.DecidePlan,
    "refer": c.ReferCase,
    "answer": c.AnswerReferral,
    "report_progress": c.ReportProgress,
    "complete": c.CompleteReferral,
    "revoke": c.RevokeReferral,
    "send_reminder": c.SendReminder,
    "record_follow_up": c.RecordFollowUp,
    "record_review": c.RecordReview,
    "request_closure": c.RequestClosure,
    "decide_closure": c.DecideClosure,
    "reopen": c.ReopenCase,
}
"""By the name that the asking side gives each command."""
MAKES = frozenset({"refer", "notify"})
"""Commands that make what later steps are about."""
LOOKS = frozenset({"decide_plan", "send_reminder", "request_closure"})
"""Commands for which the state of the case is looked at first."""


def opening(plan: Plan) -> c.OpenCase:
    """The report of a plan."""
    return c.OpenCase.model_validate(plan.report.body)


def command(
    plan: Plan, step: Step, account_of: Callable[[str], str], state: CaseState | None, subject_id: str | None
) -> c.Command:
    """The body of a step; `state` is needed for the commands in `LOOKS`."""
    kind = BODIES[step.command]
    timed = {"at": step.at} if "at" in kind.model_fields else {}
    fields = {**timed, **step.fields, **_filled(plan, step, account_of, state, subject_id)}
    return kind.model_validate({name: value for name, value in fields.items() if name in kind.model_fields})


def _filled(
    plan: Plan, step: Step, account_of: Callable[[str], str], state: CaseState | None, subject_id: str | None
) -> Mapping[str, Any]:
    match step.command:
        case "assign":
            return {"caseworker_id": account_of(step.fields["caseworker"])}
        case "propose_plan":
            return {"goals": [REASON], "services": _services(plan)}
        case "decide_plan" if state and step.fields["decision"] == "approve":
            missing = missing_services(state, state.plan) if state.plan else ()
            return {"waived": [{"service": service, "reason": REASON} for service in missing]}
        case "send_reminder" if state:
            running = (d for d in state.deadlines.values() if d.running and d.referral_id == subject_id)
            return {"deadline_id": next(d.id for d in running if d.kind == "referral_answer")}
        case "request_closure" if state:
            return closing(step.fields, state)
    return {}


def _services(plan: Plan) -> list[dict[str, Any]]:
    asked = (step.fields for step in plan.steps if step.command == "refer")
    return [{"service": fields["service"], "agency_id": fields["agency_id"]} for fields in asked]
