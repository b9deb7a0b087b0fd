"""Holds, reminders and escalations over HTTP: what is taken, what is refused, and what the outlook says after."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api_fakes import Web, report, web
from tests.test_api_errors import is_problem
from tests.test_api_writes import opened, referred

AGAIN = {"note": "Mohon segera."}


@pytest.fixture
def app() -> Web:
    return web()


def in_days(days: float) -> str:
    """An instant so many days from now."""
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


async def waiting(app: Web, case_id: str, username: str = "supervisor") -> dict[str, dict[str, Any]]:
    """What a case waits for, by kind."""
    outlook = (await app.get(username, f"/cases/{case_id}/outlook")).json()
    return {each["kind"]: each for each in outlook["waiting_on"]}


async def hold(app: Web, case_id: str, *kinds: str, by: str = "supervisor", **changes: Any) -> Any:
    """Put clocks on hold for three days."""
    clocks = await waiting(app, case_id)
    body = {"deadline_ids": [clocks[kind]["id"] for kind in kinds], "reason": "Klien di luar kota."}
    return await app.post(by, f"/cases/{case_id}/holds", {**body, "until": in_days(3), **changes})


async def held(app: Web) -> tuple[str, str]:
    """A case with its assessment on hold: its id, and the hold's."""
    case_id = await opened(app)
    answer = await hold(app, case_id, "assessment")
    assert answer.status_code == 200, answer.text
    (one,) = (await app.get("supervisor", f"/cases/{case_id}/holds")).json()["items"]
    return case_id, one["id"]


async def test_a_clock_on_hold_stays_listed_with_its_end(app: Web) -> None:
    """It is not overdue meanwhile; the end of the hold is what happens next."""
    case_id = await opened(app)
    before = (await waiting(app, case_id))["assessment"]

    answer = await hold(app, case_id, "assessment", "plan")

    clock = (await waiting(app, case_id))["assessment"]
    (one,) = (await app.get("supervisor", f"/cases/{case_id}/holds")).json()["items"]
    assert (answer.status_code, answer.headers["etag"]) == (200, '"3"')
    assert before["held_until"] is None
    assert clock["held_until"] == clock["next"]["at"] == one["until"].replace("+00:00", "Z")
    assert (clock["next"]["action"], clock["forecast"][0]) == ("release", clock["next"])
    assert (one["reason"], one["by"], one["released_at"]) == ("Klien di luar kota.", "supervisor", None)
    assert one["deadline_ids"] == [before["id"], (await waiting(app, case_id))["plan"]["id"]]


async def test_a_hold_is_released_once(app: Web) -> None:
    """Then its clocks go on, and the list says when."""
    case_id, hold_id = await held(app)
    path = f"/cases/{case_id}/holds/{hold_id}/release"

    answer = await app.post("head", path)

    (one,) = (await app.get("supervisor", f"/cases/{case_id}/holds")).json()["items"]
    assert (answer.status_code, answer.json()["id"]) == (200, case_id)
    assert one["released_at"] is not None
    assert (await waiting(app, case_id))["assessment"]["held_until"] is None
    is_problem(await app.post("supervisor", path), 409, "already_decided")


async def test_a_repeated_release_gets_the_first_answer(app: Web) -> None:
    """By its key."""
    case_id, hold_id = await held(app)
    path = f"/cases/{case_id}/holds/{hold_id}/release"

    first = await app.post("supervisor", path, Idempotency_Key="k")
    again = await app.post("supervisor", path, Idempotency_Key="k")

    assert (again.status_code, again.text) == (200, first.text)


async def test_a_hold_that_outlived_what_it_held_is_over(app: Web) -> None:
    """Since the last of it ended."""
    case_id, hold_id = await held(app)
    await app.post("caseworker", f"/cases/{case_id}/assessment", {"risk": "high"})

    (one,) = (await app.get("supervisor", f"/cases/{case_id}/holds")).json()["items"]

    assert one["released_at"] is not None
    is_problem(await app.post("supervisor", f"/cases/{case_id}/holds/{hold_id}/release"), 409, "already_decided")


async def test_a_hold_that_greater_danger_ended_is_over(app: Web) -> None:
    """Since then: the review that is called for does not wait."""
    case_id = await opened(app)
    await app.post("caseworker", f"/cases/{case_id}/assessment", {"risk": "low"})
    await hold(app, case_id, "supervisor_review")
    await app.post("caseworker", f"/cases/{case_id}/assessment", {"risk": "high"})

    (one,) = (await app.get("supervisor", f"/cases/{case_id}/holds")).json()["items"]
    review = (await waiting(app, case_id))["supervisor_review"]
    assert (one["released_at"], review["held_until"]) == (review["since"], None)


async def test_another_cases_hold_is_not_found(app: Web) -> None:
    """Nor one that is not there, nor by who does not see the case."""
    case_id, hold_id = await held(app)
    other = await opened(app)

    for username, of_case, named in (
        ("supervisor", other, hold_id),
        ("supervisor", case_id, "nowhere"),
        ("supervisor", "nowhere", hold_id),
        ("supervisor2", case_id, hold_id),
    ):
        is_problem(await app.post(username, f"/cases/{of_case}/holds/{named}/release"), 404, "not_found")


