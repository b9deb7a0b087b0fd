"""Plays a scenario: moves the one clock to each step and gives its commands as who may give them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from temporalio.testing import WorkflowEnvironment

from casework import commands as c
from casework.ids import new_id, workflow_id
from casework.models.codes import OPEN_REFERRALS
from casework.models.people import Actor, Role
from casework.models.state import CaseState, Receipt, Referral
from casework.ports import Directory
from starter.asking import Asking
from starter.cases import Cases
from starter.demo import bodies
from starter.demo.scenario import Scenario, ScenarioStep
from workflows.case import CaseWorkflow

BETWEEN = timedelta(minutes=1)
"""Between the commands of one step."""


@dataclass
class Clock:
    """The engine's clock, shifted to the scenario's year."""

    environment: WorkflowEnvironment
    shift: timedelta
    reads: datetime

    async def move_to(self, instant: datetime) -> None:
        """Let time pass until an instant; one already past is now."""
        now = await self.environment.get_current_time() + self.shift
        if instant > now:
            await self.environment.sleep(instant - now)
        self.reads = max(instant, await self.environment.get_current_time() + self.shift)

    def now(self) -> datetime:
        """The clock port of the demonstration."""
        return self.reads + timedelta(seconds=30)


@dataclass
class Player:
    """One playing of a scenario."""

    scenario: Scenario
    cases: Cases
    environment: WorkflowEnvironment
    clock: Clock
    account: Callable[[Role, str], Actor]
    directory: Directory
    case_ids: dict[str, str] = field(default_factory=dict)
    risks: dict[str, str] = field(default_factory=dict)

    async def play(self, advance: Callable[[str], None]) -> None:
        """All of it, in order of time; `advance` hears of each step done."""
        for at, doing, what in self._agenda():
            await self.clock.move_to(at)
            await doing()
            advance(what)

    def _agenda(self) -> list[tuple[datetime, Callable[[], Awaitable[None]], str]]:
        agenda: list[tuple[datetime, Callable[[], Awaitable[None]], str]] = []
        for step in self.scenario.steps:
            agenda.append((self.scenario.instant(step.at), self._doing(step), step.what))
            if step.answer:
                agenda.append((self.scenario.instant(step.answer.at), self._answering(step), "answer"))
        return sorted(agenda, key=lambda entry: entry[0])

    def _doing(self, step: ScenarioStep) -> Callable[[], Awaitable[None]]:
        async def do() -> None:
            start = self.scenario.instant(step.at)
            for index, command in enumerate(step.commands):
                await self.clock.move_to(start + index * BETWEEN)
                for letter in step.cases:
                    fields = bodies.fields_for(step, command, letter, self.scenario)
                    await COMMANDS[command](self, step, letter, fields)

        return do

    def _answering(self, step: ScenarioStep) -> Callable[[], Awaitable[None]]:
        async def do() -> None:
            assert step.answer is not None  # noqa: S101  asked for only where there is one
            for letter in step.cases:
                for asked in bodies.referrals_of(bodies.fields_for(step, "refer_case", letter, self.scenario)):
                    await answer(self, step, letter, {"service": asked["service"], "answer": step.answer.answer})

        return do

    @property
    def lead(self) -> str:
        """The office whose cases these are."""
        return self.scenario.agencies[0]

    def asking(self, letter: str, role: Role, agency_id: str | None = None, subject_id: str | None = None) -> Asking:
        """As somebody who may."""
        actor = self.account(role, agency_id or self.lead)
        return Asking(actor=actor, case_id=self.case_ids.get(letter, ""), key=new_id(), subject_id=subject_id)

    async def state(self, letter: str) -> CaseState:
        """What the case's workflow knows."""
        handle = self.environment.client.get_workflow_handle(workflow_id(self.case_ids[letter]))
        state = await handle.query(CaseWorkflow.state)
        assert state is not None  # noqa: S101  its opening was waited for
        return state

    async def referral(self, letter: str, service: str) -> Referral:
        """The referral of a service: the open one, else the last."""
        found = [r for r in (await self.state(letter)).referrals.values() if r.service == service]
        return next((r for r in reversed(found) if r.status in OPEN_REFERRALS), found[-1])


Do = Callable[[Player, ScenarioStep, str, dict[str, Any]], Awaitable[Any]]


