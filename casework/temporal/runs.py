"""The workflows of cases as the engine has them: whether each runs, what of it fails, where it stands."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import WorkflowExecutionStatus
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    DescribeWorkflowExecutionResponse,
    ListWorkflowExecutionsRequest,
)
from temporalio.client import Client, WorkflowQueryFailedError, WorkflowQueryRejectedError
from temporalio.common import TypedSearchAttributes
from temporalio.converter import decode_typed_search_attributes
from temporalio.service import RPCError, RPCStatusCode

from casework.ids import case_id_of, workflow_id
from casework.models.patrol import Run, Shown, Stand
from casework.models.state import CaseState
from casework.temporal.names import CASE_AGENCY, CASE_DUE, CASE_RISK, CASE_STAGE

FAILING = 5
"""Attempts after which a step is taken to fail again and again."""
ANSWERS_WITHIN = timedelta(seconds=5)
PAGE = 500
SILENT = (RPCStatusCode.CANCELLED, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.FAILED_PRECONDITION)
RUNNING = "WorkflowType = 'CaseWorkflow' AND ExecutionStatus = 'Running'"


class Runs:
    """Asks the engine. What the engine itself cannot answer is raised, so that the question is asked again."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def look(self, case_id: str) -> Run:
        """The workflow of a case."""
        asked = DescribeWorkflowExecutionRequest(
            namespace=self._client.namespace, execution=WorkflowExecution(workflow_id=workflow_id(case_id))
        )
        try:
            found = await self._client.workflow_service.describe_workflow_execution(asked, retry=True)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return Run(status="not_found")
        info = found.workflow_execution_info
        attributes = decode_typed_search_attributes(info.search_attributes)
        return Run(status=_status(info.status), failing=_failing(found), shown=_shown(attributes))

    async def stand(self, case_id: str) -> Stand | None:
        """Where the workflow takes its case to be; None where it does not answer."""
        handle = self._client.get_workflow_handle(workflow_id(case_id))
        try:
            state = await handle.query("state", result_type=CaseState, rpc_timeout=ANSWERS_WITHIN)
        except (WorkflowQueryFailedError, WorkflowQueryRejectedError, TimeoutError):
            return None
        except RPCError as error:
            if error.status not in SILENT:
                raise
            return None
        return Stand(revision=state.revision, next_at=state.next_at)

    async def running(self, started_before: datetime) -> AsyncIterator[tuple[str, ...]]:
        """The cases whose workflow runs, and did before an instant, part by part."""
        query = f"{RUNNING} AND StartTime < '{started_before.isoformat()}'"
        asked = ListWorkflowExecutionsRequest(namespace=self._client.namespace, page_size=PAGE, query=query)
        while True:
            found = await self._client.workflow_service.list_workflow_executions(asked, retry=True)
            ids = (case_id_of(each.execution.workflow_id) for each in found.executions)
            yield tuple(id_ for id_ in ids if id_)
            if not found.next_page_token:
                return
            asked.next_page_token = found.next_page_token


def _status(status: WorkflowExecutionStatus.ValueType) -> str:
    names = {number: name for name, number in WorkflowExecutionStatus.items()}
    return names.get(status, "unknown").removeprefix("WORKFLOW_EXECUTION_STATUS_").lower()


def _failing(found: DescribeWorkflowExecutionResponse) -> str | None:
    """The step that fails, by the name of its activity."""
    for pending in found.pending_activities:
        if pending.attempt >= FAILING:
            return pending.activity_type.name
    return "workflow_task" if found.pending_workflow_task.attempt >= FAILING else None


def _shown(attributes: TypedSearchAttributes) -> Shown | None:
    try:
        return Shown.model_validate(
            {
                "stage": attributes[CASE_STAGE],
                "risk": attributes[CASE_RISK],
                "agency_id": attributes[CASE_AGENCY],
                "due_at": attributes.get(CASE_DUE),
            }
        )
    except (KeyError, ValueError):
        return None
