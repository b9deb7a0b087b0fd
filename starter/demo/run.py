"""One playing from an empty database to the printed timeline."""

import dataclasses
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker, WorkflowRunner

from activities.records import RecordsActivities
from casework.assembly import Adapters, adapters, office, surroundings
from casework.directory.agencies import StaticAgencyDirectory
from casework.models.people import ITSELF
from casework.office import Office
from casework.settings import Settings
from casework.temporal.codec import data_converter
from casework.temporal.interceptors import interceptors
from casework.temporal.names import CASES, SEARCH_ATTRIBUTES
from casework.temporal.sandbox import workflow_runner
from starter.audit.findings import Verified
from starter.audit.sources import sources
from starter.audit.verify import verify
from starter.cases import Cases
from starter.demo import ground, timeline
from starter.demo.cast import Accounts, agencies
from starter.demo.clock import Clock
from starter.demo.player import Player
from starter.demo.report import Played
from starter.demo.scenario import Scenario
from starter.demo.scene import Scene
from starter.desk import Desk
from starter.notaries import notary
from workflows.case import CaseWorkflow

PATIENCE = 30.0
"""Seconds, on the wall, that a command waits for the engine."""


async def run(scenario: Scenario, advance: Callable[[str], None]) -> Played:
    """Play a scenario on servers of its own. Raises ScenarioError where one of its commands is refused."""
    with ground.database() as settings:
        return await run_on(settings, scenario, advance)


async def run_on(settings: Settings, scenario: Scenario, advance: Callable[[str], None]) -> Played:
    """Play a scenario on an empty database, with an engine of its own."""
    with closing(adapters(settings)) as outside:
        async with ground.time_machine(data_converter(outside.keys, outside.root)) as environment:
            await register(environment)
            return await _play(scenario, settings, outside, environment, advance)


@contextmanager
def closing(outside: Adapters) -> Iterator[Adapters]:
    """Adapters that let go of their databases at the end."""
    try:
        yield outside
    finally:
        outside.close()


async def register(environment: WorkflowEnvironment) -> None:
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
) -> Played:
    first = scenario.instant(scenario.steps[0].at)
    shift = first - timedelta(hours=1) - await environment.get_current_time()
    clock = Clock(environment, shift, first)
    directory = StaticAgencyDirectory(agencies(scenario, outside.directory))
    outside = dataclasses.replace(outside, directory=directory)
    own = _office(scenario, settings, clock, directory)
    desk = Desk(own, *outside.for_desk())
    cases = Cases(environment.client, desk, wait=PATIENCE, clock_shift=shift.total_seconds())
    accounts = Accounts(outside.accounts)
    scene = Scene(scenario, cases, environment.client, accounts.actor, directory, outside.reads)
    player = Player(scene, clock)
    with ThreadPoolExecutor(4) as threads:
        async with worker(environment, outside, threads):
            await player.play(advance)
    rungs = {letter: await scene.rungs(letter) for letter in scene.case_ids}
    verified = await _verified(outside, environment.client, own)
    return Played(scenario, _timeline(player, outside, accounts), tuple(player.looked), rungs, verified)


def _office(scenario: Scenario, settings: Settings, clock: Clock, directory: StaticAgencyDirectory) -> Office:
    """The lead office in its own zone, by the default profile, whatever this machine is set to."""
    its_own = settings.model_copy(update={"timezone": scenario.timezone, "pathways_dir": None})
    own = office(its_own, clock.now)
    lead = scenario.agencies[0]
    return dataclasses.replace(own, lead_agency_id=lead, surroundings=surroundings(directory, lead))


def worker(
    environment: WorkflowEnvironment,
    outside: Adapters,
    threads: ThreadPoolExecutor,
    runner: WorkflowRunner | None = None,
) -> Worker:
    """The worker that a playing needs: cases and their record; what is told goes to nobody."""
    return Worker(
        environment.client,
        task_queue=CASES,
        workflows=[CaseWorkflow],
        activities=[RecordsActivities(outside.store).record],
        activity_executor=threads,
        interceptors=interceptors(),
        workflow_runner=runner or workflow_runner(),
        # A busy machine is no deadlock.
        debug_mode=True,
        # Else it reads every module that is loaded, to name its build by them.
        build_id="demonstration",
    )


async def _verified(outside: Adapters, client: Client, own: Office) -> Verified:
    """All that was written, signed and then compared with what the engine knows of it."""
    with notary(outside, own) as signing:
        signing.round()
    with sources(outside, client, own.now) as read:
        return await verify(read)


def _timeline(player: Player, outside: Adapters, accounts: Accounts) -> tuple[timeline.Entry, ...]:
    scenario = player.scene.scenario
    entries = [timeline.told(step, scenario.instant(step.at)) for step in scenario.steps]
    entries += [timeline.expected(looked) for looked in player.looked]
    for letter, case_id in player.scene.case_ids.items():
        log, deadlines = outside.reads.log(ITSELF, case_id), outside.reads.deadlines(ITSELF, case_id)
        entries += timeline.logged(letter, log, accounts.names, scenario.zone)
        entries += timeline.late(letter, deadlines, log, player.clock.now(), scenario.zone)
    return tuple(sorted(entries, key=lambda entry: (entry.at, entry.sort != "told")))
