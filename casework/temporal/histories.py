"""What the engine's history of a case tells of its log: opened through the codec, from the oldest run that is kept."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHistory
from temporalio.converter import WorkflowSerializationContext
from temporalio.service import RPCError, RPCStatusCode

from casework.errors import EngineUnavailableError
from casework.ids import workflow_id
from casework.rules.auditing import Told

RECORD = "record"
"""The activity that writes the log."""
LOCAL = "core_local_activity"
ANSWERS_WITHIN = timedelta(seconds=10)
AWAY = (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED)


@dataclass(frozen=True)
class History:
    """What is kept of a case's history. `begins_at` is the revision at its beginning: 0 where all of it is kept."""

    begins_at: int
    told: tuple[Told, ...] = ()


@dataclass
class _Run:
    """One run while it is read: what was asked to be recorded, and what came of it."""

    begins_at: int
    told: list[Told] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)
    """By the event that scheduled it."""


class CaseHistories:
    """Reads them one by one. Raises EngineUnavailableError where the engine does not answer, VaultError where a payload
    is not what was sealed, KeyMissingError where the case was erased."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def of(self, case_id: str) -> History | None:
        """The history of a case, all its runs; None where nothing of it is kept any more."""
        runs: list[_Run] = []
        run_id: str | None = None
        while found := await self._fetch(case_id, run_id):
            run, run_id = await self._read(case_id, found)
            runs.insert(0, run)
            if not run_id:
                break
        if not runs:
            return None
        return History(runs[0].begins_at, tuple(each for run in runs for each in run.told))

    async def _fetch(self, case_id: str, run_id: str | None) -> WorkflowHistory | None:
        handle = self._client.get_workflow_handle(workflow_id(case_id), run_id=run_id)
        try:
            return await handle.fetch_history(rpc_timeout=ANSWERS_WITHIN)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            if error.status in AWAY:
                raise EngineUnavailableError("The engine does not answer.") from None
            raise
        except RuntimeError:  # a lazy client that cannot connect
            raise EngineUnavailableError("The engine does not answer.") from None

    async def _read(self, case_id: str, found: WorkflowHistory) -> tuple[_Run, str]:
        """A run, and the one before it."""
        begun = found.events[0].workflow_execution_started_event_attributes
        start = await self._open(case_id, begun.input.payloads)
        state = start.get("state") or {}
        run = _Run(begins_at=state.get("revision", 0))
        for event in found.events:
            await self._take(case_id, run, event)
        return run, begun.continued_execution_run_id

    async def _take(self, case_id: str, run: _Run, event: HistoryEvent) -> None:
        match event.WhichOneof("attributes"):
            case "activity_task_scheduled_event_attributes":
                asked = event.activity_task_scheduled_event_attributes
                if asked.activity_type.name == RECORD:
                    recording = await self._open(case_id, asked.input.payloads)
                    run.places[event.event_id] = len(run.told)
                    run.told.append(Told(recording["event"]["sequence"], recording, done=False))
            case "activity_task_completed_event_attributes":
                answered = event.activity_task_completed_event_attributes
                place = run.places.get(answered.scheduled_event_id)
                if place is not None:
                    digest = _digest(await self._open(case_id, answered.result.payloads))
                    run.told[place] = replace(run.told[place], digest=digest, done=True)
            case "activity_task_failed_event_attributes":
                place = run.places.get(event.activity_task_failed_event_attributes.scheduled_event_id)
                if place is not None:
                    del run.told[place]  # refused for good: it was the last one asked for, and nothing was written
            case "marker_recorded_event_attributes":
                marker = event.marker_recorded_event_attributes
                if marker.marker_name == LOCAL and not marker.HasField("failure"):
                    await self._take_local(case_id, run, marker.details)

    async def _take_local(self, case_id: str, run: _Run, details: Mapping[str, Any]) -> None:
        """What was recorded within a workflow task: of the recording itself only the answer is kept."""
        if json.loads(details["data"].payloads[0].data)["activity_type"] != RECORD:
            return
        before = run.told[-1].sequence if run.told else run.begins_at
        digest = _digest(await self._open(case_id, details["result"].payloads))
        run.told.append(Told(before + 1, digest=digest))

    async def _open(self, case_id: str, payloads: Sequence[Payload]) -> Any:
        """The first of the payloads, as plain JSON."""
        context = WorkflowSerializationContext(namespace=self._client.namespace, workflow_id=workflow_id(case_id))
        opened = await self._client.data_converter.with_context(context).decode(list(payloads))
        return opened[0] if opened else None


def _digest(entry: Any) -> str | None:
    """The digest of the row, by the answer of the record; earlier builds answered otherwise."""
    found = entry.get("digest") if isinstance(entry, dict) else entry
    return found if isinstance(found, str) else None
