"""Killed with SIGKILL at any point of a command, and even if nobody repeats it: applied once, and nothing is torn."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from casework.models.state import Receipt
from tests.faults import POINTS, AskingProcess, Ground, Temporal, WorkerProcess, revision
from tests.postgres import scratch_database
from tests.stack import Stack
from tests.test_once import service
from tests.test_walk import opened

TOLD = "told"
"""After everything: the caller has the receipt when the worker dies."""

LOST = ("transaction", "committed", "answered", "applied")
"""Points after which the engine has the command, so that it must end without a repeat."""


@dataclass(frozen=True)
class Outcome:
    """What one killing came to."""

    first: Receipt
    again: Receipt
    following: Receipt
    kinds: list[str]
    sequences: list[int]
    revision: int


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with scratch_database() as scratch:
        yield Ground(scratch, tmp_path_factory.mktemp("killed"))


async def outcome(app: Stack, case_id: str, first: Receipt, again: Receipt) -> Outcome:
    """The outcome, after one more command."""
    following = await app.cases.record_service(app.ask(app.caseworker, case_id), service())
    log = app.log(case_id)
    kinds, sequences = [row["kind"] for row in log], [row["sequence"] for row in log]
    return Outcome(first, again, following, kinds, sequences, await revision(app, case_id))


async def killed_alone(ground: Ground, point: str) -> Outcome:
    """Worker, asking process and engine all die at the point of a command, and nobody repeats it."""
    home = ground.home / f"alone-{point}"
    engine = Temporal(home)
    settings = ground.settings(engine)
    worker = WorkerProcess(settings, home)
    try:
        engine.start()
        await engine.ready()
        await worker.begin()
        async with ground.asking(settings) as app:
            case_id = await opened(app)
            asked, body = app.ask(app.caseworker, case_id), service()
            asking = AskingProcess(settings, home, point, asked, body)
            worker.trap.arm(point)
            await asking.begin()
            try:
                status = await worker.gone()
            finally:
                engine.kill()
                asking.kill()
            assert status == -9
            engine.start()
            await engine.ready()
            await worker.begin()
            await settled(app, case_id)
            applied = app.outside.reads.receipt(asked.actor, app.desk.command_id(asked))
            assert applied is not None
            again = await app.cases.record_service(asked, body)
            return await outcome(app, case_id, applied, again)
    finally:
        worker.kill()
        engine.kill()


async def settled(app: Stack, case_id: str) -> None:
    """Wait until log and workflow have the third step, both by themselves."""
    until = time.monotonic() + 60
    while (await revision(app, case_id), len(app.log(case_id))) != (3, 3):
        assert time.monotonic() < until, "log and workflow do not agree"
        await asyncio.sleep(0.2)


async def killed_and_repeated(ground: Ground, engine: Temporal, point: str) -> Outcome:
    """A worker dies at the point of a command; another takes over, and the caller repeats under the same key."""
    settings = ground.settings(engine, point)
    worker = WorkerProcess(settings, ground.home, point)
    await worker.begin()
    try:
        async with ground.asking(settings) as app:
            case_id = await opened(app)
            asked, body = app.ask(app.caseworker, case_id), service()
            if point != TOLD:
                worker.trap.arm(point)
            first = asyncio.create_task(app.cases.record_service(asked, body))
            if point == TOLD:
                await first
                worker.kill()
            assert await worker.gone() == -9
            await worker.begin()
            again = await app.cases.record_service(asked, body)
            return await outcome(app, case_id, await first, again)
    finally:
        worker.kill()


@pytest.fixture(scope="module")
async def killed(ground: Ground) -> dict[str, Outcome | BaseException]:
    """All the killings at once, each in a namespace of its own: most of their time is waiting."""
    points = (*POINTS, TOLD)
    engine = Temporal(ground.home, *points)
    engine.start()
    try:
        for point in points:
            await engine.ready(point)
        async with ground.asking(ground.settings(engine)) as app:
            assert app.caseworker
            assert app.supervisor
        runs = (killed_and_repeated(ground, engine, point) for point in points)
        alone = (killed_alone(ground, point) for point in LOST)
        names = (*points, *(f"{point}, alone" for point in LOST))
        return dict(zip(names, await asyncio.gather(*runs, *alone, return_exceptions=True), strict=True))
    finally:
        engine.kill()


def applied_once(came_to: Outcome | BaseException) -> None:
    """One command between the opening's two and the one that follows: in the log, in order, and in the workflow."""
    if isinstance(came_to, BaseException):
        raise came_to
    assert came_to.first == came_to.again
    assert came_to.first.sequence == 3
    assert came_to.following.sequence == 4
    assert came_to.kinds == ["CaseOpened", "CaseAssigned", "ServiceRecorded", "ServiceRecorded"]
    assert came_to.sequences == [1, 2, 3, 4]
    assert came_to.revision == 4


@pytest.mark.parametrize("point", [*POINTS, TOLD])
async def test_a_command_whose_worker_is_killed_is_applied_once(
    killed: dict[str, Outcome | BaseException], point: str
) -> None:
    """Asked twice under one key, applied once: equal receipts, the log whole and in order, the workflow in step."""
    applied_once(killed[point])


@pytest.mark.parametrize("point", LOST)
async def test_a_command_that_nobody_repeats_ends_by_itself(
    killed: dict[str, Outcome | BaseException], point: str
) -> None:
    """Worker, caller and engine are gone at once: log and workflow come to agree, and the next command works."""
    applied_once(killed[f"{point}, alone"])
