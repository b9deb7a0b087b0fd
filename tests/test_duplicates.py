"""A duplicate leaves its clocks to the case that goes on, through the engine, once."""

from datetime import UTC, datetime, timedelta

from casework import commands as c
from casework.ids import workflow_id
from casework.models.people import ITSELF
from casework.models.state import CaseState, Deadline
from tests.stack import Stack
from tests.test_walk import opened, walk_in
from workflows.case import CaseWorkflow

EARLIER = timedelta(hours=5)


async def state_of(app: Stack, case_id: str) -> CaseState:
    """What the case's workflow knows."""
    state = await app.client.get_workflow_handle(workflow_id(case_id)).query(CaseWorkflow.state)
    assert state is not None
    return state


def running(state: CaseState, kind: str) -> Deadline:
    """The one running clock of a kind."""
    [deadline] = [d for d in state.deadlines.values() if d.running and d.kind == kind]
    return deadline


async def ended_in(app: Stack, surviving: str) -> CaseState:
    """The surviving case after one reported five hours before it ended as its duplicate and left it its clocks."""
    first = await app.cases.open(app.ask(app.caseworker), walk_in(datetime.now(UTC) - EARLIER))
    body = c.MarkDuplicate(of_case_id=surviving)
    await app.cases.mark_duplicate(app.ask(app.supervisor, first.case_id), body)
    # Signals and updates of one case are heard in order: after this one is answered, the clocks have been taken.
    review = c.RecordReview.model_validate({"note": "Dibaca."})
    while not any(row["kind"] == "ClocksTakenOver" for row in app.log(surviving)):
        await app.cases.record_review(app.ask(app.supervisor, surviving), review)
    # The record is there before the case takes its new state; a command waits for both.
    await app.cases.record_review(app.ask(app.supervisor, surviving), review)
    return await state_of(app, surviving)


async def test_the_surviving_case_takes_the_earlier_start_of_every_clock(app: Stack) -> None:
    """Design: what was reported first started the clocks, the law's among them."""
    surviving = await opened(app)
    before = await state_of(app, surviving)

    after = await ended_in(app, surviving)

    for kind in ("first_contact", "tpks_report_police", "clin_72h"):
        was, now = running(before, kind), running(after, kind)
        assert timedelta(hours=4) < was.since - now.since < timedelta(hours=6), kind
        assert was.due_at - now.due_at == was.since - now.since, kind


async def test_it_is_kept_in_the_log_and_in_the_record_once(app: Stack) -> None:
    """By the engine, naming the duplicate; the rows of the deadlines say the same as the workflow."""
    surviving = await opened(app)

    after = await ended_in(app, surviving)

    [taken] = [row for row in app.log(surviving) if row["kind"] == "ClocksTakenOver"]
    assert taken["account_id"] == "engine"
    rows = {row["id"]: row["since"] for row in app.outside.reads.deadlines(ITSELF, surviving)}
    assert rows == {id_: deadline.since for id_, deadline in after.deadlines.items()}
