"""Where the commands of a scenario are given: its cases so far, and somebody for each of them who may."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from temporalio.client import Client

from casework.events import EventKind
from casework.ids import new_id, workflow_id
from casework.models.codes import OPEN_REFERRALS
from casework.models.people import ENGINE, ITSELF, Actor, Role
from casework.models.state import CaseState, Referral
from casework.ports import Directory, Reads
from starter.asking import Asking
from starter.cases import Cases
from starter.demo.scenario import Scenario
from workflows.case import CaseWorkflow


@dataclass
class Scene:
    """What the commands of one playing need."""

    scenario: Scenario
    cases: Cases
    client: Client
    account: Callable[[Role, str], Actor]
    directory: Directory
    reads: Reads
    case_ids: dict[str, str] = field(default_factory=dict)
    risks: dict[str, str] = field(default_factory=dict)

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
        handle = self.client.get_workflow_handle(workflow_id(self.case_ids[letter]))
        state = await handle.query(CaseWorkflow.state)
        assert state is not None  # noqa: S101  its opening was waited for
        return state

    async def referral(self, letter: str, service: str) -> Referral:
        """The referral of a service: the open one, else the last."""
        found = [r for r in (await self.state(letter)).referrals.values() if r.service == service]
        return next((r for r in reversed(found) if r.status in OPEN_REFERRALS), found[-1])

    async def rungs(self, letter: str) -> int:
        """How many rungs the engine has told on a case by itself, as its log has them."""
        log = await asyncio.to_thread(self.reads.log, ITSELF, self.case_ids[letter], (EventKind.CASE_ESCALATED,))
        return sum(row["account_id"] == ENGINE for row in log)
