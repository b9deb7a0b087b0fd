"""A database that hangs: connections stand, nothing passes. Everybody is told so in time, and nothing is lost.

It hangs for `TUNTAS_HANG_SECONDS` (12), and longer where an answer is still owed.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from temporalio.service import RPCError
from temporalio.worker import Replayer

from casework.db.session import engine_for
from casework.errors import CaseworkError, DatabaseUnavailableError, EngineUnavailableError
from casework.ids import workflow_id
from casework.models.people import ITSELF
from casework.temporal.interceptors import interceptors
from casework.temporal.sandbox import workflow_runner
from casework.vault.keys import MasterKey
from casework.vault.keystore import SqlKeyStore
from tests.faults import Ground, Temporal, WorkerProcess, proxied, revision
from tests.postgres import scratch_database
from tests.test_once import service
from tests.test_walk import opened, walk_in
from workflows.case import CaseWorkflow

HANG_SECONDS = float(os.environ.get("TUNTAS_HANG_SECONDS", "12"))
ANSWERED_WITHIN = 25.0
"""Each answer, with a handful of callers at once."""


@dataclass(frozen=True)
class Answer:
    """What somebody was told, and how long it took."""

    error: BaseException | None
    seconds: float


async def answer(asked: Awaitable[Any]) -> Answer:
    """Wait for an answer, and no longer than anybody should."""
    since = time.monotonic()
    try:
        await asyncio.wait_for(asked, ANSWERED_WITHIN + 5)
    except (CaseworkError, TimeoutError) as error:
        return Answer(error, time.monotonic() - since)
    return Answer(None, time.monotonic() - since)


async def until_written(look: Callable[[], Awaitable[list[int]]], expected: list[int]) -> None:
    """Wait until log and workflow are as expected. A case whose key could not be read is asked again."""
    until = time.monotonic() + 60
    found: list[int] = []
    while found != expected:
        assert time.monotonic() < until, f"{found} is not {expected}"
        await asyncio.sleep(0.2)
        with suppress(RPCError):
            found = await look()


async def test_a_hanging_database_is_said_to_hang_and_loses_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The worker's database hangs under a command, then the asking side's too.

    While it does, every caller gets `engine_unavailable` or `database_unavailable` in bounded time. Afterwards the
    waiting commands end once, without a repeat and with one, a case whose key was not yet known to the worker
    too, and every history replays.
    """
    home = tmp_path_factory.mktemp("hang")
    with scratch_database() as scratch, proxied(scratch.app_url) as theirs, proxied(scratch.app_url) as ours:
        ground = Ground(scratch, home)
        engine = Temporal(home)
        worker = WorkerProcess(ground.settings(engine, way=theirs), home)
        try:
            engine.start()
            await engine.ready()
            await worker.begin()
            async with ground.asking(ground.settings(engine, way=ours)) as app:
                case_id, unknown = await opened(app), await opened(app)
                worker.kill()
                await worker.begin()  # knows no key any more
                ask, body = app.ask, service()
                await app.cases.record_service(ask(app.caseworker, case_id), body)
                cases = app.asking(wait=2.0)
                asked = [ask(app.caseworker, case_id), ask(app.caseworker, case_id), ask(app.caseworker, unknown)]
                new = ask(app.caseworker)

                theirs.hang()
                since = time.monotonic()
                waiting = await asyncio.gather(*(answer(cases.record_service(one, body)) for one in asked))
                state = await revision(app, case_id)
                ours.hang()
                told = await asyncio.gather(
                    *(answer(cases.record_service(ask(app.caseworker, case_id), body)) for _ in range(4)),
                    answer(asyncio.to_thread(app.outside.reads.case, app.supervisor, case_id)),
                    answer(asyncio.to_thread(app.outside.reads.log, ITSELF, case_id)),
                    answer(asyncio.to_thread(app.outside.accounts.get, app.caseworker.account_id)),
                    answer(cases.open(new, walk_in())),
                )
                await asyncio.sleep(max(0.0, HANG_SECONDS - (time.monotonic() - since)))
                ours.flow()
                theirs.flow()

                assert [type(one.error) for one in waiting] == [EngineUnavailableError] * 3
                assert state == 3
                assert {type(one.error) for one in told} == {DatabaseUnavailableError}
                assert max(one.seconds for one in (*waiting, *told)) < ANSWERED_WITHIN

                async def written() -> list[int]:
                    logs = [app.log(case) for case in (case_id, unknown)]
                    return [*map(len, logs), await revision(app, case_id), await revision(app, unknown)]

                await until_written(written, [5, 3, 5, 3])
                kept = [app.outside.reads.receipt(one.actor, app.desk.command_id(one)) for one in asked]
                assert [await app.cases.record_service(one, body) for one in asked] == kept
                assert await written() == [5, 3, 5, 3]
                assert [row["sequence"] for row in app.log(case_id)] == [1, 2, 3, 4, 5]
                receipt = await app.cases.open(new, walk_in())
                await app.cases.record_service(ask(app.caseworker, case_id), body)
                for case in (case_id, unknown, receipt.case_id):
                    history = await app.client.get_workflow_handle(workflow_id(case)).fetch_history()
                    await Replayer(
                        workflows=[CaseWorkflow],
                        data_converter=app.client.data_converter,
                        interceptors=interceptors(),
                        workflow_runner=workflow_runner(),
                    ).replay_workflow(history)
        finally:
            worker.kill()
            engine.kill()


def test_a_hanging_key_store_is_a_database_that_is_away() -> None:
    """Texts cannot be sealed without the key store: that is `database_unavailable` too, and soon."""
    with scratch_database() as scratch, proxied(scratch.keystore_url) as way:
        engine = engine_for(way.url(scratch.keystore_url), statement_seconds=1)
        keys = SqlKeyStore(engine, MasterKey(bytes(range(32))), ttl=0)
        keys.create("case")
        way.hang()

        since = time.monotonic()
        with pytest.raises(DatabaseUnavailableError):
            keys.get("case")
        with pytest.raises(DatabaseUnavailableError):
            keys.create("another")

        assert time.monotonic() - since < 10
        way.flow()
        assert len(keys.get("case")) == 32
        engine.dispose()
