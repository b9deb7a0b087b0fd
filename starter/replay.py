"""Replaying histories against this code before it takes work: a build that would go another way is refused.

An office has one machine and moves its open cases to new code at once. So a new build first replays the recorded
histories and a sample of the open ones, and does not start where one of them would end in another command.
"""

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from typing import Protocol

from temporalio.client import Client, WorkflowHistory
from temporalio.converter import DataConverter
from temporalio.worker import Replayer

from casework.ids import case_id_of
from casework.models.codes import Stage
from casework.temporal.codec import data_converter
from casework.temporal.interceptors import interceptors
from casework.temporal.sandbox import workflow_runner
from casework.vault.keys import MasterKey
from casework.vault.keystore import MemoryKeyStore
from workflows.case import CaseWorkflow

PARTS = ("workflows", "casework.rules", "casework.models")
MODULES = ("commands.py", "events.py", "opening.py", "errors.py")
SAMPLE = 150
SECONDS = 20.0


@dataclass(frozen=True)
class Mismatch:
    """A history that this code would not have written. `detail` names the event; no content of the case."""

    workflow_id: str
    detail: str

    @property
    def case(self) -> str:
        """The case, or the name of the recorded history."""
        return case_id_of(self.workflow_id) or self.workflow_id


class ReplayMismatchError(Exception):
    """This build may not take work."""

    def __init__(self, mismatches: Iterable[Mismatch]) -> None:
        self.mismatches = tuple(mismatches)
        lines = "; ".join(f"case {m.case}: {m.detail}" for m in self.mismatches)
        super().__init__(f"this build would go another way: {lines}")


class Builds(Protocol):
    """Which builds have passed."""

    def passed(self, fingerprint: str) -> bool:
        """Whether a build has passed before."""
        ...

    def mark_passed(self, fingerprint: str) -> None:
        """Remember that it has."""
        ...


def fingerprint() -> str:
    """The build: every source that decides what a workflow does, and the SDK that runs it."""
    digest = hashlib.sha256(metadata.version("temporalio").encode())
    for package in PARTS:
        for source in sorted(_sources(resources.files(package)), key=lambda source: source.name):
            digest.update(source.name.encode() + source.read_bytes())
    for name in MODULES:
        digest.update(resources.files("casework").joinpath(name).read_bytes())
    return digest.hexdigest()


def _sources(place: Traversable) -> Iterable[Traversable]:
    return (entry for entry in place.iterdir() if entry.name.endswith(".py"))


def replayer(converter: DataConverter) -> Replayer:
    """A replayer as the worker is: same converter, interceptors and sandbox."""
    return Replayer(
        workflows=[CaseWorkflow],
        data_converter=converter,
        interceptors=interceptors(),
        workflow_runner=workflow_runner(),
    )


async def replay(histories: AsyncIterator[WorkflowHistory], converter: DataConverter) -> tuple[int, list[Mismatch]]:
    """Replay each; how many, and those that this code would not have written."""
    count, found = 0, []
    async with replayer(converter).workflow_replay_iterator(histories) as results:
        async for result in results:
            count += 1
            if result.replay_failure:
                found.append(Mismatch(result.history.workflow_id, str(result.replay_failure)))
    return count, found


def recorded_converter() -> DataConverter:
    """What opens the recorded histories: keys that lie beside them, made for nothing else."""
    kept = json.loads(_recorded().joinpath("keys.json").read_bytes())
    keys = MemoryKeyStore()
    keys.restore({case_id: base64.b64decode(key) for case_id, key in kept["cases"].items()})
    return data_converter(keys, MasterKey(base64.b64decode(kept["master"])))


async def recorded() -> AsyncIterator[WorkflowHistory]:
    """The recorded histories: one for each stage a case can stand in."""
    for entry in sorted(_recorded().iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".json") and entry.name != "keys.json":
            kept = json.loads(entry.read_bytes())
            yield WorkflowHistory.from_json(kept["workflow_id"], kept["history"])


def _recorded() -> Traversable:
    return resources.files("workflows").joinpath("recorded")


async def open_histories(client: Client, most: int | None, seconds: float | None) -> AsyncIterator[WorkflowHistory]:
    """Histories of cases that run: all, or at most so many, spread over the stages, within so many seconds."""
    end = None if seconds is None else time.monotonic() + seconds
    share = None if most is None else max(1, most // len(Stage))
    for stage in Stage:
        query = f"WorkflowType = 'CaseWorkflow' AND ExecutionStatus = 'Running' AND CaseStage = '{stage.value}'"
        async for run in client.list_workflows(query, limit=share):
            if end is not None and time.monotonic() > end:
                return
            yield await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()


async def gate(client: Client, builds: Builds, say: Callable[[int], None] = lambda _: None) -> None:
    """Let a build take work that has passed, or passes now; raises ReplayMismatchError for one that does not."""
    build = fingerprint()
    if await asyncio.to_thread(builds.passed, build):
        return
    count, found = await replay(recorded(), recorded_converter())
    more, wrong = await replay(open_histories(client, SAMPLE, SECONDS), client.data_converter)
    if found or wrong:
        raise ReplayMismatchError([*found, *wrong])
    await asyncio.to_thread(builds.mark_passed, build)
    say(count + more)
