"""The patrol compares record and engine, says what is wrong once and for as long as it is, and tells the offices."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from temporalio.client import ScheduleActionExecutionStartWorkflow, ScheduleHandle, WorkflowHandle
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

import activities.comparing
import activities.patrol
import workflows.patrol
from activities.records import RecordsActivities
from casework.commands import RecordReview
from casework.db.caller import ENGINE
from casework.db.session import engine_for, reading, writing
from casework.db.store import SqlCaseStore
from casework.db.tables import cases, findings, notices, reservations
from casework.ids import workflow_id
from casework.models.codes import Stage
from casework.models.notice import Contact, Notice, NoticeKind, Recipient
from casework.models.pathway import Risk
from casework.models.patrol import Finding, FindingKind, PatrolReport, Recorded, Shown, Stand
from casework.models.patrol import Run as Found
from casework.models.people import Role
from casework.ports import BoardQuery
from casework.temporal.connect import connect
from casework.temporal.sandbox import workflow_runner
from starter.cases import Cases, Queued
from starter.patrolling import PATROL, go_round, keep_scheduled
from starter.workers import notice_worker
from tests.command_line import Run, run
from tests.stack import LEAD, Stack
from tests.test_walk import opened, walk_in
from workflows.case import CaseWorkflow
from workflows.patrol import PatrolWorkflow

__all__ = ["run"]

DAY = timedelta(days=1)


@asynccontextmanager
async def working(app: Stack, ahead: timedelta = timedelta(), **options: Any) -> AsyncIterator[None]:
    """Both workers, with the clock of who looks from outside ahead."""
    own = replace(app.office, now=lambda: datetime.now(UTC) + ahead)
    workflows_ = [CaseWorkflow, PatrolWorkflow]
    async with notice_worker(app.client, app.outside, own), app.worker(**{"workflows": workflows_, **options}):
        yield


async def patrolled(app: Stack, ahead: timedelta = timedelta(), **options: Any) -> PatrolReport:
    """What one patrol comes to."""
    async with working(app, ahead, **options):
        return await go_round(app.client)


async def a_case(app: Stack) -> str:
    """A case at rest."""
    async with app.worker():
        return await opened(app)


def found(report: PatrolReport, case_id: str) -> list[tuple[str, str | None]]:
    """What a report says of a case."""
    return [(each.kind.value, each.detail) for each in report.findings if each.case_id == case_id]


def kept(app: Stack, case_id: str) -> list[tuple[str, bool]]:
    """The findings of a case as they are kept, and whether each holds."""
    columns = (findings.c.kind, findings.c.ended_at)
    with reading(app.outside.engine, ENGINE) as connection:
        rows = connection.execute(select(*columns).where(findings.c.case_id == case_id).order_by(findings.c.id))
        return [(row.kind, row.ended_at is None) for row in rows]


def change(app: Stack, case_id: str, **values: Any) -> None:
    """Somebody writes into the record past the workflow."""
    with writing(app.outside.engine, ENGINE) as connection:
        connection.execute(update(cases).where(cases.c.id == case_id).values(values))


def digests(app: Stack) -> dict[str, Any]:
    """The digests that were queued, by id."""
    with reading(app.outside.engine, ENGINE) as connection:
        rows = connection.execute(select(notices).where(notices.c.kind == NoticeKind.DIGEST.value)).mappings()
        return {row["id"]: dict(row) for row in rows}


def on_board(app: Stack, now: datetime) -> int:
    """How much the supervisors find on their board."""
    return len(app.outside.reads.board(app.supervisor, BoardQuery(now=now, limit=200)).items)


async def test_where_all_is_well_nothing_is_found_and_nobody_is_told(idle: Stack) -> None:
    """Every case is compared; no finding, no digest; and it is kept that the patrol was there."""
    await a_case(idle)

    report = await patrolled(idle)

    assert (report.looked, report.wrong, report.told, report.findings) == (1, 0, 0, ())
    assert digests(idle) == {}
    beat = idle.outside.heartbeats.last("patrol")
    assert beat == {"name": "patrol", "at": report.at, "well": True}


async def test_a_case_without_its_workflow_is_shown_and_not_restarted(idle: Stack) -> None:
    """Found once, however often it is looked for; the workflow stays as it ended."""
    case_id = await a_case(idle)
    handle: WorkflowHandle[Any, Any] = idle.client.get_workflow_handle(workflow_id(case_id))
    await handle.terminate()

    reports = [await patrolled(idle) for _ in range(2)]

    assert [found(report, case_id) for report in reports] == [[("workflow_missing", "terminated")]] * 2
    assert kept(idle, case_id) == [("workflow_missing", True)]
    status = (await handle.describe()).status
    assert status is not None
    assert status.name == "TERMINATED"


async def test_a_record_that_differs_is_found_until_it_no_longer_does(idle: Stack) -> None:
    """Ahead or behind; it ends with the difference."""
    ahead, behind = await a_case(idle), await a_case(idle)

    change(idle, ahead, revision=9, stage="planning")
    change(idle, behind, revision=1, risk="low")
    report = await patrolled(idle)
    assert found(report, ahead) == [("record_differs", "record_ahead")]
    assert found(report, behind) == [("record_differs", "record_behind")]
    for case_id in (ahead, behind):
        change(idle, case_id, revision=2, stage="intake", risk="high")
    report = await patrolled(idle)
    assert found(report, ahead) == found(report, behind) == []
    assert kept(idle, ahead) == [("record_differs", False)]


def test_a_finding_is_one_while_it_holds_and_another_when_it_comes_again(idle: Stack) -> None:
    """Whoever finds it, and however often; of the others of its part nothing is touched."""
    outside, now = idle.outside.findings, datetime.now(UTC)
    here, there = (Finding(kind=FindingKind.TIMER_MISSED, case_id=case_id) for case_id in ("here", "there"))
    outside.settle_cases(["there"], [there], now)
    for wrong in ([here], [here.model_copy(update={"detail": "behind"})], [], [here], [here]):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _, wrong=wrong: outside.settle_cases(["here"], wrong, now), range(4)))

    assert kept(idle, "here") == [("timer_missed", False), ("timer_missed", True)]
    assert kept(idle, "there") == [("timer_missed", True)]
    outside.settle_unrecorded([], now)
    assert kept(idle, "there") == [("timer_missed", False)]


async def test_what_is_under_way_is_no_difference(idle: Stack) -> None:
    """Commands that are being taken while the patrol looks are not found."""
    case_id = await a_case(idle)

    async def asked() -> None:
        for _ in range(15):
            await idle.cases.record_review(idle.ask(idle.supervisor, case_id), _review())

    async with working(idle):
        reports = await asyncio.gather(go_round(idle.client), asked(), go_round(idle.client))

    assert found(reports[0], case_id) == []
    assert kept(idle, case_id) == []


@pytest.mark.parametrize("moves", [True, False], ids=["goes on", "stays"])
async def test_a_record_that_is_always_ahead_differs_unless_it_goes_on(
    moves: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two looks a command may come each time; a record that has diverged takes none."""
    monkeypatch.setattr(activities.comparing, "LOOKS", (0.0, 0.0, 0.0))
    shown = Shown(stage=Stage.INTAKE, risk=Risk.HIGH, agency_id=LEAD, due_at=None)
    row = Recorded(case_id="case", revision=5, shown=shown, next_at=None)

    class Looked:
        looks = 0

        async def look(self, case_id: str) -> Found:
            return Found(status="running", shown=shown)

        async def stand(self, case_id: str) -> Stand:
            self.looks += moves
            return Stand(revision=4 + self.looks, next_at=None)

        def recorded(self, case_id: str) -> Recorded:
            return row.model_copy(update={"revision": 5 + self.looks})

    both: Any = Looked()
    comparison = activities.comparing.Comparison(both, both, lambda: datetime.now(UTC))
    found_ = await ActivityEnvironment().run(comparison.findings, [row])

    expected = [] if moves else [("record_differs", "record_ahead")]
    assert [(each.kind, each.detail) for each in found_] == expected


