"""Histories of every stage replay; a build that would go another way is refused."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory

from casework.db.builds import SqlBuilds
from casework.ids import workflow_id
from starter.replay import (
    ReplayMismatchError,
    fingerprint,
    gate,
    open_histories,
    recorded,
    recorded_converter,
    replay,
)
from tests.record_histories import STAGES
from tests.stack import Stack
from tests.test_walk import assessed

RECORDED = Path(__file__).parent.parent / "workflows" / "recorded"


async def test_recorded_histories_of_each_stage_replay() -> None:
    """One recorded case for each stage, the closed one in both its runs."""
    names = {file.name.rpartition("-")[0] for file in RECORDED.glob("*-*.json")}

    count, found = await replay(recorded(), recorded_converter())

    assert names == set(STAGES)
    assert found == []
    assert count > len(STAGES)


async def test_a_history_of_another_course_is_named() -> None:
    """A changed command is found, with its case; nothing of the case's content is told."""
    kept = json.loads((RECORDED / "intake-0.json").read_text())
    for event in kept["history"]["events"]:
        if event["eventType"] == "EVENT_TYPE_ACTIVITY_TASK_SCHEDULED":
            event["activityTaskScheduledEventAttributes"]["activityType"]["name"] = "something_else"

    async def one() -> AsyncIterator[WorkflowHistory]:
        yield WorkflowHistory.from_json(kept["workflow_id"], kept["history"])

    _, found = await replay(one(), recorded_converter())

    assert [mismatch.workflow_id for mismatch in found] == [kept["workflow_id"]]
    assert "Nondeterminism" in found[0].detail or "TMPRL1100" in found[0].detail


async def test_open_cases_replay_and_the_build_is_remembered(app: Stack) -> None:
    """The gate replays recorded and open histories once for each build."""
    case_id = await assessed(app)
    builds = SqlBuilds(app.outside.engine)
    counted: list[int] = []

    await gate(app.client, builds, counted.append)
    await gate(app.client, builds, counted.append)

    sampled = [history.workflow_id async for history in open_histories(app.client, None, None)]
    assert workflow_id(case_id) in sampled
    assert builds.passed(fingerprint())
    assert len(counted) == 1


async def test_a_build_with_a_mismatch_may_not_start(app: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused, the case named, and not remembered as passed."""
    monkeypatch.setattr("starter.replay.fingerprint", lambda: "another build")
    monkeypatch.setattr("starter.replay.CaseWorkflow", _another())
    builds = SqlBuilds(app.outside.engine)

    with pytest.raises(ReplayMismatchError) as refused:
        await gate(app.client, builds)

    assert refused.value.mismatches[0].case
    assert not builds.passed("another build")


def _another() -> type:
    from tests.other_course import OtherCourse

    return OtherCourse
