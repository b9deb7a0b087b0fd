"""A command that comes at the instant of a rung: one goes first, both are written so, and nothing follows the end.

Recording an assessment ends the assessment's clock; another clock of the same length runs on.
"""

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import EventType

from activities.records import RecordsActivities
from casework import commands as c
from casework.db.store import SqlCaseStore
from casework.events import EventKind, Recording
from casework.ids import workflow_id
from casework.models.state import Receipt, Written
from starter.replay import replayer
from tests.rungs import Found, agrees, found
from tests.short_pathways import Short, left_alone, shortened
from tests.stack import Stack

SHORT = Short(runs=6, reminds=4, apart=0.5)
"""Long enough that a case is assigned before it reminds, also where a dozen are opened at once: or nobody is told."""
IN_TIME = Short(runs=5, reminds=4, apart=0.5)
"""For a command that is to be in time, however slow the machine."""
RACERS = 12
FROM, TO = -0.8, 1.6
"""Seconds around the due time: a timer may ring up to one late."""
WITHIN = 30.0


class Gate(SqlCaseStore):
    """The product's store, before which facts of one kind wait until they are let through."""

    def __init__(self, app: Stack, kind: EventKind) -> None:
        super().__init__(app.outside.engine)
        self._kind = kind
        self._open = threading.Event()
        self.reached = threading.Event()

    def record(self, recording: Recording) -> Written:
        """Record, as soon as it may."""
        if recording.event.kind is self._kind:
            self.reached.set()
            self._open.wait(WITHIN)
        return super().record(recording)

    def let_through(self) -> None:
        """Whoever waits, and who comes later."""
        self._open.set()


@asynccontextmanager
async def gated(app: Stack, kind: EventKind) -> AsyncIterator[Gate]:
    """A worker whose record has a gate."""
    gate = Gate(app, kind)
    async with app.worker(activities=[RecordsActivities(gate).record]):
        try:
            yield gate
        finally:
            gate.let_through()


async def assess(app: Stack, case_id: str) -> Receipt:
    """End the assessment's clock."""
    body = c.RecordAssessment.model_validate({"risk": "high"})
    return await app.cases.assess(app.ask(app.caseworker, case_id), body)


async def happened(app: Stack, case_id: str, event: str, times: int) -> None:
    """Wait until an event stands so often in the workflow's history."""
    handle, until = app.client.get_workflow_handle(workflow_id(case_id)), time.monotonic() + WITHIN
    wanted = EventType.Value(f"EVENT_TYPE_{event}")
    while sum(e.event_type == wanted for e in (await handle.fetch_history()).events) < times:
        assert time.monotonic() < until, f"{event} did not happen"
        await asyncio.sleep(0.05)


async def until_after(app: Stack, case_id: str, seconds: float) -> None:
    """Wait until so long after the opening."""
    opened_at: datetime = app.log(case_id)[0]["at"]
    await asyncio.sleep(max(0.0, (opened_at + timedelta(seconds=seconds) - datetime.now(UTC)).total_seconds()))


async def climbed(app: Stack, case_id: str, short: Short) -> Found:
    """The case after the time of the last rung of either ladder, when nothing more is to come."""
    await until_after(app, case_id, short.runs + 3 * short.apart)
    until = time.monotonic() + WITHIN
    while (case := await found(app, case_id)).state.next_at is not None:
        assert time.monotonic() < until, f"it stands at {case.state.revision}"
        await asyncio.sleep(0.1)
    return case