async def test_a_timer_that_was_missed_is_found(idle: Stack) -> None:
    """By the outside clock the case is a day late, and its workflow, which runs, has done nothing."""
    case_id = await a_case(idle)

    assert found(await patrolled(idle, 2 * DAY), case_id) == [("timer_missed", "behind")]
    assert found(await patrolled(idle), case_id) == []
    assert kept(idle, case_id) == [("timer_missed", False)]


async def test_a_step_that_keeps_failing_is_found_with_or_without_a_row(idle: Stack) -> None:
    """A case whose record cannot be written: opened before, and not even opened."""
    case_id = await a_case(idle)
    away = SqlCaseStore(engine_for("postgresql://nobody@127.0.0.1:1/nowhere"))
    reported, body = idle.ask(idle.caseworker), walk_in()
    async with working(idle, DAY / 24, activities=[RecordsActivities(away).record]):
        with pytest.raises(Queued) as queued:
            await idle.asking(wait=1.0).open(reported, body)
        with suppress(Exception):
            await idle.asking(wait=1.0).record_review(idle.ask(idle.supervisor, case_id), _review())
        for each in (case_id, queued.value.case_id):
            await _fails_again_and_again(idle, each)
        report = await go_round(idle.client)

    assert found(report, case_id) == [("step_failing", "record")]
    assert ("step_failing", "record") in found(report, queued.value.case_id)
    async with working(idle):
        await idle.cases.open(reported, body)
        await _until(lambda: len(idle.log(case_id)) == 3)
        report = await go_round(idle.client)
    assert found(report, case_id) == found(report, queued.value.case_id) == []


