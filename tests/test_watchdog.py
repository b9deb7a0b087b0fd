"""The watch beside the worker: on engines that are skipped through time, that are killed, and that live."""

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select, text
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.testing import WorkflowEnvironment

import worker
from casework.assembly import adapters, office
from casework.db.caller import ENGINE
from casework.db.heartbeats import SqlHeartbeats
from casework.db.promises import SqlPromises
from casework.db.session import reading
from casework.db.snooping import SqlSnooping
from casework.db.tables import case_log, cases, deadlines, notices
from casework.db.watch import SqlWatch
from casework.models.notice import Contact
from casework.models.sight import Sight, SightKind
from casework.outreach import offering
from casework.settings import Settings
from casework.temporal.codec import data_converter
from casework.temporal.connect import connect
from casework.temporal.names import SEARCH_ATTRIBUTES
from casework.vault.errors import VaultError
from starter.demo.ground import time_machine
from starter.desk import Desk
from starter.patrolling import PATROL
from starter.replay import fingerprint
from starter.watchdog import BEFORE, Watch, Watchdog
from tests.attesting import attesting
from tests.faults import Ground, Temporal, WorkerProcess
from tests.postgres import scratch_database
from tests.stack import Stack, case_worker
from tests.test_delivery import Mailbox, mailbox
from tests.test_walk import opened
from web.assemble import worker_works

__all__ = ["mailbox"]

AHEAD = timedelta(hours=26)
"""After which much is due on a case that was just opened."""
LADDERS = notices.c.kind.in_(("reminder", "escalation"))


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    with scratch_database() as scratch:
        yield Ground(scratch, tmp_path)


