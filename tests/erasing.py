"""A stack that can erase, and a case that is erased on it."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistoryEventFilterType
from temporalio.worker import Worker

from activities.erasure import ErasureActivities
from casework import commands as c
from casework.ids import workflow_id
from casework.temporal.interceptors import interceptors
from casework.temporal.names import NOTICES
from casework.temporal.runs import Runs
from tests.canary_walk import Walk
from tests.stack import Stack, running
from workflows.case import CaseWorkflow
from workflows.erasure import ErasureWorkflow


@asynccontextmanager
async def erasing(one: Stack) -> AsyncIterator[Stack]:
    """A stack whose workers run and can erase."""
    activities = ErasureActivities(one.outside.erasures, Runs(one.client))
    slow = Worker(
        one.client,
        task_queue=NOTICES,
        activities=[activities.erase],
        activity_executor=ThreadPoolExecutor(2),
        interceptors=interceptors(),
        build_id="tests",
    )
    async with running(one, workflows=[CaseWorkflow, ErasureWorkflow]), slow:
        yield one


async def closed(walk: Walk) -> None:
    """Closed, at the wish of the client."""
    app, word = walk.app, walk.cage.word
    ending = {"reason": "client_request", "client_informed": True, "note": word()}
    await walk.give("request_closure", app.caseworker, c.RequestClosure.model_validate(ending))
    approved = c.DecideClosure.model_validate({"decision": "approve", "reason": word()})
    await walk.give("decide_closure", app.supervisor, approved)


async def erased(walk: Walk) -> None:
    """Asked for by one, approved by another, and done."""
    app, word = walk.app, walk.cage.word
    await walk.give("ask_erasure", app.supervisor, c.AskErasure(reason=word()))
    approved = c.DecideErasure.model_validate({"decision": "approve", "reason": word()})
    await walk.give("decide_erasure", app.head, approved)
    await gone(app, walk.case_id)


async def gone(app: Stack, case_id: str) -> None:
    """Wait until the workflow of a case has ended and its erasure is done. What the first came to opens no more."""
    handle, last = app.client.get_workflow_handle(workflow_id(case_id)), WorkflowHistoryEventFilterType.CLOSE_EVENT
    how = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW
    while how == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
        async for event in handle.fetch_history_events(wait_new_event=True, event_filter_type=last):
            how = event.event_type
    assert how == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED
    await app.client.get_workflow_handle(f"erasure-{case_id}").result()
