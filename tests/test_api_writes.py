"""Writing: what is answered, what a repeat gets, and what reaches the asking side."""

from typing import Any

import pytest

from casework.ids import is_case_number
from tests.api_fakes import Web, report, web
from tests.test_api_errors import is_problem

CASE = {
    *("id", "number", "status", "stage", "categories", "risk", "revision", "agency_id", "assigned_to", "opened_at"),
    *("closed_at", "due_at", "stalled", "pathways", "client", "links"),
}
REFERRAL = {
    *("id", "case_id", "case_number", "agency_id", "service", "urgency", "status", "sent_at", "answer_due_at"),
    *("result_due_at", "answered_at", "completed_at", "outcome", "reference", "disclosed", "revision"),
}


@pytest.fixture
def app() -> Web:
    return web()


async def opened(app: Web) -> str:
    """A case opened and assigned."""
    answer = await app.post("caseworker", "/cases", report())
    case_id: str = answer.json()["id"]
    assigned = await app.post("supervisor", f"/cases/{case_id}/assignment", {"caseworker_id": "caseworker"})
    assert assigned.status_code == 200, assigned.text
    return case_id


async def referred(app: Web, **changes: Any) -> dict[str, Any]:
    """An emergency referral to the hospital."""
    body = {"agency_id": "rsud-muaradua", "service": "health", "urgency": "emergency", "disclose": ["identity", "risk"]}
    answer = await app.post("caseworker", f"/cases/{await opened(app)}/referrals", {**body, **changes})
    assert answer.status_code == 201, answer.text
    referral: dict[str, Any] = answer.json()
    return referral


async def test_opening_answers_with_the_case(app: Web) -> None:
    """201, where it is, its revision, and the client for who opened it."""
    answer = await app.post("caseworker", "/cases", report())

    case = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/cases/{case['id']}"
    assert answer.headers["etag"] == '"1"'
    assert set(case) == CASE
    assert is_case_number(case["number"])
    assert case["client"]["name"] == "Siti Kenari"
    assert case["client"]["birth_date"] == "2014-07-19"
    assert (case["stage"], case["status"], case["revision"]) == ("intake", "open", 1)
    assert [pathway["category"] for pathway in case["pathways"]] == ["child_violence"]


@pytest.mark.parametrize("username", ["hotline", "hospital"])
async def test_who_is_not_of_the_office_gets_the_case_without_its_client(app: Web, username: str) -> None:
    """A number and a stage, no content."""
    answer = await app.post(username, "/cases", report())

    case = answer.json()
    assert answer.status_code == 201
    assert (case["client"], case["categories"], case["risk"]) == (None, [], None)
    assert set(case) == CASE


async def test_a_report_is_taken_while_the_engine_is_away(app: Web) -> None:
    """202 with id and number; it reads as queued, for who reported it."""
    app.memory.engine_away = True

    answer = await app.post("hotline", "/cases", report(), Idempotency_Key="k")
    again = await app.post("hotline", "/cases", report(), Idempotency_Key="other")

    assert answer.status_code == 202
    assert set(answer.json()) == {"id", "number", "status"}
    shown = await app.get("hotline", answer.headers["location"].removeprefix("/api/v1"))
    assert (shown.json()["status"], shown.json()["number"]) == ("queued", answer.json()["number"])
    assert again.json()["id"] != answer.json()["id"]


async def test_a_repeat_gets_the_first_answer(app: Web) -> None:
    """Even when the case has moved on since."""
    body = report()
    first = await app.post("caseworker", "/cases", body, Idempotency_Key="k-1")
    case_id = first.json()["id"]
    await app.post("caseworker", f"/cases/{case_id}/client", {"client": {"kind": "child", "name": "Siti Merpati"}})
    await app.post("supervisor", f"/cases/{case_id}/assignment", {"caseworker_id": "caseworker2"})

    again = await app.post("caseworker", "/cases", body, Idempotency_Key="k-1")

    assert (again.status_code, again.text) == (first.status_code, first.text)
    assert again.headers["etag"] == first.headers["etag"]
    assert len(app.memory.cases) == 1


async def test_a_repeat_with_another_body_is_refused(app: Web) -> None:
    """The key names one command."""
    await app.post("caseworker", "/cases", report(), Idempotency_Key="k-1")

    answer = await app.post("caseworker", "/cases", report(risk="low"), Idempotency_Key="k-1")

    is_problem(answer, 422, "idempotency_key_reused")


async def test_a_repeat_of_who_lost_sight_gets_the_first_answer(app: Web) -> None:
    """A case that went to another caseworker is not there, but the command was applied."""
    case_id = (await app.post("caseworker", "/cases", report())).json()["id"]
    body = {"at": "2026-05-21T10:00:00+07:00", "service": "psychosocial"}
    first = await app.post("caseworker", f"/cases/{case_id}/services", body, Idempotency_Key="k-2")
    await app.post("supervisor", f"/cases/{case_id}/assignment", {"caseworker_id": "caseworker2"})

    again = await app.post("caseworker", f"/cases/{case_id}/services", body, Idempotency_Key="k-2")
    other = await app.post("caseworker", f"/cases/{case_id}/services", body, Idempotency_Key="k-3")

    assert (again.status_code, again.text) == (200, first.text)
    is_problem(other, 404, "not_found")


