"""Plays a year: moves the one clock from step to step and gives each command as who gives it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from temporalio.client import Client

from casework.commands import Command
from casework.errors import EngineUnavailableError
from casework.ids import new_id, workflow_id
from casework.models.people import Actor
from casework.models.state import CaseState, Receipt
from starter.asking import Asking
from starter.cases import Cases, Queued
from starter.demo.clock import Clock
from starter.year.acts import LOOKS, MAKES, command, opening
from starter.year.diary import Step
from starter.year.plans import Plan
from workflows.case import CaseWorkflow

TOGETHER = timedelta(minutes=20)
"""What people do on several cases within such a while is given side by side."""
NOTIFIED = "notified"
TIMES = 50


@dataclass(frozen=True)
class Act:
    """One command of one case; without a step, its opening."""

    at: datetime
    plan: Plan
    step: Step | None = None


@dataclass
class Case:
    """A case as it is played: its id, and the ids of what its commands made."""

    case_id: str
    made: dict[str, str] = field(default_factory=dict)


@dataclass
class Year:
    """One playing of a year's plans."""

    cases: Cases
    client: Client
    clock: Clock
    people: Mapping[str, Actor]
    played: dict[int, Case] = field(default_factory=dict)

    async def play(self, plans: Iterable[Plan], ends: datetime, advance: Callable[[int], None]) -> None:
        """All of it, in order of time, up to the end; `advance` hears of how many commands were given."""
        for acts in batches(sorted(acts_of(plans), key=lambda act: act.at)):
            await self.clock.move_to(acts[-1].at)
            await asyncio.gather(*map(self._of_case, by_case(acts)))
            advance(len(acts))
        await self.clock.move_to(ends)

    async def state(self, case_id: str) -> CaseState:
        """What the case's workflow knows."""
        state = await self.client.get_workflow_handle(workflow_id(case_id)).query(CaseWorkflow.state)
        assert state is not None  # noqa: S101  its opening was waited for
        return state

    async def _of_case(self, acts: list[Act]) -> None:
        for act in acts:
            if act.step is None:
                await self._open(act.plan)
            else:
                await self._give(act.plan, act.step)

    async def _open(self, plan: Plan) -> None:
        asking = Asking(actor=self.people[plan.report.by], key=new_id())
        receipt = await insist(lambda: self.cases.open(asking, opening(plan)))
        self.played[plan.number] = Case(receipt.case_id)

    async def _give(self, plan: Plan, step: Step) -> None:
        case = self.played[plan.number]
        subject = None if step.command in MAKES else case.made.get(step.about or "")
        state = await self.state(case.case_id) if step.command in LOOKS else None
        body = command(plan, step, lambda username: self.people[username].account_id, state, subject)
        asking = Asking(actor=self.people[step.by], case_id=case.case_id, key=new_id(), subject_id=subject)
        give: Callable[[Asking, Command], Awaitable[Receipt]] = getattr(self.cases, step.command)
        receipt = await insist(lambda: give(asking, body))
        if step.command in MAKES and receipt.subject_id:
            case.made[step.about or NOTIFIED] = receipt.subject_id


async def insist(give: Callable[[], Awaitable[Receipt]]) -> Receipt:
    """Repeat a command under its key while the engine is too busy to answer."""
    for _ in range(TIMES - 1):
        with suppress(EngineUnavailableError, Queued):
            return await give()
    return await give()


def acts_of(plans: Iterable[Plan]) -> Iterator[Act]:
    """Every command of a year."""
    for plan in plans:
        yield Act(plan.report.entered, plan)
        yield from (Act(step.at, plan, step) for step in plan.steps)


def batches(acts: Iterable[Act]) -> Iterator[list[Act]]:
    """Acts, in order of time, by the while in which they fall."""
    batch: list[Act] = []
    for act in acts:
        if batch and act.at - batch[0].at > TOGETHER:
            yield batch
            batch = []
        batch.append(act)
    if batch:
        yield batch


def by_case(acts: Iterable[Act]) -> list[list[Act]]:
    """The acts of each case, in order."""
    found: dict[int, list[Act]] = {}
    for act in acts:
        found.setdefault(act.plan.number, []).append(act)
    return list(found.values())
