"""Killed with SIGKILL at any point of a command, and even if nobody repeats it: applied once, and nothing is torn."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from casework.errors import EngineUnavailableError
from casework.ids import new_id, workflow_id
from casework.models.people import Actor
from casework.models.state import CaseState, Receipt
from casework.settings import Settings
from tests.faults import POINTS, Temporal, WorkerProcess, asking_process
from tests.postgres import Scratch, scratch_database
from tests.stack import Stack, stack
from tests.test_once import service
from tests.test_walk import opened
from workflows.case import CaseWorkflow

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


class Ground:
    """One database and one master key; engines and workers as each killing needs them."""

    def __init__(self, scratch: Scratch, home: Path) -> None:
        self.scratch = scratch
        self.home = home
        self.key = home / "master.key"
        self.key.write_bytes(base64.b64encode(secrets.token_bytes(32)))
        self.actors: dict[str, Actor] = {}

    def settings(self, engine: Temporal, namespace: str = "default") -> Settings:
        """Settings for this database and one engine."""
        return Settings.model_validate(
            {
                "DATABASE_URL": self.scratch.app_url,
                "KEYSTORE_URL": self.scratch.keystore_url,
                "TUNTAS_MASTER_KEY_FILE": self.key,
                "TEMPORAL_ADDRESS": engine.address,
                "TEMPORAL_NAMESPACE": namespace,
            }
        )

    @asynccontextmanager
    async def asking(self, settings: Settings) -> AsyncIterator[Stack]:
        """The asking side; accounts are those of the database."""
        one = await stack(settings)
        one.actors = self.actors
        try:
            yield one
        finally:
            one.outside.close()


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> "AsyncIterator[Ground]":
    with scratch_database() as scratch:
        yield Ground(scratch, tmp_path_factory.mktemp("killed"))


async def revision(app: Stack, case_id: str) -> int:
    """What the workflow takes the case's revision to be."""
    state = await app.client.get_workflow_handle(workflow_id(case_id)).query(CaseWorkflow.state)
    assert isinstance(state, CaseState)
    return state.revision


async def outcome(app: Stack, case_id: str, first: Receipt, again: Receipt) -> Outcome:
    """The outcome, after one more command."""
    following = await app.cases.record_service(app.ask(app.caseworker, case_id), service())
    log = app.outside.reads.log(case_id)
    kinds, sequences = [row["kind"] for row in log], [row["sequence"] for row in log]
    return Outcome(first, again, following, kinds, sequences, await revision(app, case_id))


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
async def repeated(ground: Ground) -> dict[str, Outcome | BaseException]:
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
        return dict(zip(points, await asyncio.gather(*runs, return_exceptions=True), strict=True))
    finally:
        engine.kill()


@pytest.mark.parametrize("point", (*POINTS, TOLD))
async def test_a_command_whose_worker_is_killed_is_applied_once(
    repeated: dict[str, Outcome | BaseException], point: str
) -> None:
    """Asked twice under one key, applied once: equal receipts, the log whole and in order, the workflow in step."""
    came_to = repeated[point]

    if isinstance(came_to, BaseException):
        raise came_to
    assert came_to.first == came_to.again
    assert came_to.first.sequence == 3
    assert came_to.following.sequence == 4
    assert came_to.kinds == ["CaseOpened", "CaseAssigned", "ServiceRecorded", "ServiceRecorded"]
    assert came_to.sequences == [1, 2, 3, 4]
    assert came_to.revision == 4
