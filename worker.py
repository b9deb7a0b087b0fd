"""The worker: settings → adapters → client → activities → workers. Nothing imports it."""

import asyncio
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError
from temporalio.worker import Worker

from activities.notices import NoticesActivities
from activities.records import RecordsActivities
from casework.assembly import Adapters, adapters, office, wall_clock
from casework.errors import CaseworkError, EngineUnavailableError
from casework.logging import configure
from casework.notices.channels import notifier_for
from casework.notices.delivery import NoticeDelivery
from casework.settings import Settings, load
from casework.temporal.connect import connect
from casework.temporal.interceptors import interceptors
from casework.temporal.names import CASES, NOTICES
from casework.temporal.sandbox import workflow_runner
from starter.cases import Cases
from starter.desk import Desk
from starter.replay import ReplayMismatchError, gate
from workflows.case import CaseWorkflow
from workflows.delivery import DeliveryWorkflow

RECORDERS = 20
DELIVERERS = 4
WAITERS = 32
"""Threads that may wait for a database at once, the codec's included."""
INBOX_SECONDS = 5.0
SWEEP_SECONDS = 600.0
PENDING_FOR = timedelta(days=1)
"""Longer than any command may be on its way."""
STICKY = timedelta(seconds=3)
GRACE = timedelta(seconds=10)

log = structlog.get_logger()


def case_worker(client: Client, outside: Adapters) -> Worker:
    """Runs the cases and writes the record."""
    return Worker(
        client,
        task_queue=CASES,
        workflows=[CaseWorkflow, DeliveryWorkflow],
        activities=[RecordsActivities(outside.store).record],
        activity_executor=ThreadPoolExecutor(RECORDERS, "record"),
        max_concurrent_activities=RECORDERS,
        interceptors=interceptors(),
        workflow_runner=workflow_runner(),
        sticky_queue_schedule_to_start_timeout=STICKY,
        graceful_shutdown_timeout=GRACE,
    )


def notice_worker(client: Client, outside: Adapters, settings: Settings) -> Worker:
    """Sends notices, on threads of its own."""
    delivery = NoticeDelivery(
        outside.notices,
        notifier_for(settings, outside.master.derive(b"webhooks") if settings.webhooks else None),
        ZoneInfo(settings.timezone),
        settings.pages,
    )
    return Worker(
        client,
        task_queue=NOTICES,
        activities=[NoticesActivities(outside.notices, delivery).deliver_for],
        activity_executor=ThreadPoolExecutor(DELIVERERS, "notices"),
        max_concurrent_activities=DELIVERERS,
        interceptors=interceptors(),
        graceful_shutdown_timeout=GRACE,
    )


async def keep_delivering(client: Client) -> None:
    """See to it that the delivery of notices runs, once."""
    await client.start_workflow(
        DeliveryWorkflow.run,
        id="notices",
        task_queue=CASES,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )


async def keep_inbox(cases: Cases) -> None:
    """Start, again and again, the reports that were taken while the engine was away."""
    while True:
        try:
            started = await cases.start_queued()
            if started:
                log.info("queued_cases_started", count=started)
        except CaseworkError as error:
            log.warning("inbox_waits", code=error.code)
        await asyncio.sleep(INBOX_SECONDS)


async def run(settings: Settings) -> None:
    """Work until told to stop; what is under way is finished first."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(WAITERS, "wait"))
    outside = adapters(settings)
    client = await reach(settings, outside)
    await gate(client, outside.builds, lambda count: log.info("histories_replayed", count=count))
    desk = Desk(office(settings), *outside.for_desk())
    cases = Cases(client, desk, wait=settings.rpc_seconds, rollover_events=settings.rollover_events)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with case_worker(client, outside), notice_worker(client, outside, settings):
        await keep_delivering(client)
        keepers = [asyncio.create_task(keep_inbox(cases)), asyncio.create_task(keep_swept(outside))]
        log.info("worker_ready")
        await stop.wait()
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
    outside.close()


async def keep_swept(outside: Adapters) -> None:
    """Delete, again and again, sealed texts that no command came to need."""
    while True:
        try:
            await asyncio.to_thread(outside.documents.sweep_pending, wall_clock() - PENDING_FOR)
        except CaseworkError as error:
            log.warning("sweep_waits", code=error.code)
        await asyncio.sleep(SWEEP_SECONDS)


async def reach(settings: Settings, outside: Adapters) -> Client:
    """A client, as soon as the engine answers."""
    while True:
        try:
            return await connect(settings, outside.keys, outside.master)
        except (EngineUnavailableError, RPCError):
            log.warning("engine_away", address=settings.temporal_address)
            await asyncio.sleep(1)


def main() -> None:
    """Run one worker process."""
    settings = load()
    configure(settings.log_level)
    try:
        asyncio.run(run(settings))
    except ReplayMismatchError as mismatch:
        for wrong in mismatch.mismatches:
            log.error("build_refused", case=wrong.case, detail=wrong.detail)
        sys.exit(1)


if __name__ == "__main__":
    main()