def _review() -> RecordReview:
    return RecordReview.model_validate({"note": "Dibaca."})


async def _fails_again_and_again(app: Stack, case_id: str) -> None:
    handle: WorkflowHandle[Any, Any] = app.client.get_workflow_handle(workflow_id(case_id))
    end = time.monotonic() + 60
    while not any(p.attempt >= 5 for p in (await handle.describe()).raw_description.pending_activities):
        assert time.monotonic() < end
        await asyncio.sleep(0.2)


async def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        await asyncio.sleep(0.1)


async def test_a_report_that_waits_too_long_is_found_until_it_has_started(idle: Stack) -> None:
    """The inbox starts it; the patrol only says that it has not been."""
    nowhere = idle.settings.model_copy(update={"temporal_address": "127.0.0.1:1"})
    client = await connect(nowhere, idle.outside.keys, idle.outside.root, lazy=True)
    with pytest.raises(Queued) as queued:
        await Cases(client, idle.desk, wait=1.0).open(idle.ask(idle.caseworker), walk_in())
    case_id = queued.value.case_id
    assert found(await patrolled(idle), case_id) == []

    assert found(await patrolled(idle, DAY / 24), case_id) == [("intake_waiting", None)]
    async with working(idle):
        assert await idle.cases.start_queued() == 1
        assert found(await go_round(idle.client), case_id) == []


async def test_a_report_that_cannot_start_stands_in_no_others_way(idle: Stack) -> None:
    """Neither one that cannot be opened nor one whose workflow does not answer; both stay in the inbox."""
    nowhere = idle.settings.model_copy(update={"temporal_address": "127.0.0.1:1"})
    client = await connect(nowhere, idle.outside.keys, idle.outside.root, lazy=True)
    taken = []
    for risk in ("high", "high", "low"):
        with pytest.raises(Queued) as queued:
            await Cases(client, idle.desk, wait=1.0).open(
                idle.ask(idle.caseworker), walk_in().model_copy(update={"risk": Risk(risk)})
            )
        taken.append(queued.value.case_id)
    broken, silent, sound = taken
    with writing(idle.outside.engine, ENGINE) as connection:
        mine = reservations.c.case_id == broken
        connection.execute(update(reservations).where(mine).values(opening=b"broken"))
    # Something else runs under its name, and no worker takes its tasks.
    await idle.client.start_workflow("Nothing", id=workflow_id(silent), task_queue="nobody")
    async with working(idle):
        assert await idle.asking(wait=3.0).start_queued() == 1

    assert [each.case_id for each in idle.outside.reservations.queued()] == [broken, silent]
    assert idle.outside.reads.case(idle.supervisor, sound) is not None
    for case_id in (broken, silent):
        idle.outside.reservations.release(case_id)
    await idle.client.get_workflow_handle(workflow_id(silent)).terminate()


async def test_a_lost_notice_that_can_reach_somebody_by_now_is_queued_again(idle: Stack) -> None:
    """Once its recipient has a safe contact."""
    actor = idle.actor("viewer", Role.VIEWER)
    lost = Notice(
        id="lost",
        case_id=(case_id := await a_case(idle)),
        case_number=str((idle.outside.reads.case(idle.supervisor, case_id) or {})["number"]),
        kind=NoticeKind.REMINDER,
        about_kind="plan",
        recipient=Recipient(account_id=actor.account_id),
        created_at=datetime.now(UTC),
    )
    idle.outside.notices.queue([lost])
    idle.outside.notices.mark_skipped("lost", "no_contact")
    assert (await patrolled(idle)).requeued == 0
    contact = Contact(medium="console", address="viewer", safe=True)
    idle.outside.accounts.set_contact(actor.account_id, contact)

    assert (await patrolled(idle)).requeued == 1
    assert (await patrolled(idle)).requeued == 0


