"""One playing from an empty database to the printed timeline."""

import dataclasses
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.records import RecordsActivities
from casework.assembly import Adapters, adapters, office, surroundings
from casework.directory.agencies import StaticAgencyDirectory
from casework.models.agency import Agency
from casework.models.pathway import Service
from casework.models.people import Actor, Role
from casework.settings import Settings
from casework.temporal.codec import data_converter
from casework.temporal.interceptors import interceptors
from casework.temporal.names import CASES, SEARCH_ATTRIBUTES
from casework.temporal.sandbox import workflow_runner
from starter.cases import Cases
from starter.demo import bodies, ground, timeline
from starter.demo.player import Clock, Player
from starter.demo.scenario import Scenario
from starter.desk import Desk
from workflows.case import CaseWorkflow

LEADING = frozenset({Role.CASEWORKER, Role.SUPERVISOR})
PATIENCE = 30.0


async def run(scenario: Scenario, advance: Callable[[str], None]) -> list[timeline.Entry]:
    """Play a scenario on servers of its own; the timeline, oldest first."""
    with ground.database() as settings, _closing(adapters(settings)) as outside:
        async with ground.time_machine(data_converter(outside.keys, outside.master)) as environment:
            await _register(environment)
            return await _play(scenario, settings, outside, environment, advance)


@contextmanager
def _closing(outside: Adapters) -> Iterator[Adapters]:
    try:
        yield outside
    finally:
        outside.close()


async def _register(environment: WorkflowEnvironment) -> None:
    """The engine refuses a case with search attributes it does not know."""
    from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest

    request = AddSearchAttributesRequest(namespace=environment.client.namespace)
    for key in SEARCH_ATTRIBUTES:
        request.search_attributes[key.name] = key.indexed_value_type.value  # type: ignore[assignment]
    await environment.client.operator_service.add_search_attributes(request)


async def _play(
    scenario: Scenario,
    settings: Settings,
    outside: Adapters,
    environment: WorkflowEnvironment,
    advance: Callable[[str], None],
) -> list[timeline.Entry]:
    first = scenario.instant(scenario.steps[0].at)
    shift = first - timedelta(hours=1) - await environment.get_current_time()
    clock = Clock(environment, shift, first)
    directory = StaticAgencyDirectory(_agencies(scenario, outside))
    own = dataclasses.replace(
        office(settings, clock.now),
        lead_agency_id=scenario.agencies[0],
        timezone=scenario.timezone,
        surroundings=surroundings(directory),
    )
    outside = dataclasses.replace(outside, directory=directory)
    desk = Desk(own, *outside.for_desk())
    cases = Cases(environment.client, desk, wait=PATIENCE, clock_shift=shift.total_seconds())
    accounts = Accounts(outside)
    player = Player(scenario, cases, environment, clock, accounts.actor, directory)
    with ThreadPoolExecutor(4) as threads:
        async with _worker(environment, outside, threads):
            await player.play(advance)
    return _timeline(scenario, player, outside, accounts)


def _worker(environment: WorkflowEnvironment, outside: Adapters, threads: ThreadPoolExecutor) -> Worker:
    return Worker(
        environment.client,
        task_queue=CASES,
        workflows=[CaseWorkflow],
        activities=[RecordsActivities(outside.store).record],
        activity_executor=threads,
        interceptors=interceptors(),
        workflow_runner=workflow_runner(),
    )


class Accounts:
    """Accounts of a playing, made as they are needed."""

    def __init__(self, outside: Adapters) -> None:
        self._outside = outside
        self._actors: dict[tuple[Role, str], Actor] = {}
        self.names: dict[str, str] = {}

    def actor(self, role: Role, agency_id: str) -> Actor:
        """Somebody of a role at an agency."""
        if (role, agency_id) not in self._actors:
            name = f"{role.value} {agency_id}"
            account = self._outside.accounts.add(name, secrets.token_urlsafe(), role, agency_id)
            self._actors[role, agency_id] = account.actor
            self.names[account.id] = name
        return self._actors[role, agency_id]


def _agencies(scenario: Scenario, outside: Adapters) -> dict[str, Agency]:
    """The directory, with the agencies it lacks added for the run and the services asked of each."""
    agencies = {agency.id: agency for agency in outside.directory}
    asked: dict[str, set[Service]] = {agency_id: set() for agency_id in scenario.agencies}
    for step in scenario.steps:
        if "refer_case" in step.commands:
            for referral in bodies.referrals_of(bodies.fields_for(step, "refer_case", step.cases[0], scenario)):
                asked.setdefault(referral["agency"], set()).add(Service(referral["service"]))
    for agency_id, services in asked.items():
        agency = agencies.get(agency_id) or Agency(id=agency_id, name=agency_id, kind="other")
        given = tuple(dict.fromkeys((*agency.services, *sorted(services))))
        leads = agency.leads or agency_id == scenario.agencies[0]
        agencies[agency_id] = agency.model_copy(update={"services": given, "leads": leads})
    return agencies


def _timeline(scenario: Scenario, player: Player, outside: Adapters, accounts: Accounts) -> list[timeline.Entry]:
    entries = [
        timeline.Entry(scenario.instant(step.at), " ".join(step.cases), step.what, "", "told")
        for step in scenario.steps
    ]
    for letter, case_id in player.case_ids.items():
        entries += timeline.done(letter, outside.reads.log(case_id), accounts.names, scenario.zone)
        entries += timeline.late(letter, outside.reads.deadlines(case_id), player.clock.now(), scenario.zone)
    return sorted(entries, key=lambda entry: (entry.at, entry.sort != "told"))