@pytest.mark.parametrize("until", [in_days(-1), in_days(30.1)], ids=["before now", "beyond thirty days"])
async def test_a_hold_has_an_end_within_thirty_days(app: Web, until: str) -> None:
    """With a pointer to it; nothing is left."""
    case_id = await opened(app)

    problem = is_problem(await hold(app, case_id, "assessment", until=until), 422, "invalid_input")

    assert [error["pointer"] for error in problem["errors"]] == ["/until"]
    assert (await app.get("supervisor", f"/cases/{case_id}/holds")).json()["items"] == []
    assert set(app.memory.documents) <= {row["document_id"] for row in app.memory.log}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"reason": None}, "/reason"),
        ({"deadline_ids": ["nowhere"]}, "/deadline_ids/0"),
        ({"deadline_ids": []}, "/deadline_ids"),
        ({"until": "2026-05-21T10:00:00"}, "/until"),
        ({"until": "2026-05-21T10:00:00+0700"}, "/until"),
        ({"until": None}, "/until"),
    ],
)
async def test_a_hold_that_cannot_be(app: Web, changes: dict[str, Any], pointer: str) -> None:
    """Each with its pointer."""
    answer = await hold(app, await opened(app), "assessment", **changes)

    assert pointer in [error["pointer"] for error in is_problem(answer, 422, "invalid_input")["errors"]]


@pytest.mark.parametrize("kind", ["first_contact", "tpks_report_police"])
async def test_what_runs_by_law_or_for_the_client_is_not_held(app: Web, kind: str) -> None:
    """Whatever the reason."""
    body = report(categories=["sexual_violence"])
    case_id = (await app.post("supervisor", "/cases", body)).json()["id"]
    clocks = await waiting(app, case_id)
    assert kind in clocks, sorted(clocks)

    is_problem(await hold(app, case_id, kind), 409, "hold_not_allowed")
    is_problem(await hold(app, case_id, "assessment", kind), 409, "hold_not_allowed")


async def test_a_clock_is_held_once(app: Web) -> None:
    """And by who decides."""
    case_id, _ = await held(app)

    is_problem(await hold(app, case_id, "assessment"), 409, "already_decided")
    is_problem(await hold(app, case_id, "plan", by="caseworker"), 403, "forbidden")
    is_problem(await hold(app, case_id, "plan", by="coordinator"), 403, "forbidden")
    is_problem(await hold(app, case_id, "plan", by="supervisor2"), 404, "not_found")


async def test_a_supervisor_reminds_and_escalates(app: Web) -> None:
    """The rung that is told now is not told again when its time comes."""
    case_id = await opened(app)
    clock = (await waiting(app, case_id))["assessment"]
    body = {"deadline_id": clock["id"], **AGAIN}

    reminded = await app.post("supervisor", f"/cases/{case_id}/reminders", body)
    escalated = await app.post("supervisor", f"/cases/{case_id}/escalations", body)

    after = (await waiting(app, case_id))["assessment"]
    rungs = [step for step in clock["forecast"] if step["action"] == "escalate"]
    assert (reminded.status_code, escalated.status_code) == (200, 200)
    assert (clock["rung"], after["rung"]) == (0, 1)
    assert [step for step in after["forecast"] if step["action"] == "escalate"] == rungs[1:]
    kinds = [row["kind"] for row in (await app.get("supervisor", f"/cases/{case_id}/log")).json()["items"]]
    assert kinds[-2:] == ["ReminderSent", "CaseEscalated"]
    assert "Mohon" not in str(app.memory.log)


async def test_after_the_last_rung_there_is_nothing_to_escalate_to(app: Web) -> None:
    """A case conference is called for."""
    case_id = await opened(app)
    body = {"deadline_id": (await waiting(app, case_id))["assessment"]["id"]}
    answers = [await app.post("supervisor", f"/cases/{case_id}/escalations", body) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 409]
    is_problem(answers[-1], 409, "already_decided")


async def test_the_coordinator_reminds_agencies_only(app: Web) -> None:
    """And is answered with what a coordinator may see."""
    referral = await referred(app)
    path = f"/cases/{referral['case_id']}/reminders"
    clocks = await waiting(app, referral["case_id"], "coordinator")

    answer = await app.post("coordinator", path, {"deadline_id": clocks["referral_answer"]["id"]})
    own = await app.post("coordinator", path, {"deadline_id": clocks["assessment"]["id"]})
    escalated = await app.post(
        "coordinator", f"/cases/{referral['case_id']}/escalations", {"deadline_id": clocks["referral_answer"]["id"]}
    )

    assert (answer.status_code, answer.json()["client"], answer.json()["categories"]) == (200, None, [])
    is_problem(own, 403, "forbidden")
    is_problem(escalated, 403, "forbidden")


@pytest.mark.parametrize("path", ["reminders", "escalations"])
async def test_a_deadline_that_does_not_run_is_bad_input(app: Web, path: str) -> None:
    """With its pointer; who does not see the case does not find it."""
    case_id = await opened(app)
    body = {"deadline_id": "nowhere"}

    problem = is_problem(await app.post("supervisor", f"/cases/{case_id}/{path}", body), 422, "invalid_input")

    assert [error["pointer"] for error in problem["errors"]] == ["/deadline_id"]
    is_problem(await app.post("caseworker", f"/cases/{case_id}/{path}", body), 403, "forbidden")
    is_problem(await app.post("police", f"/cases/{case_id}/{path}", body), 404, "not_found")


async def test_what_may_be_done_names_them(app: Web) -> None:
    """By role and stage."""
    case_id = await opened(app)
    new = ("hold_clock", "release_clock", "send_reminder", "escalate_case")

    for username, allowed in (("supervisor", new), ("coordinator", ("send_reminder",)), ("caseworker", ())):
        answer = (await app.get(username, f"/cases/{case_id}/actions", limit=200)).json()["items"]
        may = {each["command"] for each in answer if each["allowed"]}
        assert may & set(new) == set(allowed)
        assert set(new) <= {each["command"] for each in answer}
