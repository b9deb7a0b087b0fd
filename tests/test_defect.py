"""A defect in a rule stops the command that meets it, and nothing else."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from temporalio import workflow

from casework import commands as c
from casework.errors import BrokenStepError
from casework.ids import workflow_id
from casework.models.state import CaseState
from casework.rules.step import RULES, Step
from casework.temporal.interceptors import BROKEN
from tests.stack import Stack
from tests.test_once import service
from tests.test_walk import opened

CANARY = "Kenari-Kuning"


@pytest.mark.parametrize("validated", [True, False], ids=["met by the validator", "met by the handler only"])
async def test_a_defect_in_a_rule_fails_one_command(
    app: Stack, monkeypatch: pytest.MonkeyPatch, validated: bool
) -> None:
    """It gets `internal_error` without a word of what went wrong, leaves nothing, and the case lives on."""
    case_id = await opened(app)
    named: type[c.Command] = c.RecordService
    sound = RULES[named]

    def broken(state: CaseState, order: c.Order[Any], now: datetime) -> Step:
        if order.revision == 2 and (validated or not workflow.unsafe.is_read_only()):
            raise ValueError(CANARY)
        return sound.decide(state, order, now)

    monkeypatch.setitem(RULES, named, replace(sound, decide=broken))
    asked = app.ask(app.caseworker, case_id, revision=2)

    with pytest.raises(BrokenStepError) as failed:
        await app.cases.record_service(asked, service())

    assert failed.value.detail == BROKEN
    assert len(app.log(case_id)) == 2
    receipt = await app.cases.record_service(app.ask(app.caseworker, case_id), service())
    assert receipt.sequence == 3
    description = await app.client.get_workflow_handle(workflow_id(case_id)).describe()
    assert description.status is not None
    assert description.status.name == "RUNNING"