async def test_each_office_where_cases_stand_still_is_told_once_a_day(idle: Stack) -> None:
    """Its supervisors, of as much as stands on their board; the next day again."""
    await a_case(idle)
    before = digests(idle).keys()

    reports = [await patrolled(idle, ahead) for ahead in (40 * DAY, 40 * DAY, 41 * DAY)]

    assert [report.told for report in reports] == [1, 0, 1]
    told = {id_: row for id_, row in digests(idle).items() if id_ not in before}
    days = [(report.at + timedelta(hours=7)).date().isoformat() for report in (reports[0], reports[2])]
    assert told.keys() == {f"digest.{day}.{LEAD}.supervisor" for day in days}
    first = told[f"digest.{days[0]}.{LEAD}.supervisor"]
    assert first["recipient"] == {"account_id": None, "agency_id": LEAD, "role": "supervisor"}
    assert first["waiting"] == on_board(idle, reports[0].at) > 0


async def test_a_long_patrol_goes_on_in_a_fresh_run(idle: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page after page; nothing is left out, and its history stays short and replays."""
    async with idle.worker():
        for _ in range(5):
            await opened(idle)
    monkeypatch.setattr(activities.patrol, "PAGE", 2)
    monkeypatch.setattr(workflows.patrol, "PAGES", 2)
    with reading(idle.outside.engine, ENGINE) as connection:
        total = len(connection.execute(select(cases.c.id)).all())

    report = await patrolled(idle, workflow_runner=UnsandboxedWorkflowRunner())

    assert report.looked == total > 4
    runs = [each async for each in idle.client.list_workflows(f"WorkflowId = '{PATROL}'", limit=3)]
    histories = [await idle.client.get_workflow_handle(each.id, run_id=each.run_id).fetch_history() for each in runs]
    assert any(event.HasField("workflow_execution_continued_as_new_event_attributes") for event in histories[1].events)
    assert all(len(history.events) < 60 for history in histories)
    replayer = Replayer(
        workflows=[PatrolWorkflow], workflow_runner=workflow_runner(), data_converter=idle.client.data_converter
    )
    monkeypatch.undo()
    await replayer.replay_workflow(histories[-1 if len(histories) < 3 else 0])


async def _first_action(handle: ScheduleHandle) -> ScheduleActionExecutionStartWorkflow:
    for _ in range(600):
        for result in (await handle.describe()).info.recent_actions:
            assert isinstance(result.action, ScheduleActionExecutionStartWorkflow)
            return result.action
        await asyncio.sleep(0.1)
    raise TimeoutError("nothing was started")


async def test_the_schedule_is_made_once_and_a_pause_of_it_stays(idle: Stack) -> None:
    """Whoever starts renews it; triggered, it goes round."""
    await keep_scheduled(idle.client, "Asia/Jakarta")
    handle = idle.client.get_schedule_handle(PATROL)
    await handle.pause(note="moving house")
    await keep_scheduled(idle.client, "Asia/Makassar")

    schedule = (await handle.describe()).schedule
    assert (schedule.state.paused, schedule.state.note) == (True, "moving house")
    assert schedule.spec.time_zone_name == "Asia/Makassar"
    await handle.unpause()
    async with working(idle):
        await handle.trigger()
        started = await _first_action(handle)
        triggered = idle.client.get_workflow_handle_for(PatrolWorkflow.run, started.workflow_id)
        assert (await triggered.result()).looked > 0
    await handle.delete()


async def test_patrol_on_the_command_line(idle: Stack, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status 1 and a line for each finding while something is wrong; the report as JSON when asked."""
    settings = idle.settings
    for name, value in {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "KEYSTORE_URL": settings.keystore_url.get_secret_value(),
        "TUNTAS_MASTER_KEY_FILE": str(settings.master_key_file),
        "TEMPORAL_ADDRESS": settings.temporal_address,
    }.items():
        monkeypatch.setenv(name, value)
    case_id = await a_case(idle)
    row = idle.outside.reads.case(idle.supervisor, case_id)
    assert row is not None
    await idle.client.get_workflow_handle(workflow_id(case_id)).terminate()

    async with working(idle):
        status, out, err = await asyncio.to_thread(run, "patrol")
        as_json = await asyncio.to_thread(run, "patrol", "--json")

    assert status == as_json[0] == 1
    assert f"workflow_missing\t{row['number']}\tterminated\t" in out
    assert "findings hold" in err
    report = PatrolReport.model_validate_json(as_json[1])
    assert found(report, case_id) == [("workflow_missing", "terminated")]
    assert json.loads(as_json[1])["looked"] == report.looked
    assert (await asyncio.to_thread(run, "patrol", "--wait", "1"))[0] == 3
