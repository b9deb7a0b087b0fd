"""A small made-up year through the real commands, handed over to another engine, which goes on with it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from casework import commands as c
from casework.db import caller
from casework.db.figure_rows import MAKERS
from casework.db.session import reading
from casework.db.tables import case_log, cases, deadlines, notices, outreach, promises
from casework.ids import workflow_id
from casework.models.codes import Status
from casework.models.people import ENGINE
from casework.rules.chain import CASE_LOG, first_break
from casework.rules.figures import period_of
from casework.temporal.histories import CaseHistories
from starter.cli.demonstration import accounts_of
from starter.year.plans import district_year
from starter.year.run import Asked, OccupiedError, run
from tests.recount import differing, recount
from tests.stack import LEAD, Stack
from workflows.case import CaseWorkflow

COUNT, SEED = 3, 3


@pytest.fixture(scope="module")
async def asked(app: Stack) -> Asked:
    """A year played on the databases of the stack, and its cases in the stack's engine."""
    for username, (role, agency_id) in accounts_of(LEAD).items():
        app.actor(username, role, agency_id)
    year = Asked(COUNT, SEED, datetime.now(UTC))
    heard: list[tuple[int, int]] = []
    await run(app.settings, year, lambda done, total: heard.append((done, total)))
    assert sum(done for done, _ in heard) == heard[-1][1]
    return year


async def test_every_command_of_the_plan_is_in_the_log_at_its_time(app: Stack, asked: Asked) -> None:
    """And the engine's own steps besides; each log is a whole chain. Nobody is told of any of it."""
    plans = district_year(COUNT, asked.ends, SEED, ZoneInfo(app.settings.timezone))
    with reading(app.outside.engine, caller.ENGINE) as connection:
        rows = [
            dict(row)
            for row in connection.execute(select(case_log).order_by(case_log.c.case_id, case_log.c.sequence)).mappings()
        ]
        told = connection.scalar(select(func.count()).select_from(notices))
        activities = connection.scalar(select(func.count()).select_from(outreach))
        waiting = connection.scalar(select(func.count()).where(promises.c.next_at.is_not(None)))
    by_people = [row for row in rows if row["account_id"] != ENGINE]
    planned = [plan.report.entered for plan in plans] + [step.at for plan in plans for step in plan.steps]
    late = [row["at"] - at for row, at in zip(sorted(by_people, key=lambda r: r["at"]), sorted(planned), strict=True)]

    assert len(rows) > len(by_people)
    assert timedelta(minutes=-1) < min(late) <= max(late) < timedelta(minutes=25)
    assert max(row["at"] for row in rows) < datetime.now(UTC)
    for case_id in {row["case_id"] for row in rows}:
        assert first_break(CASE_LOG, [row for row in rows if row["case_id"] == case_id]) is None
    assert (told, activities, waiting) == (0, 13, 1)


async def test_cases_go_on_in_the_engine_they_were_handed_to(app: Stack, asked: Asked) -> None:
    """It knows each as the record does, lists it so, takes commands, and its history is told from there on."""
    with reading(app.outside.engine, caller.ENGINE) as connection:
        rows = list(connection.execute(select(cases)).mappings())
    statuses = Counter(row["status"] for row in rows)
    assert len(rows) == COUNT
    assert statuses[Status.OPEN.value] > 0
    for row in rows:
        handle = app.client.get_workflow_handle(workflow_id(row["id"]))
        state = await handle.query(CaseWorkflow.state)
        assert state is not None
        assert (state.revision, state.stage, state.due_at) == (row["revision"], row["stage"], row["due_at"])
    case = next(row for row in rows if row["status"] == Status.OPEN.value)
    receipt = await app.cases.record_review(app.ask(app.actors["supervisor"], case["id"]), c.RecordReview())
    assert receipt.sequence == case["revision"] + 1
    history = await CaseHistories(app.client).of(case["id"])
    assert history is not None
    assert (history.begins_at, [told.sequence for told in history.told]) == (case["revision"], [receipt.sequence])


async def test_each_figure_of_the_year_equals_a_recount_from_its_log(app: Stack, asked: Asked) -> None:
    """Of all of it and of the quarter before the last: what the commands wrote is counted as they meant it."""
    with reading(app.outside.engine, caller.ENGINE) as connection:
        log, clocks = (
            [dict(row) for row in connection.execute(select(table)).mappings()] for table in (case_log, deadlines)
        )
    reader, zone, now = app.actors["supervisor"], app.settings.timezone, datetime.now(UTC)
    for first, last in ((366, 0), (180, 90)):
        days = (now - timedelta(days=first)).date(), (now - timedelta(days=last)).date()
        period = period_of(reader, *days, now, zone)
        counted = app.outside.reads.counted(reader, period, zone, [*MAKERS])
        assert differing(counted, recount(log, clocks, period, zone)) == []
        assert sum(bool(each.cells) for each in counted.values()) > 15


async def test_a_year_is_not_put_among_other_cases(app: Stack, asked: Asked) -> None:
    """Nothing is begun."""
    with pytest.raises(OccupiedError):
        await run(app.settings, asked, lambda done, total: None)
