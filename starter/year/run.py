"""One playing of a year on the databases of a `tuntas up`, and its cases handed over to that one's engine."""

import asyncio
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner

from casework.assembly import Adapters, adapters, office
from casework.db.store import SqlCaseStore
from casework.events import Recording
from casework.ids import workflow_id
from casework.models.people import Actor
from casework.models.state import CaseState, Written
from casework.opening import CaseInput
from casework.settings import Settings
from casework.temporal.codec import data_converter
from casework.temporal.connect import connect
from casework.temporal.names import CASES
from starter.cases import Cases
from starter.demo import ground
from starter.demo.clock import Clock
from starter.demo.run import closing, register, worker
from starter.desk import Desk
from starter.outreach import OutreachBook
from starter.year.plans import DAYS, Plan, district_year
from starter.year.playing import Year
from starter.year.talks import talks
from workflows.attributes import attributes
from workflows.case import CaseWorkflow

BEFORE = timedelta(days=DAYS + 2)
"""The clock stands so long before the end when the playing begins."""
AT_A_TIME = 20
RECORDS = "supervisor"
"""Who records outreach, of the demonstration accounts."""
PATIENCE = 4.0
"""Seconds that a command waits before it is repeated under its key: a busy time machine loses one now and then."""


class OccupiedError(Exception):
    """There are cases already: made-up ones are kept apart from them."""


class Untold(SqlCaseStore):
    """The store of a made-up year: nobody is told of what has long been over."""

    def record(self, recording: Recording) -> Written:
        """As always, without its notices."""
        return super().record(recording.model_copy(update={"notices": ()}))


@dataclasses.dataclass(frozen=True)
class Asked:
    """What year is wanted."""

    cases: int
    seed: int
    ends: datetime


async def run(settings: Settings, asked: Asked, advance: Callable[[int, int], None]) -> Sequence[str]:
    """Play it and hand its cases over to the engine of the settings; their ids.

    `advance` hears of how many commands were given, of how many. Raises OccupiedError where there are cases already.
    """
    with closing(adapters(settings)) as outside:
        if outside.patrol.offices():
            raise OccupiedError
        plans = district_year(asked.cases, asked.ends, asked.seed, ZoneInfo(settings.timezone))
        async with ground.time_machine(data_converter(outside.keys, outside.root)) as environment:
            await register(environment)
            states = await _played(outside, environment, plans, asked, advance)
        client = await connect(settings, outside.keys, outside.root)
        await hand_over(client, states, settings.rollover_events)
    return [state.case_id for state in states]


async def _played(
    outside: Adapters,
    environment: WorkflowEnvironment,
    plans: Sequence[Plan],
    asked: Asked,
    advance: Callable[[int, int], None],
) -> list[CaseState]:
    """The year on a clock of its own; the states that its cases are left in."""
    begins = asked.ends - BEFORE
    shift = begins - await environment.get_current_time()
    clock = Clock(environment, shift, begins)
    own = office(outside.settings, clock.now)
    untold = dataclasses.replace(outside, store=Untold(outside.engine))
    desk = Desk(own, *untold.for_desk())
    cases = Cases(environment.client, desk, wait=PATIENCE, clock_shift=shift.total_seconds())
    year = Year(cases, environment.client, clock, people(outside, plans))
    total = sum(1 + len(plan.steps) for plan in plans)
    with ThreadPoolExecutor(8) as threads:
        # The sandbox watches over code, which the tests do; here it would only take a third of the time.
        async with worker(environment, untold, threads, UnsandboxedWorkflowRunner()):
            await year.play(plans, asked.ends, lambda done: advance(done, total))
            await asyncio.to_thread(_talked, outside, desk, asked)
            return [await year.state(case.case_id) for case in year.played.values()]


def _talked(outside: Adapters, desk: Desk, asked: Asked) -> None:
    """The outreach of the year, recorded when it ends: of promises that were kept nobody is told."""
    account = outside.accounts.by_username(RECORDS)
    if account is None:
        return
    agencies = frozenset(each.id for each in outside.directory)
    book = OutreachBook(desk, outside.outreach, outside.outreach_effects, agencies)
    for entry in talks(book.today, asked.seed):
        book.record(account.actor, entry, None)


def people(outside: Adapters, plans: Sequence[Plan]) -> Mapping[str, Actor]:
    """Who takes part, of the demonstration accounts."""
    names = {plan.report.by for plan in plans}.union(step.by for plan in plans for step in plan.steps)
    names |= {step.fields["caseworker"] for plan in plans for step in plan.steps if step.command == "assign"}
    found = {name: outside.accounts.by_username(name) for name in sorted(names)}
    return {name: account.actor for name, account in found.items() if account}


async def hand_over(client: Client, states: Sequence[CaseState], rollover_events: int) -> None:
    """Start each case in the engine that will keep it, as a run that goes on from where another ended."""
    for start in range(0, len(states), AT_A_TIME):
        part = states[start : start + AT_A_TIME]
        await asyncio.gather(*(_start(client, state, rollover_events) for state in part))


async def _start(client: Client, state: CaseState, rollover_events: int) -> None:
    shown = [SearchAttributePair(each.key, each.value) for each in attributes(state) if each.value is not None]
    await client.start_workflow(
        CaseWorkflow.run,
        CaseInput(state=state, rollover_events=rollover_events),
        id=workflow_id(state.case_id),
        task_queue=CASES,
        task_timeout=timedelta(seconds=5),
        search_attributes=TypedSearchAttributes(shown),
    )
