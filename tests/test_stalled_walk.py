"""Holds, reminders, escalations and the board, from HTTP through the real engine to the real database and back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from casework import commands as c
from casework.ids import workflow_id
from casework.models.people import Actor, Role
from casework.models.state import CaseState
from tests.stack import Stack
from tests.test_api_errors import is_problem
from tests.test_board import beat
from tests.test_walk import opened

MONTH = timedelta(days=31)


def coordinator(app: Stack) -> Actor:
    """Who stands above the agencies."""
    return app.actor("coordinator", Role.COORDINATOR, "setda-asisten-1")


@asynccontextmanager
async def asking(app: Stack, who: Actor, later: timedelta = timedelta()) -> AsyncIterator[httpx.AsyncClient]:
    """A client of somebody, of a web process whose clock shows a later time."""

    token, _ = app.outside.accounts.issue_token(who.account_id, 60)
    transport = httpx.ASGITransport(app.web(later))
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test/api/v1", headers=headers) as client:
        yield client


async def state_of(app: Stack, case_id: str) -> CaseState:
    """The case as its workflow knows it."""
    handle = app.client.get_workflow_handle(workflow_id(case_id))
    state: CaseState = await handle.query("state", result_type=CaseState)
    return state


async def referred(app: Stack) -> str:
    """A case with an emergency referral that nobody answers."""
    case_id = await opened(app)
    body = {"agency_id": "rsud-muaradua", "service": "health", "urgency": "emergency", "disclose": ["identity"]}
    await app.cases.refer(app.ask(app.caseworker, case_id), c.ReferCase.model_validate(body))
    return case_id


def named(outlook: dict[str, Any], kind: str) -> dict[str, Any]:
    """One of the things a case waits for."""
    waiting: dict[str, Any] = next(each for each in outlook["waiting_on"] if each["kind"] == kind)
    return waiting


async def test_a_hold_goes_to_the_engine_and_comes_back(app: Stack) -> None:
    """What the outlook says is what the workflow knows, before, during and after."""
    case_id = await opened(app)
    path = f"/cases/{case_id}"
    async with asking(app, app.supervisor) as supervisor:
        clock = named((await supervisor.get(f"{path}/outlook")).json(), "assessment")
        until = datetime.now(UTC) + timedelta(days=2)
        body = {"deadline_ids": [clock["id"]], "reason": "Klien di luar kota.", "until": until.isoformat()}
        answer = await supervisor.post(f"{path}/holds", json=body)
        during = named((await supervisor.get(f"{path}/outlook")).json(), "assessment")
        (hold,) = (await supervisor.get(f"{path}/holds")).json()["items"]
        released = await supervisor.post(f"{path}/holds/{hold['id']}/release")
        again = await supervisor.post(f"{path}/holds/{hold['id']}/release")
        (after,) = (await supervisor.get(f"{path}/holds")).json()["items"]

    assert (answer.status_code, released.status_code) == (200, 200), answer.text
    assert datetime.fromisoformat(during["held_until"]) == until
    assert (hold["released_at"], hold["reason"]) == (None, "Klien di luar kota.")
    assert after["released_at"] is not None
    is_problem(again, 409, "already_decided")
    standing = app.outside.reads.standing(app.supervisor, case_id)
    running = [deadline for deadline in (await state_of(app, case_id)).deadlines.values() if deadline.running]
    assert standing is not None
    assert sorted(standing.deadlines, key=lambda d: d.id) == sorted(running, key=lambda d: d.id)
    assert next(d for d in running if d.kind == "assessment").paused > 0


@pytest.mark.parametrize(
    ("kind", "days", "status", "code", "pointer"),
    [
        ("assessment", 31, 422, "invalid_input", "/until"),
        ("assessment", -1, 422, "invalid_input", "/until"),
        ("nowhere", 1, 422, "invalid_input", "/deadline_ids/0"),
        ("first_contact", 1, 409, "hold_not_allowed", None),
        ("tpks_report_police", 1, 409, "hold_not_allowed", None),
    ],
)
async def test_a_refused_hold_leaves_nothing(
    app: Stack, kind: str, days: int, status: int, code: str, pointer: str | None
) -> None:
    """The engine's refusal arrives as it was said."""
    case_id = await opened(app)
    clocks = {deadline.kind: id_ for id_, deadline in (await state_of(app, case_id)).deadlines.items()}
    until = datetime.now(UTC) + timedelta(days=days)
    body = {"deadline_ids": [clocks.get(kind, kind)], "reason": "Sebab.", "until": until.isoformat()}

    async with asking(app, app.supervisor) as supervisor:
        answer = await supervisor.post(f"/cases/{case_id}/holds", json=body)

    errors = is_problem(answer, status, code).get("errors", [])
    assert [error["pointer"] for error in errors] == ([pointer] if pointer else [])
    assert [row["kind"] for row in app.log(case_id)] == ["CaseOpened", "CaseAssigned"]


async def test_a_case_on_the_board_is_moved_by_its_remedies(app: Stack) -> None:
    """The coordinator reminds the agency, the supervisor escalates; a month on, the board shows the rung told."""
    case_id = await referred(app)
    async with asking(app, coordinator(app)) as other:
        clock = named((await other.get(f"/cases/{case_id}/outlook")).json(), "referral_answer")
        reminded = await other.post(f"/cases/{case_id}/reminders", json={"deadline_id": clock["id"]})
    async with asking(app, app.supervisor) as supervisor:
        escalated = await supervisor.post(f"/cases/{case_id}/escalations", json={"deadline_id": clock["id"]})
    assert (reminded.status_code, escalated.status_code) == (200, 200), reminded.text + escalated.text

    beat(app.outside.engine, datetime.now(UTC) + MONTH)
    async with asking(app, app.supervisor, MONTH) as supervisor:
        page = (await supervisor.get("/stalled", params={"agency_id": "rsud-muaradua"})).json()
    item = next(each for each in page["items"] if each["case"]["id"] == case_id)

    assert page["complete"] is True
    assert named(item["outlook"], "referral_answer")["rung"] == 1
    assert {"ref_no_answer", "no_first_contact", "overdue"} <= set(item["reasons"])
    about = {remedy["command"]: remedy for remedy in item["remedies"] if remedy["referral_id"]}
    assert set(about) == {"send_reminder", "escalate_case", "hold_clock", "revoke_referral", "refer_case"}
    kinds = [row["kind"] for row in app.log(case_id)]
    assert kinds[-2:] == ["ReminderSent", "CaseEscalated"]


@pytest.mark.parametrize("reason", ["no_first_contact", "overdue"])
async def test_every_reader_gets_the_own_board(app: Stack, reason: str) -> None:
    """The caseworker's own, the office's, the coordinator's; another office has none."""
    case_id = await opened(app)
    elsewhere = app.actor("supervisor2", Role.SUPERVISOR, "uptd-ppa-sumatera-selatan")
    readers = ((app.caseworker, True), (app.supervisor, True), (coordinator(app), True), (elsewhere, False))

    for who, sees in readers:
        async with asking(app, who, MONTH) as client:
            items = (await client.get("/stalled", params={"reason": reason, "limit": 200})).json()["items"]
        assert (case_id in [item["case"]["id"] for item in items]) is sees