async def open_case(player: Player, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> None:
    at = player.scenario.instant(step.at)
    body = bodies.opening(fields, at, list(player.case_ids.values()))
    receipt = await player.cases.open(player.asking(letter, Role.CASEWORKER), c.OpenCase.model_validate(body))
    player.case_ids[letter] = receipt.case_id
    player.risks[letter] = fields.get("risk", "unassessed")


async def assign(player: Player, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    caseworker = player.account(Role.CASEWORKER, player.lead)
    body = c.AssignCase(caseworker_id=caseworker.account_id)
    return await player.cases.assign(player.asking(letter, Role.SUPERVISOR), body)


async def assess(player: Player, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    risk = fields.get("risk", player.risks[letter])
    player.risks[letter] = "medium" if risk == "unassessed" else risk
    body = {**bodies.known(c.RecordAssessment, fields), "risk": player.risks[letter]}
    return await player.cases.assess(player.asking(letter, Role.CASEWORKER), c.RecordAssessment.model_validate(body))


async def propose_plan(player: Player, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    body = c.ProposePlan.model_validate(bodies.plan(player.scenario, step, letter))
    return await player.cases.propose_plan(player.asking(letter, Role.CASEWORKER), body)


async def approve_plan(player: Player, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    body = c.DecidePlan.model_validate(bodies.approval(await player.state(letter)))
    return await player.cases.decide_plan(player.asking(letter, Role.SUPERVISOR), body)


async def refer(player: Player, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> None:
    for asked in bodies.referrals_of(fields):
        body = c.ReferCase.model_validate(bodies.referral(asked, await player.state(letter)))
        receipt = await player.cases.refer(player.asking(letter, Role.CASEWORKER), body)
        if body.consent:
            asking = player.asking(letter, Role.SUPERVISOR, subject_id=receipt.subject_id)
            await player.cases.decide_override(asking, c.DecideOverride.model_validate({"decision": "confirm"}))


async def _as_receiver(player: Player, letter: str, fields: dict[str, Any]) -> Asking:
    referral = await player.referral(letter, fields["service"])
    return player.asking(letter, Role.AGENCY_OFFICER, referral.agency_id, referral.id)


async def answer(player: Player, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    body = c.AnswerReferral.model_validate(bodies.known(c.AnswerReferral, fields))
    return await player.cases.answer(await _as_receiver(player, letter, fields), body)


async def report_progress(player: Player, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    body = {"at": player.scenario.instant(step.at), **bodies.known(c.ReportProgress, fields)}
    asking = await _as_receiver(player, letter, fields)
    return await player.cases.report_progress(asking, c.ReportProgress.model_validate(body))


async def complete(player: Player, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    body = {"outcome": "service_provided", **bodies.known(c.CompleteReferral, fields)}
    asking = await _as_receiver(player, letter, fields)
    return await player.cases.complete(asking, c.CompleteReferral.model_validate(body))


async def notify_police(player: Player, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    named = [agency_id for agency_id in player.scenario.agencies if _is_police(player, agency_id)]
    body = {"kind": "police", "agency_id": named[0] if named else "unit-ppa-polres", "explained_to_client": True}
    return await player.cases.notify(player.asking(letter, Role.CASEWORKER), c.Notify.model_validate(body))


def _is_police(player: Player, agency_id: str) -> bool:
    agency = player.directory.get(agency_id)
    return agency is not None and agency.kind == "police"


async def record_conference(player: Player, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    body = {"at": player.scenario.instant(step.at), **bodies.known(c.RecordConference, fields)}
    return await player.cases.record_conference(
        player.asking(letter, Role.CASEWORKER), c.RecordConference.model_validate(body)
    )


async def record_follow_up(player: Player, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    body = {"at": player.scenario.instant(step.at), "reached": True, **bodies.known(c.RecordFollowUp, fields)}
    return await player.cases.record_follow_up(
        player.asking(letter, Role.CASEWORKER), c.RecordFollowUp.model_validate(body)
    )


async def request_closure(player: Player, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    body = bodies.closing(bodies.known(c.RequestClosure, fields), await player.state(letter))
    return await player.cases.request_closure(
        player.asking(letter, Role.CASEWORKER), c.RequestClosure.model_validate(body)
    )


async def approve_closure(player: Player, step: ScenarioStep, letter: str, fields: dict[str, Any]) -> Receipt:
    body = c.DecideClosure.model_validate({"decision": "approve"})
    return await player.cases.decide_closure(player.asking(letter, Role.SUPERVISOR), body)


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
