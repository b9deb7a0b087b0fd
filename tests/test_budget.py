"""The event budget, counted on the development server: a year of a case must stay replayable in a blink."""

from temporalio.api.enums.v1 import EventType

from casework import commands as c
from casework.ids import workflow_id
from tests.stack import Stack
from tests.test_once import service
from tests.test_walk import assessed, opened, refer, walk_in

OPEN, STEP, REFERRAL = 14, 12, 50


async def events(app: Stack, case_id: str) -> int:
    """Events in the case's history, once it is at rest."""
    history = await app.client.get_workflow_handle(workflow_id(case_id)).fetch_history()
    assert history.events[-1].event_type in (
        EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
        EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED,
    )
    return len(history.events)


async def test_opening_stays_within_its_budget(app: Stack) -> None:
    """At most 14 events."""
    receipt = await app.cases.open(app.ask(app.caseworker), walk_in())

    assert await events(app, receipt.case_id) <= OPEN


async def test_a_step_stays_within_its_budget(app: Stack) -> None:
    """At most 12 events, whether or not the lists of the engine show something new."""
    case_id = await opened(app)
    before = await events(app, case_id)

    await app.cases.record_service(app.ask(app.caseworker, case_id), service())
    quiet = await events(app, case_id)
    body = c.RecordAssessment.model_validate({"risk": "medium"})
    await app.cases.assess(app.ask(app.caseworker, case_id), body)

    assert quiet - before <= STEP
    assert await events(app, case_id) - quiet <= STEP


async def test_a_referral_stays_within_its_budget(app: Stack) -> None:
    """From sending over acknowledging and accepting to completion: at most 50 events."""
    case_id = await assessed(app)
    before = await events(app, case_id)

    sent = await app.cases.refer(app.ask(app.caseworker, case_id), refer("rsud-muaradua", "health"))
    for answer in ("acknowledged", "accepted"):
        ask = app.ask(app.hospital, case_id, subject_id=sent.subject_id)
        await app.cases.answer(ask, c.AnswerReferral.model_validate({"answer": answer}))
    ask = app.ask(app.hospital, case_id, subject_id=sent.subject_id)
    await app.cases.complete(ask, c.CompleteReferral.model_validate({"outcome": "service_provided"}))

    assert await events(app, case_id) - before <= REFERRAL


async def test_the_engines_lists_show_where_a_case_stands(app: Stack) -> None:
    """Found by its codes, and by nothing else."""
    case_id = await assessed(app)

    description = await app.client.get_workflow_handle(workflow_id(case_id)).describe()

    shown = {pair.key.name: pair.value for pair in description.typed_search_attributes}
    assert shown["CaseStage"] == "assessment"
    assert shown["CaseCategories"] == ["sexual_violence", "child_violence"]
    assert shown["CaseAgency"] == "dinas-pppappkb"