async def test_key_and_revision_reach_the_asking_side(app: Web) -> None:
    """As they came, with the actor of the token."""
    case_id = await opened(app)

    await app.post("supervisor", f"/cases/{case_id}/reviews", {}, Idempotency_Key="kunci 1", If_Match='"2"')

    name, ask = app.cases.asked[-1]
    assert (name, ask.key, ask.revision, ask.case_id) == ("record_review", "kunci 1", 2, case_id)
    assert (ask.actor.account_id, ask.actor.role) == ("supervisor", "supervisor")


async def test_a_stale_revision_is_refused_with_the_current(app: Web) -> None:
    """A star asks for none."""
    case_id = await opened(app)

    stale = await app.post("supervisor", f"/cases/{case_id}/reviews", {}, If_Match='"1"')
    any_ = await app.post("supervisor", f"/cases/{case_id}/reviews", {}, If_Match="*")

    assert is_problem(stale, 412, "revision_conflict")["revision"] == 2
    assert (any_.status_code, any_.headers["etag"]) == (200, '"3"')


async def test_another_office_does_not_find_the_case(app: Web) -> None:
    """Whatever it asks."""
    case_id = await opened(app)

    for path, body in (("reviews", {}), ("assignment", {"caseworker_id": "x"}), ("transfer/decision", None)):
        given = {"decision": "accept"} if body is None else body
        is_problem(await app.post("supervisor2", f"/cases/{case_id}/{path}", given), 404, "not_found")


async def test_the_office_a_case_is_offered_to_may_accept_it(app: Web) -> None:
    """Though it has not seen it yet."""
    case_id = await opened(app)
    await app.post("supervisor", f"/cases/{case_id}/transfer", {"to_agency_id": "uptd-ppa-sumatera-selatan"})

    answer = await app.post("supervisor2", f"/cases/{case_id}/transfer/decision", {"decision": "accept"})

    assert answer.status_code == 200, answer.text
    assert answer.json()["agency_id"] == "uptd-ppa-sumatera-selatan"


async def test_a_referral_answers_with_what_it_discloses(app: Web) -> None:
    """And nothing of what it does not."""
    referral = await referred(app)

    assert set(referral) == REFERRAL
    assert referral["status"] == "sent"
    assert set(referral["disclosed"]) == {"identity", "risk"}
    assert referral["disclosed"]["identity"]["name"] == "Siti Kenari"
    assert "phone" not in str(referral["disclosed"])


async def test_the_receiver_answers_and_completes(app: Web) -> None:
    """By the referral's id alone."""
    referral = await referred(app)
    path = f"/referrals/{referral['id']}"

    accepted = await app.post("hospital", f"{path}/answer", {"answer": "accepted", "reference": "RS/1"})
    done = await app.post("hospital", f"{path}/result", {"outcome": "service_provided"})

    assert (accepted.status_code, accepted.json()["status"]) == (200, "accepted")
    assert (done.json()["status"], done.json()["reference"]) == ("completed", "RS/1")


async def test_another_agency_does_not_find_the_referral(app: Web) -> None:
    """Nor can the office answer for one that has an account."""
    path = f"/referrals/{(await referred(app))['id']}/answer"

    is_problem(await app.post("police", path, {"answer": "accepted"}), 404, "not_found")
    is_problem(await app.post("caseworker", path, {"answer": "accepted"}), 403, "forbidden")


async def test_a_notification_is_received_by_whom_it_was_told(app: Web) -> None:
    """The answer is the notification, with the receipt."""
    case_id = await opened(app)
    body = {"kind": "police", "agency_id": "unit-ppa-polres", "explained_to_client": True, "objection": False}
    told = await app.post("caseworker", f"/cases/{case_id}/notifications", body)
    assert told.status_code == 200, told.text
    (notification,) = (await app.get("police", "/notifications")).json()["items"]

    answer = await app.post("police", f"/notifications/{notification['id']}/receipt", {"reference": "LP/7"})

    assert (answer.status_code, answer.json()["receipt_reference"]) == (200, "LP/7")
    is_problem(await app.post("hospital", f"/notifications/{notification['id']}/receipt"), 404, "not_found")


async def test_a_decision_needs_other_eyes(app: Web) -> None:
    """403 with the code, after plan and proposal went through."""
    case_id = await opened(app)
    await app.post("caseworker", f"/cases/{case_id}/assessment", {"risk": "medium", "narrative": "Aman."})
    await app.post("supervisor", f"/cases/{case_id}/plan", {"goals": ["Pulih"]})

    answer = await app.post("supervisor", f"/cases/{case_id}/plan/decision", {"decision": "approve"})

    is_problem(answer, 403, "four_eyes")


async def test_a_blocked_closure_names_each_thing(app: Web) -> None:
    """`blockers` is a member of the problem."""
    referral = await referred(app)

    answer = await app.post("caseworker", f"/cases/{referral['case_id']}/closure", {"reason": "client_request"})

    kinds = {blocker["kind"] for blocker in is_problem(answer, 409, "closure_blocked")["blockers"]}
    assert {"referral_open", "client_not_informed"} <= kinds


@pytest.mark.parametrize("content", [None, b"", b"{}"])
async def test_a_body_without_a_needed_field_may_be_left_out(app: Web, content: bytes | None) -> None:
    """A field left out counts as null."""
    case_id = await opened(app)

    answer = await app.ask("supervisor", "POST", f"/cases/{case_id}/reviews", content=content)

    assert answer.status_code == 200, answer.text
