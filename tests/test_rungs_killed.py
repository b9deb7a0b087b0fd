"""Workers and engine killed with SIGKILL around due times: every rung is told once, late rather than never.

Cases are opened and left alone. Run it with `-s` to see how late.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.service import RPCError

from casework.ids import workflow_id
from tests.faults import ROLL_POINTS, RUNG_POINTS, Ground, Temporal, WorkerProcess
from tests.postgres import scratch_database
from tests.rungs import Found, Lateness, found, revisions, told_once
from tests.short_pathways import Expected, Short, left_alone, shortened
from tests.stack import Stack

FEW, MANY = 2, 3
SETTLED_WITHIN = 60.0
pytestmark = pytest.mark.timeout(300)
ROLLOVER_EVENTS = 26
"""So few that a case moves to a fresh run several times before its ladders end."""
OPENING = asyncio.Lock()
"""Scenes open their cases one after another: on a busy machine all at once would take as long as the clocks run."""
AWAY = ("worker away over the first due time", "worker away over all due times")
ENGINE, ENGINE_FIRST, WORKER_FIRST = "engine killed", "both killed, engine first", "both killed, worker first"
ROLLS = "worker killed in moving to a fresh run"

SHORT, PATIENT = Short(runs=10, reminds=8), Short(runs=12, reminds=10)
"""Clocks of cases whose worker dies of a step, and of those whose worker or engine is to die before the first."""
CLOCKS = dict.fromkeys((*AWAY, ENGINE, ENGINE_FIRST, WORKER_FIRST), PATIENT)
ALL_DUE = PATIENT.runs + 3 * PATIENT.apart
ROWS = 2 + len(SHORT.steps("", datetime.now(UTC)))
"""Opened, assigned, and every step."""


@dataclass(frozen=True)
class Scene:
    """Cases left alone on an engine, and the worker that is to be killed."""

    app: Stack
    worker: WorkerProcess
    case_ids: list[str]

    async def past(self, seconds: float) -> None:
        """Wait until so long after the opening of the last case."""
        opened_at = max(self.app.log(case_id)[0]["at"] for case_id in self.case_ids)
        left = opened_at + timedelta(seconds=seconds) - datetime.now(UTC)
        await asyncio.sleep(max(0.0, left.total_seconds()))

    async def settled(self) -> list[Found]:
        """The cases, once every step of their ladders is in the log and in the workflow."""
        until = time.monotonic() + SETTLED_WITHIN
        while time.monotonic() < until:
            stand = min(await asyncio.to_thread(revisions, self.app, self.case_ids))
            # A worker that has just died answers no query.
            with suppress(RPCError):
                cases = [await found(self.app, case_id) for case_id in self.case_ids] if stand >= ROWS else []
                if cases and min(case.state.revision for case in cases) >= ROWS:
                    return cases
            await asyncio.sleep(0.3)
        raise TimeoutError(f"a case of {self.case_ids} stands at {stand}, not at {ROWS}")


Act = Callable[[Scene], Coroutine[Any, Any, None]]


@asynccontextmanager
async def scene(ground: Ground, engine: Temporal, name: str, count: int) -> AsyncIterator[Scene]:
    """Cases in a namespace of their own, just opened."""
    settings = ground.settings(engine, namespace(name))
    worker = WorkerProcess(settings, ground.home, namespace(name))
    await worker.begin()
    try:
        async with ground.asking(settings) as app:
            clocks = CLOCKS.get(name, SHORT)
            cases = shortened(app, clocks, rollover_events=ROLLOVER_EVENTS if name == ROLLS else 2000)
            async with OPENING:
                case_ids = await asyncio.gather(*(left_alone(app, cases) for _ in range(count)))
            yield Scene(app, worker, list(case_ids))
    finally:
        worker.kill()


def namespace(name: str) -> str:
    """The name of a scene as the engine may call it."""
    return name.replace(",", "").replace(" ", "-")


async def played(ground: Ground, engine: Temporal, name: str, count: int, act: Act) -> list[Found]:
    """Play a scene whose engine lives, and see what came of its cases."""
    async with scene(ground, engine, name, count) as one:
        await act(one)
        return await one.settled()


def dies_at(*points: str) -> Act:
    """The worker dies at a point of a step, is replaced, and so on."""

    async def act(one: Scene) -> None:
        for point in points:
            one.worker.trap.arm(point)
            assert await one.worker.gone() == -9
            await one.worker.begin()

    return act


def away(until: float) -> Act:
    """The worker dies before anything is due, and is replaced so long after the opening."""

    async def act(one: Scene) -> None:
        one.worker.kill()
        await one.past(until)
        await one.worker.begin()

    return act


async def fresh_runs(one: Scene) -> None:
    """The worker dies twice while a case moves to a fresh run, and every case comes to move."""
    await dies_at(*ROLL_POINTS)(one)
    await one.settled()
    for case_id in one.case_ids:
        runs = [run async for run in one.app.client.list_workflows(f"WorkflowId = '{workflow_id(case_id)}'")]
        assert len(runs) > 1


async def workers_killed(ground: Ground) -> dict[str, list[Found] | BaseException]:
    """Every scene in which a worker dies, at once: most of their time is waiting."""
    acts: dict[str, tuple[int, Act]] = {f"worker killed {point}": (FEW, dies_at(point)) for point in RUNG_POINTS}
    acts |= {name: (MANY, away(until)) for name, until in zip(AWAY, (PATIENT.runs, ALL_DUE), strict=True)}
    acts[ROLLS] = (FEW, fresh_runs)
    engine = Temporal(ground.home / "workers", *map(namespace, acts))
    engine.start()
    try:
        for name in acts:
            await engine.ready(namespace(name))
        runs = (played(ground, engine, name, *act) for name, act in acts.items())
        return dict(zip(acts, await asyncio.gather(*runs, return_exceptions=True), strict=True))
    finally:
        engine.kill()


async def engine_killed(ground: Ground) -> dict[str, list[Found] | BaseException]:
    """An engine dies before anything is due, is started when all is, dies of the first steps, and is started again.

    One worker lives through it, one is started after the engine, one before it.
    """
    names = (ENGINE, ENGINE_FIRST, WORKER_FIRST)
    engine = Temporal(ground.home / "engine", *map(namespace, names))
    engine.start()
    try:
        for name in names:
            await engine.ready(namespace(name))
        async with AsyncExitStack() as stack:
            opening = (stack.enter_async_context(scene(ground, engine, name, MANY)) for name in names)
            scenes = await asyncio.gather(*opening)
            await killed_twice(engine, *scenes)
            ends = await asyncio.gather(*(one.settled() for one in scenes), return_exceptions=True)
            return dict(zip(names, ends, strict=True))
    finally:
        engine.kill()


async def killed_twice(engine: Temporal, through: Scene, after: Scene, before: Scene) -> None:
    """What `engine_killed` does to its scenes."""
    for due in (ALL_DUE, 0):
        engine.kill()
        after.worker.kill()
        before.worker.kill()
        await through.past(due)
        await before.worker.begin("engine_away")
        engine.start()
        for one in (through, after, before):
            await engine.ready(one.app.settings.temporal_namespace)
        await asyncio.gather(after.worker.begin(), before.worker.said("works"))
        if due:
            await begun(through)
    assert through.worker.alive


async def begun(one: Scene) -> None:
    """Wait until a step is recorded."""
    until = time.monotonic() + SETTLED_WITHIN
    while all(len(one.app.log(case_id)) < 3 for case_id in one.case_ids):
        assert time.monotonic() < until, "no step was recorded"
        await asyncio.sleep(0.05)


def expected(name: str, case: Found) -> list[Expected]:
    """What must be written of a case of a scene."""
    return CLOCKS.get(name, SHORT).steps(case.case_id, case.opened_at)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with scratch_database() as scratch:
        yield Ground(scratch, tmp_path_factory.mktemp("rungs"))


@pytest.fixture(scope="module")
async def ends(ground: Ground) -> dict[str, list[Found] | BaseException]:
    """What came of every scene."""
    async with Lateness().looking(ground.scratch.app_url) as lateness:
        first, second = await asyncio.gather(workers_killed(ground), engine_killed(ground))
    for name, cases in (first | second).items():
        for case in cases if isinstance(cases, list) else ():
            lateness.add(name, case.told, expected(name, case))
    sys.stdout.write("\n".join(["", *lateness.lines(), ""]))
    return first | second


NAMES = (*(f"worker killed {point}" for point in RUNG_POINTS), *AWAY, ROLLS, ENGINE, ENGINE_FIRST, WORKER_FIRST)


@pytest.mark.parametrize("name", NAMES)
async def test_every_rung_is_told_once(ends: dict[str, list[Found] | BaseException], name: str) -> None:
    """Whoever dies and comes back in whatever order: no step of a ladder is lost, doubled, early or out of order.

    The log is whole, each notice stands once, and database and workflow agree.
    """
    cases = ends[name]
    if isinstance(cases, BaseException):
        raise cases
    assert len(cases) in (FEW, MANY)
    for case in cases:
        told_once(case, expected(name, case))
