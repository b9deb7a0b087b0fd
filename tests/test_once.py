"""Applied once: concurrency, repeats, and moving to a fresh run."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from casework import commands as c
from casework.db.caller import ENGINE
from casework.db.session import reading
from casework.db.tables import documents
from casework.errors import (
    CaseworkError,
    IdempotencyKeyReusedError,
    RevisionConflictError,
    UnknownAgencyError,
    UnknownCaseError,
)
from casework.ids import new_id, workflow_id
from casework.models.state import Receipt
from tests.stack import Stack
from tests.test_walk import assessed, opened, walk_in


def service() -> c.RecordService:
    """A small command that every open case takes."""
    return c.RecordService.model_validate({"service": "psychosocial", "at": datetime.now(UTC), "note": "Sesi."})


async def test_a_hundred_openings_under_one_key_open_one_case(app: Stack) -> None:
    """100 concurrent openings with one key: one case, one answer."""
    body, key = walk_in(), new_id()

    receipts = await asyncio.gather(*(app.cases.open(app.ask(app.caseworker, key=key), body) for _ in range(100)))

    assert len({receipt.case_id for receipt in receipts}) == 1
    assert len(app.log(receipts[0].case_id)) == 1


async def test_of_two_writers_on_one_revision_one_wins(app: Stack) -> None:
    """The other is told that the case has changed, and leaves nothing."""
    case_id = await opened(app)

    results: list[Any] = await asyncio.gather(
        *(app.cases.record_service(app.ask(app.caseworker, case_id, revision=2), service()) for _ in range(2)),
        return_exceptions=True,
    )

    assert len([result for result in results if isinstance(result, Receipt)]) == 1
    refused = next(result for result in results if isinstance(result, CaseworkError))
    assert isinstance(refused, RevisionConflictError)
    assert refused.extra["revision"] == 3
    assert len(app.log(case_id)) == 3


async def test_a_repeat_gets_the_first_answer_and_another_body_is_refused(app: Stack) -> None:
    """The same key and body: the first receipt. The same key, another body: refused."""
    case_id = await opened(app)
    ask, body = app.ask(app.caseworker, case_id), service()

    first = await app.cases.record_service(ask, body)
    again = await app.cases.record_service(ask, body)

    assert first == again
    with pytest.raises(IdempotencyKeyReusedError):
        await app.cases.record_service(ask, body.model_copy(update={"note": "Lain."}))


async def test_repeats_in_flight_are_applied_once(app: Stack) -> None:
    """Twenty at once under one key: one row of the log, twenty equal receipts."""
    case_id = await opened(app)
    ask, body = app.ask(app.caseworker, case_id), service()

    receipts = await asyncio.gather(*(app.cases.record_service(ask, body) for _ in range(20)))

    assert len(set(receipts)) == 1
    assert len(app.log(case_id)) == 3


async def test_continue_as_new_loses_and_doubles_nothing(app: Stack) -> None:
    """Many times the commands of one run, from six callers at once, across several runs."""
    cases = app.asking(rollover_events=60)
    receipt = await cases.open(app.ask(app.caseworker), walk_in())
    case_id, early = receipt.case_id, app.ask(app.caseworker, receipt.case_id)
    body = service()
    first = await cases.record_service(early, body)

    async def caller() -> list[Receipt]:
        return [await cases.record_service(app.ask(app.caseworker, case_id), service()) for _ in range(6)]

    receipts = [receipt for batch in await asyncio.gather(*(caller() for _ in range(6))) for receipt in batch]

    assert sorted(receipt.sequence for receipt in receipts) == list(range(3, 39))
    assert [row["sequence"] for row in app.log(case_id)] == list(range(1, 39))
    assert await cases.record_service(early, body) == first
    runs = [run async for run in app.client.list_workflows(f"WorkflowId = '{workflow_id(case_id)}'")]
    assert len(runs) > 3


async def test_a_refusal_leaves_nothing(app: Stack) -> None:
    """No row, no event of history, no document."""
    case_id = await assessed(app)
    handle = app.client.get_workflow_handle(workflow_id(case_id))
    before = (await handle.describe()).history_length

    with pytest.raises(CaseworkError):
        await app.cases.decide_closure(
            app.ask(app.supervisor, case_id), c.DecideClosure.model_validate({"decision": "approve", "reason": "Tes."})
        )

    assert (await handle.describe()).history_length == before
    assert len(app.log(case_id)) == 3


async def pending_documents(app: Stack, case_id: str) -> int:
    """Sealed texts of a case that no row of its log names."""
    with reading(app.outside.engine, ENGINE) as connection:
        mine = (documents.c.case_id == case_id) & (documents.c.state == "pending")
        return connection.scalar(select(func.count()).select_from(documents).where(mine)) or 0


async def test_repeats_in_flight_and_refusals_leave_no_sealed_text(app: Stack) -> None:
    """Of many at once, some with another body under the same key, one text is kept and nothing else."""
    case_id = await opened(app)
    ask = app.ask(app.caseworker, case_id)
    bodies = [service().model_copy(update={"note": f"Catatan {number % 3}"}) for number in range(15)]
    at = bodies[0].at

    results: list[Any] = await asyncio.gather(
        *(app.cases.record_service(ask, body.model_copy(update={"at": at})) for body in bodies), return_exceptions=True
    )

    assert len([result for result in results if isinstance(result, Receipt)]) == 5
    assert len([result for result in results if isinstance(result, IdempotencyKeyReusedError)]) == 10
    assert await pending_documents(app, case_id) == 0
    assert len(app.log(case_id)) == 3


async def test_two_cases_cannot_be_duplicates_of_each_other(app: Stack) -> None:
    """A case is a duplicate of one that is open, so that one of them is followed."""
    first, second = await opened(app), await opened(app)
    await app.cases.mark_duplicate(app.ask(app.supervisor, first), c.MarkDuplicate(of_case_id=second))

    with pytest.raises(UnknownCaseError):
        await app.cases.mark_duplicate(app.ask(app.supervisor, second), c.MarkDuplicate(of_case_id=first))


async def test_a_case_is_not_handed_to_who_leads_no_cases(app: Stack) -> None:
    """A health centre is no office; refused before anything is asked of the engine."""
    case_id = await opened(app)

    with pytest.raises(UnknownAgencyError):
        await app.cases.transfer(app.ask(app.supervisor, case_id), c.TransferCase(to_agency_id="puskesmas"))