async def until(holds: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What holds, once it does."""
    end = time.monotonic() + seconds
    while not (found := await asyncio.to_thread(holds)):
        assert time.monotonic() < end, "it does not come to hold"
        await asyncio.sleep(0.05)
    return found


def told(app: Stack) -> dict[str, datetime]:
    """The notices of ladders, with when each was written."""
    with reading(app.outside.engine, ENGINE) as connection:
        rows = connection.execute(select(notices.c.id, notices.c.created_at).where(LADDERS))
        return {row.id: row.created_at for row in rows}


def written(app: Stack) -> list[Any]:
    """Everything that is the case's own to write."""
    with reading(app.outside.engine, ENGINE) as connection:
        return [connection.execute(select(table)).all() for table in (cases, deadlines, case_log)]


def caught_up(app: Stack, now: datetime) -> bool:
    """Whether every case has done what was due."""
    with reading(app.outside.engine, ENGINE) as connection:
        first = connection.scalar(select(func.min(deadlines.c.next_at)))
        return bool(first and first > now)


def by_engine(app: Stack, case_id: str) -> list[str]:
    """The steps that a case took by itself."""
    return [row["command_id"] for row in app.log(case_id) if row["account_id"] == "engine"]


# ---- an engine whose time is moved: who is first


@asynccontextmanager
async def time_skipped(ground: Ground) -> AsyncIterator[tuple[Stack, WorkflowEnvironment]]:
    """The stack on an engine whose clock is moved."""
    settings = Settings(
        database_url=SecretStr(ground.scratch.app_url),
        keystore_url=SecretStr(ground.scratch.keystore_url),
        master_key_file=ground.key,
    )
    outside = adapters(settings)
    async with time_machine(data_converter(outside.keys, outside.root)) as environment:
        known = AddSearchAttributesRequest(namespace=environment.client.namespace)
        for key in SEARCH_ATTRIBUTES:
            known.search_attributes[key.name] = key.indexed_value_type.value  # type: ignore[assignment]
        await environment.client.operator_service.add_search_attributes(known)
        own = office(settings)
        desk = Desk(own, *outside.for_desk())
        app = Stack(settings, outside, environment.client, own, None, desk)  # type: ignore[arg-type]
        app.cases = app.asking()
        yield app, environment
    outside.close()


def watch_of(app: Stack) -> SqlWatch:
    """The watch's own part."""
    return SqlWatch(app.outside.engine, app.office.surroundings)


def promises_of(app: Stack) -> SqlPromises:
    return SqlPromises(app.outside.engine, offering().ladders)


async def test_what_the_case_has_told_the_watch_leaves(ground: Ground) -> None:
    """The engine works: there is nothing to tell for it."""
    async with time_skipped(ground) as (app, environment):
        async with case_worker(app.client, app.outside):
            case_id = await opened(app)
            await environment.sleep(AHEAD)
            now = await environment.get_current_time()
            await until(lambda: caught_up(app, now))
        first = told(app)

        assert watch_of(app).tell(now, now, 100) == 0

        assert first
        assert told(app) == first
        assert {id_.rpartition(".")[0] for id_ in first} == set(by_engine(app, case_id))


async def test_what_the_watch_has_told_the_case_does_not_tell_again(ground: Ground) -> None:
    """By the clock of who looks from outside the case is late: the watch tells. Later the case keeps its log only."""
    async with time_skipped(ground) as (app, environment), case_worker(app.client, app.outside):
        case_id = await opened(app)
        now = await environment.get_current_time() + AHEAD
        before = written(app)

        count = watch_of(app).tell(now, now, 100)

        first = told(app)
        assert len(first) == count > 2
        assert written(app) == before
        await environment.sleep(AHEAD + timedelta(minutes=1))
        await until(lambda: caught_up(app, now))
        assert told(app) == first
        assert {id_.rpartition(".")[0] for id_ in first} == set(by_engine(app, case_id))


# ---- an engine that is killed


def reachable(app: Stack) -> None:
    """The people of the office have an address that is marked safe."""
    for actor in (app.caseworker, app.supervisor, app.head):
        contact = Contact(medium="email", address=f"{actor.role.value}@kantor.example", safe=True)
        app.outside.accounts.set_contact(actor.account_id, contact)


async def test_with_the_engine_killed_an_alarm_goes_out_by_mail(ground: Ground, mailbox: tuple[Mailbox, int]) -> None:
    """Told and delivered, each once, to the owner and the supervisor; log, case and deadlines stay as they were."""
    box, port = mailbox
    engine = Temporal(ground.home)
    settings = ground.settings(engine)
    process = WorkerProcess(settings, ground.home)
    engine.start()
    try:
        await engine.ready()
        await process.begin()
        async with ground.asking(settings) as app:
            reachable(app)
            case_id = await opened(app)
            process.kill()
            engine.kill()
            before = written(app)
            now = datetime.now(UTC) + AHEAD
            mine = settings.model_copy(update={"smtp_url": SecretStr(f"smtp://127.0.0.1:{port}"), "watch_seconds": 0.1})
            outside = replace(app.outside, settings=mine)
            since = time.monotonic()

            with worker.watched(outside, office(mine, lambda: now)):
                await until(lambda: delivered(app) and not queued(app))
                taken = time.monotonic() - since
                again = len(box.mails)
                await until(lambda: (app.outside.heartbeats.last("watch") or {}).get("at") == now)

            assert taken < 60
            assert written(app) == before
            assert len(box.mails) == again == delivered(app)
            row = app.outside.reads.case(app.supervisor, case_id)
            assert row is not None
            assert all(row["number"] in mail for mail in box.mails)
            assert told(app)
            assert app.outside.heartbeats.last("watch") == {"name": "watch", "at": now, "well": False}
    finally:
        process.kill()
        engine.kill()


def delivered(app: Stack) -> int:
    """How many notices have reached somebody."""
    return _count(app, "delivered")


def queued(app: Stack) -> int:
    """How many still wait."""
    return _count(app, "queued")


def _count(app: Stack, state: str) -> int:
    with reading(app.outside.engine, ENGINE) as connection:
        found = select(func.count()).select_from(notices).where(notices.c.state == state)
        return connection.scalar(found) or 0


# ---- an engine that lives


async def test_the_watch_delivers_what_nobody_takes(idle: Stack, mailbox: tuple[Mailbox, int]) -> None:
    """The engine answers, but its delivery does not run: after a minute the watch delivers."""
    box, port = mailbox
    reachable(idle)
    async with idle.worker():
        await opened(idle)
    changes = {"smtp_url": SecretStr(f"smtp://127.0.0.1:{port}"), "watch_seconds": 0.1}
    outside = replace(idle.outside, settings=idle.settings.model_copy(update=changes))

    with worker.watched(outside, idle.office):
        await until(lambda: (idle.outside.heartbeats.last("watch") or {}).get("well"))
    assert (box.mails, queued(idle)) == ([], 2)
    with worker.watched(outside, office(idle.settings, lambda: datetime.now(UTC) + timedelta(seconds=90))):
        await until(lambda: not queued(idle))

    assert len(box.mails) == 2


async def test_the_watch_lives_while_others_hold_every_connection(idle: Stack) -> None:
    """It has connections of its own."""
    settings = idle.settings.model_copy(update={"watch_seconds": 0.1})
    now = datetime.now(UTC) + timedelta(days=1)
    held = [idle.outside.engine.connect() for _ in range(10)]
    try:
        for connection in held:
            connection.execute(text("SELECT 1"))
        with worker.watched(replace(idle.outside, settings=settings), office(settings, lambda: now)):
            query = text("SELECT at FROM heartbeats WHERE name = 'watch' AND well")
            await until(lambda: held[0].scalar(query) == now)
    finally:
        for connection in held:
            connection.close()


async def test_the_watch_tells_of_who_reads_too_much(idle: Stack) -> None:
    """In its first round, of what was read before it was there; where that look fails it goes round all the same."""
    now = datetime.now(UTC) + timedelta(days=30)
    seen = Sight(at=now - timedelta(hours=2), actor=idle.caseworker, thing="case", kind=SightKind.REFUSED)
    supervisor = idle.supervisor.account_id
    idle.outside.access_log.write([seen] * 5)
    beats, rounds = SqlHeartbeats(idle.outside.engine), iter(range(10**6))
    asked: list[datetime] = []

    class Failing(SqlSnooping):
        def look(self, since: datetime, now: datetime) -> int:
            asked.append(since)
            return super().look(since, now) if next(rounds) else 1 // 0

    promises, failing = promises_of(idle), Failing(idle.outside.engine)
    watch = Watch(watch_of(idle), (promises,), failing, beats, lambda: 0, answers, lambda: now, seconds=0.05)
    watchdog = Watchdog(watch)
    watchdog.start()
    await until(lambda: len(asked) > 3)
    watchdog.stop()

    assert asked[:3] == [now - BEFORE, now - BEFORE, now]
    with reading(idle.outside.engine, ENGINE) as connection:
        of_them = select(notices.c.kind, notices.c.recipient).where(notices.c.about_id == seen.actor.account_id)
        (row,) = connection.execute(of_them)
    assert (row.kind, row.recipient["account_id"]) == ("refused_repeatedly", supervisor)


async def answers() -> bool:
    """An engine that is there."""
    return True


async def test_where_a_ladder_cannot_be_told_there_is_no_sign_of_life(idle: Stack) -> None:
    """Or the board would call itself whole; the other ladders are told all the same, and later it lives again."""
    rounds: list[str] = []

    class Failing:
        def tell(self, now: datetime, limit: int) -> int:
            rounds.append("tried")
            return 0 if rounds.count("tried") > 3 else 1 // 0

    class Other:
        def tell(self, now: datetime, limit: int) -> int:
            rounds.append("other")
            return 0

    class Beats:
        def beat(self, name: str, at: datetime, *, well: bool = True) -> None:
            rounds.append("beat")

    snooping, now = SqlSnooping(idle.outside.engine), idle.office.now
    watch = Watch(watch_of(idle), (Failing(), Other()), snooping, Beats(), lambda: 0, answers, now, seconds=0.05)
    watchdog = Watchdog(watch)
    watchdog.start()
    await until(lambda: "beat" in rounds)
    watchdog.stop()

    assert rounds[:9] == [*("tried", "other") * 4, "beat"]


def test_the_watch_ends_after_the_delivery_that_is_under_way(idle: Stack) -> None:
    """What it delivers with is closed when it has ended."""
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def deliver() -> int:
        begun.set()
        may_end.wait(10)
        ended.set()
        return 0

    async def away() -> bool:
        return False

    beats, snooping = SqlHeartbeats(idle.outside.engine), SqlSnooping(idle.outside.engine)
    watch = Watch(watch_of(idle), (promises_of(idle),), snooping, beats, deliver, away, idle.office.now, seconds=60)
    watchdog = Watchdog(watch)
    watchdog.start()
    assert begun.wait(10)
    threading.Timer(0.3, may_end.set).start()
    watchdog.stop()

    assert ended.is_set()


async def test_the_watch_begins_before_the_engine_is_there(ground: Ground) -> None:
    """A worker that cannot reach the engine watches all the same."""
    with attesting(ground.settings(Temporal(ground.home / "never-started")), ground.home) as settings:
        outside = adapters(settings)
        running = asyncio.create_task(worker.run(settings))

        beat = await until(lambda: outside.heartbeats.last("watch"))

        assert not beat["well"]
        assert outside.heartbeats.last("worker") is None
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        outside.close()


async def test_a_worker_that_cannot_sign_does_not_start(ground: Ground) -> None:
    """What it would do could not be proved afterwards."""
    with pytest.raises(VaultError, match="TUNTAS_SIGNING_KEY_FILE and CHECKPOINTS_URL"):
        await worker.run(ground.settings(Temporal(ground.home / "never-started")))


async def test_an_engine_that_hangs_holds_up_no_round(ground: Ground) -> None:
    """It takes the connection and says nothing: the watch goes round all the same, and calls it away."""
    settings = ground.settings(Temporal(ground.home / "never-started"))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hung = {"temporal_address": f"127.0.0.1:{silent.getsockname()[1]}", "watch_seconds": 0.1}
        outside = adapters(settings.model_copy(update=hung))
        moments = iter(datetime.now(UTC) + timedelta(seconds=n) for n in range(10**6))
        with worker.watched(outside, office(outside.settings, lambda: next(moments))):
            first = await until(lambda: outside.heartbeats.last("watch"))
            second = await until(lambda: (last := outside.heartbeats.last("watch")) != first and last, 15)
        outside.close()

    assert not first["well"]
    assert not second["well"]


async def test_a_worker_says_that_it_works_and_has_the_patrol_go_round(idle: Stack, tmp_path: Path) -> None:
    """Both signs of life, readiness, and the nightly schedule in the office's zone; then it ends when told."""
    heartbeats = idle.outside.heartbeats
    client = await connect(idle.settings, idle.outside.keys, idle.outside.root)
    assert not await worker_works(client, heartbeats, idle.office)
    idle.outside.builds.mark_passed(fingerprint())
    kept = ExitStack()
    running = asyncio.create_task(worker.run(kept.enter_context(attesting(idle.settings, tmp_path))))
    await until(lambda: running.done() or heartbeats.last("worker"))
    await until(lambda: (heartbeats.last("watch") or {}).get("well"))

    assert await worker_works(client, heartbeats, idle.office)
    assert not await worker_works(
        client, heartbeats, office(idle.settings, lambda: datetime.now(UTC) + timedelta(minutes=1))
    )
    schedule = (await client.get_schedule_handle(PATROL).describe()).schedule
    assert schedule.spec.time_zone_name == "Asia/Jakarta"
    assert schedule.policy.catchup_window == timedelta(days=1)
    [at] = schedule.spec.calendars
    assert [(each.start, each.end) for each in (*at.hour, *at.minute)] == [(1, 1), (30, 30)]

    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(running, 30)
    kept.close()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.remove_signal_handler(number)
    signal.signal(signal.SIGINT, signal.default_int_handler)
