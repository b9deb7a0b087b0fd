"""The worker: settings → adapters → client → activities → workers. Nothing imports it."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from casework.assembly import Adapters, adapters, office
from casework.datafile import DataFileError
from casework.db.heartbeats import SqlHeartbeats
from casework.db.notices import SqlNotices
from casework.db.promises import SqlPromises
from casework.db.public_ladder import SqlPublicLadder
from casework.db.session import engine_for
from casework.db.snooping import SqlSnooping
from casework.db.walls import stand
from casework.db.watch import SqlWatch
from casework.errors import EngineUnavailableError, WallsMissingError
from casework.logging import configure
from casework.office import Office
from casework.outreach import offering
from casework.settings import Settings, load
from casework.temporal.connect import connect
from casework.temporal.names import CASES
from casework.temporal.probe import EngineProbe
from casework.vault.errors import VaultError
from starter.cases import Cases
from starter.desk import Desk
from starter.keepers import Keeper, kept
from starter.notaries import notary
from starter.patrolling import keep_scheduled
from starter.replay import ReplayMismatchError, gate
from starter.rounds import Rounds
from starter.settling import Settling
from starter.watchdog import Watch, Watchdog
from starter.workers import case_worker, deliverer, notice_worker
from workflows.delivery import DeliveryWorkflow

WAITERS = 32
"""Threads that may wait for a database at once, the codec's included."""
WATCHERS = 3
"""Connections of the watch, which nobody else can use up."""
INBOX_SECONDS = 5.0
PUBLIC_SECONDS = 20.0
SWEEP_SECONDS = 600.0
HEARTBEAT_SECONDS = 15.0
NOTARY_SECONDS = 1.0
SCHEDULE_SECONDS = 3600.0
PENDING_FOR = timedelta(days=1)
"""Longer than any command may be on its way."""

log = structlog.get_logger()


@contextmanager
def watched(outside: Adapters, own: Office) -> Iterator[None]:
    """The watch, beside everything else and on connections of its own."""
    settings = outside.settings
    engine = engine_for(settings.database_url.get_secret_value(), size=WATCHERS, name="tuntas-watch", walled=True)
    watch = Watch(
        record=SqlWatch(engine, own.surroundings),
        ladders=(SqlPromises(engine, offering().ladders), SqlPublicLadder(engine, own.public_form.ladder)),
        snooping=SqlSnooping(engine),
        heartbeats=SqlHeartbeats(engine),
        deliver_batch=deliverer(outside, SqlNotices(engine)).deliver_batch,
        engine_answers=EngineProbe(settings, outside.keys, outside.root).answers,
        now=own.now,
        seconds=settings.watch_seconds,
    )
    watchdog = Watchdog(watch)
    watchdog.start()
    try:
        yield
    finally:
        watchdog.stop()
        engine.dispose()


@contextmanager
def attested(outside: Adapters, own: Office) -> Iterator[None]:
    """The notary, beside everything else; raises VaultError without a key to sign with."""
    with notary(outside, own) as one:
        rounds = Rounds("notary", NOTARY_SECONDS, one.round)
        rounds.start()
        try:
            yield
        finally:
            rounds.stop()


async def run(settings: Settings) -> None:
    """Work until told to stop; what is under way is finished first. The watch begins before the engine is there."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(WAITERS, "wait"))
    outside, own = adapters(settings), office(settings)
    try:
        await asyncio.to_thread(stand, outside.engine)
        with watched(outside, own), attested(outside, own):
            await work(outside, own)
    finally:
        outside.close()


async def work(outside: Adapters, own: Office) -> None:
    """Take tasks from the engine until told to stop."""
    client = await reach(outside.settings, outside)
    await gate(client, outside.builds, lambda count: log.info("histories_replayed", count=count))
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with case_worker(client, outside), notice_worker(client, outside, own):
        await keep_delivering(client)
        async with kept(*keepers(client, outside, own)):
            log.info("worker_ready")
            await stop.wait()


def keepers(client: Client, outside: Adapters, own: Office) -> tuple[Keeper, ...]:
    """What is done again and again beside the tasks."""
    settings = outside.settings
    desk = Desk(own, *outside.for_desk())
    cases = Cases(client, desk, wait=settings.rpc_seconds, rollover_events=settings.rollover_events)
    return (
        Keeper("inbox", INBOX_SECONDS, lambda: keep_inbox(cases)),
        Keeper("public reports", PUBLIC_SECONDS, lambda: keep_settled(Settling(desk, cases))),
        Keeper("sweep", SWEEP_SECONDS, lambda: keep_swept(outside, own)),
        Keeper("heartbeat", HEARTBEAT_SECONDS, lambda: keep_beating(outside, own)),
        Keeper("patrol", SCHEDULE_SECONDS, lambda: keep_scheduled(client, own.timezone)),
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
    """Start the reports that were taken while the engine was away."""
    started = await cases.start_queued()
    if started:
        log.info("queued_cases_started", count=started)


async def keep_settled(public: Settling) -> None:
    """Do what was decided about reports of the public, and forget those whose time is over."""
    settled = await public.settle()
    if settled:
        log.info("public_reports_settled", count=settled)


async def keep_swept(outside: Adapters, own: Office) -> None:
    """Delete sealed texts that no command came to need."""
    before = own.now() - PENDING_FOR
    await asyncio.to_thread(outside.documents.sweep_pending, before)
    await asyncio.to_thread(outside.locations.sweep_pending, before)


async def keep_beating(outside: Adapters, own: Office) -> None:
    """Say that tasks are taken here."""
    await asyncio.to_thread(outside.heartbeats.beat, "worker", own.now())


async def reach(settings: Settings, outside: Adapters) -> Client:
    """A client, as soon as the engine answers."""
    while True:
        try:
            return await connect(settings, outside.keys, outside.root)
        except (EngineUnavailableError, RPCError):
            log.warning("engine_away", address=settings.temporal_address)
            await asyncio.sleep(1)


def main() -> None:
    """Run one worker process."""
    settings = load()
    configure(settings.log_level)
    try:
        asyncio.run(run(settings))
    except VaultError as error:
        log.error("worker_refused", detail=str(error))
        sys.exit(1)
    except WallsMissingError as error:
        log.error("worker_refused", code=error.code, detail=error.detail)
        sys.exit(1)
    except DataFileError as error:
        log.error("worker_refused", detail=str(error))
        sys.exit(1)
    except ReplayMismatchError as mismatch:
        for wrong in mismatch.mismatches:
            log.error("build_refused", case=wrong.case, detail=wrong.detail)
        sys.exit(1)


if __name__ == "__main__":
    main()