def steps_of_the_ended(case: Found, short: Short) -> list[str]:
    """What the ended clock came to, where all is as it must be: its steps once and in order, none after its end.

    The other clock's steps are all there, and each notice once.
    """
    agrees(case)
    expected = short.steps(case.case_id, case.opened_at)
    written = [row["command_id"] for row in case.told]
    ended = next(row["sequence"] for row in case.log if row["kind"] == "AssessmentRecorded")
    mine = [step.command_id for step in expected if step.deadline_id.endswith(".assessment")]
    before = [row["command_id"] for row in case.told if row["sequence"] < ended and row["command_id"] in mine]
    assert before == mine[: len(before)]
    told = [step for step in expected if step.command_id not in mine or step.command_id in before]
    assert sorted(written) == sorted(step.command_id for step in told)
    assert [id_ for id_ in written if id_ not in mine] == [s.command_id for s in told if s.command_id not in mine]
    assert all(row["at"] >= step.at for step in told for row in case.told if row["command_id"] == step.command_id)
    assert sorted(case.told_of) == sorted(id_ for step in told for id_ in step.told_of)
    return [id_.split(".0.", 1)[1] for id_ in before]


async def test_a_command_given_while_a_rung_is_recorded_comes_after_it(idle: Stack) -> None:
    """What was due before is told, then the clock ends, and nothing more is told.

    The record takes longer than a workflow task may: it goes on outside of it, and both histories of it replay.
    """
    async with gated(idle, EventKind.CASE_ESCALATED) as gate:
        case_id = await left_alone(idle, shortened(idle, SHORT))
        assert await asyncio.to_thread(gate.reached.wait, WITHIN)
        given = asyncio.create_task(assess(idle, case_id))
        await happened(idle, case_id, "WORKFLOW_EXECUTION_UPDATE_ACCEPTED", 3)
        gate.let_through()
        await given
        case = await climbed(idle, case_id, SHORT)

    assert steps_of_the_ended(case, SHORT)[:2] == ["remind.0", "escalate.1"]
    history = await idle.client.get_workflow_handle(workflow_id(case_id)).fetch_history()
    assert any(event.marker_recorded_event_attributes.HasField("failure") for event in history.events)
    await replayer(idle.client.data_converter).replay_workflow(history)


async def test_what_was_due_while_nobody_worked_goes_before_the_command_that_waits(idle: Stack) -> None:
    """Whichever of the two the engine brings first: so a record and a workflow that died in between agree on it."""
    async with idle.worker():
        case_id = await left_alone(idle, shortened(idle, SHORT))
    given = asyncio.create_task(assess(idle, case_id))
    await until_after(idle, case_id, SHORT.runs + SHORT.apart)
    async with idle.worker():
        await given
        case = await climbed(idle, case_id, SHORT)

    assert steps_of_the_ended(case, SHORT)[:3] == ["remind.0", "escalate.1", "escalate.2"]


async def test_a_rung_whose_time_comes_while_a_command_is_recorded_is_not_told(idle: Stack) -> None:
    """The command was in time, however long its record takes."""
    async with gated(idle, EventKind.ASSESSMENT_RECORDED) as gate:
        case_id = await left_alone(idle, shortened(idle, IN_TIME))
        given = asyncio.create_task(assess(idle, case_id))
        assert await asyncio.to_thread(gate.reached.wait, WITHIN)
        await until_after(idle, case_id, IN_TIME.runs + 1)
        await happened(idle, case_id, "TIMER_FIRED", 1)
        gate.let_through()
        await given
        case = await climbed(idle, case_id, IN_TIME)

    assert "escalate.1" not in steps_of_the_ended(case, IN_TIME)


async def test_whoever_is_first_at_the_due_time_the_record_tells_one_story(idle: Stack) -> None:
    """Many cases, each assessed a little earlier or later around the instant of the rung."""
    async with idle.worker():
        cases = shortened(idle, SHORT)

        async def race(number: int) -> list[str]:
            case_id = await left_alone(idle, cases)
            offset = FROM + (TO - FROM) * number / (RACERS - 1)
            await until_after(idle, case_id, SHORT.runs + offset)
            await assess(idle, case_id)
            return steps_of_the_ended(await climbed(idle, case_id, SHORT), SHORT)

        ends = await asyncio.gather(*(race(number) for number in range(RACERS)))

    first = sum("escalate.1" in end for end in ends)
    sys.stdout.write(f"\nthe rung was first in {first}, the command in {RACERS - first} of {RACERS}\n")
