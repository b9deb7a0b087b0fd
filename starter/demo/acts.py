"""What each command of a scenario does: what it leaves out is filled in, and it is given as who may give it."""

from collections.abc import Awaitable, Callable
from typing import Any

from casework import commands as c
from casework.models.people import Role
from casework.models.state import Receipt
from starter.asking import Asking
from starter.demo import bodies
from starter.demo.scenario import ScenarioStep
from starter.demo.scene import Scene

REGISTER = "national_register_entry"

Do = Callable[[Scene, ScenarioStep, str, dict[str, Any]], Awaitable[Any]]


async def open_case(scene: Scene, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> None:
    at = scene.scenario.instant(step.at)
    body = c.OpenCase.model_validate(bodies.opening(fields, at, list(scene.case_ids.values())))
    receipt = await scene.cases.open(scene.asking(letter, Role.CASEWORKER), body)
    scene.case_ids[letter] = receipt.case_id
    scene.risks[letter] = fields.get("risk", "unassessed")


async def assign(scene: Scene, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    caseworker = scene.account(Role.CASEWORKER, scene.lead)
    body = c.AssignCase(caseworker_id=caseworker.account_id)
    return await scene.cases.assign(scene.asking(letter, Role.SUPERVISOR), body)


async def assess(scene: Scene, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    risk = fields.get("risk", scene.risks[letter])
    scene.risks[letter] = "medium" if risk == "unassessed" else risk
    body = {**bodies.known(c.RecordAssessment, fields), "risk": scene.risks[letter]}
    asking = scene.asking(letter, Role.CASEWORKER)
    receipt = await scene.cases.assess(asking, c.RecordAssessment.model_validate(body))
    await _enter_in_register(scene, step, letter)
    return receipt


async def _enter_in_register(scene: Scene, step: ScenarioStep, letter: str) -> None:
    """No account tells of the entry in the national register; it is taken to be made with the first assessment."""
    deadlines = (await scene.state(letter)).deadlines.values()
    if any(deadline.kind == REGISTER and deadline.running for deadline in deadlines):
        body = c.RecordMilestone(kind=REGISTER, at=scene.scenario.instant(step.at))
        await scene.cases.record_milestone(scene.asking(letter, Role.CASEWORKER), body)


async def propose_plan(scene: Scene, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    body = c.ProposePlan.model_validate(bodies.plan(scene.scenario, step, letter))
    return await scene.cases.propose_plan(scene.asking(letter, Role.CASEWORKER), body)


async def approve_plan(scene: Scene, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    body = c.DecidePlan.model_validate(bodies.approval(await scene.state(letter)))
    return await scene.cases.decide_plan(scene.asking(letter, Role.SUPERVISOR), body)


async def refer(scene: Scene, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> None:
    for asked in bodies.referrals_of(fields):
        body = c.ReferCase.model_validate(bodies.referral(asked, await scene.state(letter)))
        receipt = await scene.cases.refer(scene.asking(letter, Role.CASEWORKER), body)
        if body.consent:
            asking = scene.asking(letter, Role.SUPERVISOR, subject_id=receipt.subject_id)
            await scene.cases.decide_override(asking, c.DecideOverride.model_validate({"decision": "confirm"}))


async def _as_receiver(scene: Scene, letter: str, fields: dict[str, Any]) -> Asking:
    referral = await scene.referral(letter, fields["service"])
    return scene.asking(letter, Role.AGENCY_OFFICER, referral.agency_id, referral.id)


async def answer(scene: Scene, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    body = c.AnswerReferral.model_validate(bodies.known(c.AnswerReferral, fields))
    return await scene.cases.answer(await _as_receiver(scene, letter, fields), body)


async def report_progress(scene: Scene, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    body = {"at": scene.scenario.instant(step.at), **bodies.known(c.ReportProgress, fields)}
    asking = await _as_receiver(scene, letter, fields)
    return await scene.cases.report_progress(asking, c.ReportProgress.model_validate(body))


async def complete(scene: Scene, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    body = {"outcome": "service_provided", **bodies.known(c.CompleteReferral, fields)}
    asking = await _as_receiver(scene, letter, fields)
    return await scene.cases.complete(asking, c.CompleteReferral.model_validate(body))


async def notify_police(scene: Scene, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    named = [agency_id for agency_id in scene.scenario.agencies if _is_police(scene, agency_id)]
    body = {"kind": "police", "agency_id": named[0] if named else "unit-ppa-polres", "explained_to_client": True}
    return await scene.cases.notify(scene.asking(letter, Role.CASEWORKER), c.Notify.model_validate(body))


def _is_police(scene: Scene, agency_id: str) -> bool:
    agency = scene.directory.get(agency_id)
    return agency is not None and agency.kind == "police"


async def record_conference(scene: Scene, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    body = {"at": scene.scenario.instant(step.at), **bodies.known(c.RecordConference, fields)}
    return await scene.cases.record_conference(
        scene.asking(letter, Role.CASEWORKER), c.RecordConference.model_validate(body)
    )


async def record_follow_up(scene: Scene, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    body = {"at": scene.scenario.instant(step.at), "reached": True, **bodies.known(c.RecordFollowUp, fields)}
    return await scene.cases.record_follow_up(
        scene.asking(letter, Role.CASEWORKER), c.RecordFollowUp.model_validate(body)
    )


async def request_closure(scene: Scene, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    body = bodies.closing(bodies.known(c.RequestClosure, fields), await scene.state(letter))
    return await scene.cases.request_closure(
        scene.asking(letter, Role.CASEWORKER), c.RequestClosure.model_validate(body)
    )


async def approve_closure(scene: Scene, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    body = c.DecideClosure.model_validate({"decision": "approve"})
    return await scene.cases.decide_closure(scene.asking(letter, Role.SUPERVISOR), body)


COMMANDS: dict[str, Do] = {
    "open_case": open_case,
    "assign_case": assign,
    "record_assessment": assess,
    "propose_plan": propose_plan,
    "approve_plan": approve_plan,
    "refer_case": refer,
    "answer_referral": answer,
    "report_progress": report_progress,
    "complete_referral": complete,
    "notify_police": notify_police,
    "record_conference": record_conference,
    "record_follow_up": record_follow_up,
    "request_closure": request_closure,
    "approve_closure": approve_closure,
}
