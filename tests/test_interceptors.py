"""A defect fails one update and the case lives on; log lines of activities say whose they are."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio import activity, workflow

from casework.ids import new_id, workflow_id

with workflow.unsafe.imports_passed_through():
    import pytest
    import structlog
    from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError, WorkflowUpdateFailedError
    from temporalio.exceptions import ApplicationError, CancelledError
    from temporalio.testing import WorkflowEnvironment
    from temporalio.worker import HandleUpdateInput, Replayer, Worker, WorkflowInboundInterceptor

    from casework.errors import BY_CODE, BrokenStepError
    from casework.temporal.codec import data_converter
    from casework.temporal.interceptors import BROKEN, OneUpdateFails, interceptors
    from casework.temporal.sandbox import workflow_runner
    from casework.vault.keys import MasterKey
    from casework.vault.keystore import MemoryKeyStore

CANARY = "Kenari-Kuning"


@activity.defn
def bound_in_thread() -> dict[str, Any]:
    """What a log line of an activity in a thread would carry."""
    return structlog.contextvars.get_contextvars()


@activity.defn
async def bound_in_loop() -> dict[str, Any]:
    """What a log line of an async activity would carry."""
    return structlog.contextvars.get_contextvars()


@workflow.defn
class InterceptorProbe:
    """Counts, and breaks in every way it is asked to."""

    def __init__(self) -> None:
        self.count = 0
        self.ended = False

    @workflow.run
    async def run(self) -> int:
        """Wait for the end."""
        await workflow.wait_condition(lambda: self.ended)
        return self.count

    @workflow.update
    async def step(self, how: str) -> int:
        """One step; `how` says how it goes wrong."""
        await asyncio.sleep(0)
        if how == "bug":
            raise ValueError(CANARY)
        if how == "bug after a wait":
            await workflow.sleep(timedelta(milliseconds=1))
            raise KeyError(CANARY)
        if how == "refusal":
            raise ApplicationError("Not now.", type="not_allowed_in_stage", non_retryable=True)
        if how == "cancelled":
            raise asyncio.CancelledError
        self.count += 1
        return self.count

    @step.validator
    def _may_step(self, how: str) -> None:
        if how == "bug in the validator":
            raise ValueError("no")

    @workflow.update
    async def contexts(self) -> list[dict[str, Any]]:
        """What the activities have in their logs."""
        five = timedelta(seconds=5)
        return [
            await workflow.execute_activity(bound_in_thread, start_to_close_timeout=five),
            await workflow.execute_activity(bound_in_loop, start_to_close_timeout=five),
        ]

    @workflow.query
    def random_id(self) -> str:
        """A defect: the replay would have another one."""
        return new_id()

    @workflow.query
    def pure_id(self) -> str:
        """No defect: the same module, but a pure function."""
        return workflow_id("x")

    @workflow.signal
    def end(self) -> None:
        """That is all."""
        self.ended = True


@pytest.fixture(scope="module")
async def interceptor_client() -> AsyncIterator[Client]:
    binary = shutil.which("temporal", path=str(Path(sys.executable).parent))
    assert binary is not None
    async with await WorkflowEnvironment.start_local(
        data_converter=data_converter(MemoryKeyStore(), MasterKey(bytes(range(32)))),
        dev_server_existing_path=binary,
        dev_server_log_level="error",
    ) as environment:
        yield environment.client


@asynccontextmanager
async def interceptor_probe(client: Client) -> AsyncIterator[WorkflowHandle[InterceptorProbe, int]]:
    queue = new_id()
    with ThreadPoolExecutor(2) as threads:
        async with Worker(
            client,
            task_queue=queue,
            workflows=[InterceptorProbe],
            activities=[bound_in_thread, bound_in_loop],
            activity_executor=threads,
            interceptors=interceptors(),
            workflow_runner=workflow_runner(),
        ):
            yield await client.start_workflow(InterceptorProbe.run, id=f"probe-{queue}", task_queue=queue)


async def cause_of(handle: WorkflowHandle[InterceptorProbe, int], how: str) -> BaseException:
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await handle.execute_update(InterceptorProbe.step, how, rpc_timeout=timedelta(seconds=10))
    return failed.value.cause


async def test_a_defect_fails_one_update_and_the_workflow_goes_on(
    interceptor_client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    async with interceptor_probe(interceptor_client) as handle:
        for how in ("bug", "bug after a wait"):
            assert await handle.execute_update(InterceptorProbe.step, "well")
            cause = await cause_of(handle, how)
            assert isinstance(cause, ApplicationError)
            assert (cause.type, cause.message, cause.non_retryable) == ("internal_error", BROKEN, True)
            assert cause.__cause__ is None
        assert await handle.execute_update(InterceptorProbe.step, "well") == 3
        await handle.signal(InterceptorProbe.end)
        assert await handle.result() == 3
        history = await handle.fetch_history()
    assert "WORKFLOW_TASK_FAILED" not in history.to_json()
    _logged_without_a_word(caplog)
    replayer = Replayer(
        workflows=[InterceptorProbe],
        data_converter=interceptor_client.data_converter,
        interceptors=interceptors(),
        workflow_runner=workflow_runner(),
    )
    await replayer.replay_workflow(history)


def _logged_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    broken = [record for record in caplog.records if record.message.startswith("update_broken")]
    assert [record.__dict__["error_type"] for record in broken] == ["ValueError", "KeyError"]
    assert all(record.__dict__["where"].startswith("test_interceptors.py:") for record in broken)
    assert not any(CANARY in str(record.__dict__) for record in caplog.records)


async def test_refusals_and_cancellations_come_through_as_they_are(interceptor_client: Client) -> None:
    async with interceptor_probe(interceptor_client) as handle:
        refusal = await cause_of(handle, "refusal")
        assert isinstance(refusal, ApplicationError)
        assert (refusal.type, refusal.message) == ("not_allowed_in_stage", "Not now.")
        assert isinstance(await cause_of(handle, "cancelled"), CancelledError)
        rejected = await cause_of(handle, "bug in the validator")
        assert isinstance(rejected, ApplicationError)
        assert (rejected.type, rejected.message) == (BrokenStepError.code, BROKEN)
        assert await handle.execute_update(InterceptorProbe.step, "well") == 1


async def test_activities_say_whose_they_are(interceptor_client: Client) -> None:
    async with interceptor_probe(interceptor_client) as handle:
        bound = await handle.execute_update(InterceptorProbe.contexts)
    assert bound == [
        {"workflow_id": handle.id, "activity": name, "attempt": 1} for name in ("bound_in_thread", "bound_in_loop")
    ]
    assert not structlog.contextvars.get_contextvars()


async def test_the_sandbox_forbids_random_ids(interceptor_client: Client, caplog: pytest.LogCaptureFixture) -> None:
    async with interceptor_probe(interceptor_client) as handle:
        with pytest.raises(WorkflowQueryFailedError):
            await handle.query(InterceptorProbe.random_id)
        assert "casework.ids.new_id restricted" in caplog.text
        assert await handle.query(InterceptorProbe.pure_id) == "case-x"


class _Raises(WorkflowInboundInterceptor):
    def __init__(self, error: BaseException) -> None:
        self.error = error

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:  # noqa: A002
        raise self.error


async def test_the_engines_own_alarm_is_not_hidden() -> None:
    guard = OneUpdateFails().workflow_interceptor_class(None)  # type: ignore[arg-type]
    alarm = workflow.NondeterminismError("other code")
    with pytest.raises(workflow.NondeterminismError):
        await guard(_Raises(alarm)).handle_update_handler(None)  # type: ignore[arg-type]


def test_the_type_of_a_defect_is_a_code_of_ours() -> None:
    assert BY_CODE["internal_error"] is BrokenStepError
