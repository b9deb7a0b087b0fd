"""The event budget, counted on the development server: a year of a case must stay replayable in a blink.

Nobody can wait a year for that server, and servers that skip time do not count as it does. So each thing that may
happen to a case is counted there once, with clocks of seconds; how often each happens in a year is what the pure rules
say of a year's plan. Each begins and ends with the workflow at rest, so that their events add up; what happens at once
shares workflow tasks and costs less.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from temporalio.api.enums.v1 import EventType

from casework import commands as c
from casework.ids import workflow_id
from casework.opening import CaseInput
from starter.cases import Cases
from tests.play import Play
from tests.short_pathways import Short, left_alone, shortened
from tests.stack import Stack
from tests.test_once import service
from tests.test_walk import assessed, opened, refer, walk_in
from tests.year import Reckoned, year
from workflows.case import CaseWorkflow

OPEN, STEP, REFERRAL, LAPSE = 14, 12, 50, 12
WAKE, RUNG, ANEW, SHOWN = 5, 1, 2, 1
"""The timer rings and is set again; a rung is recorded; a timer is cancelled and another set; attributes are shown."""
IN_TIME, LATE = 1000, 1100
FIRED = EventType.EVENT_TYPE_TIMER_FIRED


async def events(app: Stack, case_id: str) -> int:
    """Events in the case's history, once it is at rest."""
    history = await app.client.get_workflow_handle(workflow_id(case_id)).fetch_history()
    assert history.events[-1].event_type in (
        EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
        EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED,
        EventType.EVENT_TYPE_TIMER_STARTED,
    )
    return len(history.events)


async def kinds(app: Stack, case_id: str) -> Sequence[int]:
    """The kinds of events in the case's history."""
    history = await app.client.get_workflow_handle(workflow_id(case_id)).fetch_history()
    return [event.event_type for event in history.events]


async def woken(app: Stack, case_id: str, rungs: int) -> list[Sequence[int]]:
    """The events of each ring of its timer, once it has rung, and all rungs that are to come are recorded."""
    until = time.monotonic() + 30
    while True:
        events = await kinds(app, case_id)
        rings = [number for number, kind in enumerate(events) if kind == FIRED]
        wakes = [events[since:upto] for since, upto in pairwise([*rings, len(events)])]
        if wakes and sum(map(recorded, wakes)) == rungs and events[-1] == EventType.EVENT_TYPE_TIMER_STARTED:
            return wakes
        assert time.monotonic() < until, f"{len(wakes)} rings, {sum(map(recorded, wakes))} rungs"
        await asyncio.sleep(0.1)


def recorded(wake: Sequence[int]) -> int:
    """How many steps a wake recorded."""
    return wake.count(EventType.EVENT_TYPE_MARKER_RECORDED)


def unhurried(app: Stack) -> Cases:
    """The asking side of an office whose new cases have nothing to do within hours."""
    soon = ("assignment", "first_contact")
    pathways = {
        category: pathway.model_copy(update={"deadlines": tuple(d for d in pathway.deadlines if d.kind not in soon)})
        for category, pathway in app.office.pathways.items()
    }
    return Cases(app.client, replace(app.desk, office=replace(app.office, in_force=lambda: pathways)), wait=20.0)


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


async def test_a_step_that_sets_the_timer_anew_costs_two_more(app: Stack) -> None:
    """The old timer is cancelled, another started; steps soon after one another leave it alone."""
    case_id = await left_alone(app, unhurried(app))
    assessment = c.RecordAssessment.model_validate({"risk": "high"})
    await app.cases.assess(app.ask(app.caseworker, case_id), assessment)
    before = await kinds(app, case_id)

    await app.cases.refer(app.ask(app.caseworker, case_id), refer("rsud-muaradua", "health"))
    after = await kinds(app, case_id)

    assert after.count(EventType.EVENT_TYPE_TIMER_CANCELED) == 1
    assert len(after) - len(before) <= STEP + ANEW


async def test_a_lapse_stays_within_its_budget(app: Stack) -> None:
    """With one rung at most 12 events, half of them in truth; each rung more that is due then one. As is reckoned."""
    case_id = await left_alone(app, shortened(app, Short(runs=3, reminds=2)))
    state = await app.client.get_workflow_handle(workflow_id(case_id)).query(CaseWorkflow.state)
    assert state is not None
    reckoned = Reckoned.of(Play(state, state.opened_at))
    reckoned.until(state.opened_at + timedelta(minutes=1))
    wakes = await woken(app, case_id, reckoned.counts["rung"])

    assert WAKE + RUNG <= LAPSE
    assert [len(wake) for wake in wakes] == [WAKE + RUNG * recorded(wake) for wake in wakes]
    assert len(wakes) <= reckoned.counts["wake"]


@pytest.mark.parametrize(("pace", "limit"), [(0.7, IN_TIME), (0.95, LATE), (1.1, LATE)])
def test_a_year_stays_within_its_budget(pace: float, limit: int) -> None:
    """With all that happens by itself: sixty steps done before nearly every reminder; or fewer, after most, or late."""
    counts = year(pace).counts
    steps = counts["step"] * (STEP - SHOWN) + counts["attributes"] * SHOWN + counts["set anew"] * ANEW
    by_itself = (counts["wake"] + counts["vain wake"]) * WAKE + counts["rung"] * RUNG

    sys.stdout.write(f"a year at pace {pace}: {counts['step']} steps, {OPEN + steps + by_itself} events\n")
    assert counts["step"] >= (60 if limit == IN_TIME else 50)
    assert OPEN + steps + by_itself < limit < CaseInput().rollover_events


async def test_the_engines_lists_show_where_a_case_stands(app: Stack) -> None:
    """Found by its codes, and by nothing else."""
    case_id = await assessed(app)

    description = await app.client.get_workflow_handle(workflow_id(case_id)).describe()

    shown = {pair.key.name: pair.value for pair in description.typed_search_attributes}
    assert shown["CaseStage"] == "assessment"
    assert shown["CaseCategories"] == ["sexual_violence", "child_violence"]
    assert shown["CaseAgency"] == "dinas-pppappkb"
