"""Bad input gets what the contract says, with a pointer each, and leaves nothing behind."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api_fakes import Web, report, web
from tests.test_api_errors import is_problem

SOON = (datetime.now(UTC) + timedelta(days=2)).isoformat()
AT = "2026-05-21T10:00:00+07:00"
CHILD = {"kind": "child", "name": "Siti Kenari"}


@pytest.fixture
def app() -> Web:
    return web()


async def refused(app: Web, body: Any, **headers: str) -> dict[str, Any]:
    """The problem that opening a case with this body is; nothing is left of it."""
    answer = await app.post("caseworker", "/cases", body, **headers)
    problem = is_problem(answer, 422, answer.json()["code"])
    assert not app.memory.reservations
    assert not app.memory.documents
    assert "Kenari" not in answer.text
    return problem


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"channel": 5}, "/channel", "unknown_code"),
        ({"channel": "Kenari"}, "/channel", "unknown_code"),
        ({"note": "Kenari"}, "/note", "unknown_field"),
        ({"Siti Kenari": 1}, "", "unknown_field"),
        ({"client": {**CHILD, "age": 4}}, "/client/age", "unknown_field"),
        ({"client": {**CHILD, "age_years": "15"}}, "/client/age_years", "wrong_type"),
        ({"client": {**CHILD, "age_years": 131}}, "/client/age_years", "out_of_range"),
        ({"client": {**CHILD, "pregnant": "true"}}, "/client/pregnant", "wrong_type"),
        ({"client": {**CHILD, "birth_date": SOON[:10]}}, "/client/birth_date", "in_future"),
        ({"client": {**CHILD, "birth_date": "1800-01-01"}}, "/client/birth_date", "out_of_range"),
        ({"client": {**CHILD, "age_years": 30}}, "/client/age_years", "contradicts_kind"),
        ({"client": {**CHILD, "name": "Kenari\x00"}}, "/client/name", "invalid"),
        ({"client": {**CHILD, "subdistrict": "a\x00b"}}, "/client/subdistrict", "invalid"),
        ({"client": "Siti Kenari"}, "/client", "wrong_type"),
        ({"client": None}, "/client", "wrong_type"),
        ({"categories": []}, "/categories", "too_short"),
        ({"categories": "trafficking"}, "/categories", "wrong_type"),
        ({"categories": ["trafficking", "x"]}, "/categories/1", "unknown_code"),
        ({"categories": ["unclassified", "trafficking"]}, "/categories", "unclassified_alone"),
        ({"reported_at": "2026-05-21T10:00:00"}, "/reported_at", "no_offset"),
        ({"reported_at": 1_700_000_000}, "/reported_at", "wrong_type"),
        ({"reported_at": "1700000000"}, "/reported_at", "wrong_form"),
        ({"reported_at": "0001-01-01T00:00:00+14:00"}, "/reported_at", "out_of_range"),
        ({"reported_at": SOON}, "/reported_at", "in_future"),
        ({"incident_at": SOON}, "/incident_at", "in_future"),
        ({"reported_at": AT, "incident_at": "2026-05-22T10:00:00+07:00"}, "/incident_at", "after_report"),
        ({"narrative": "x" * 20_001}, "/narrative", "too_long"),
        ({"narrative": ["Kenari"]}, "/narrative", "wrong_type"),
        ({"reporter": {"kind": "agency"}}, "/reporter/agency_id", "missing"),
    ],
)
async def test_a_report_that_cannot_be_taken(app: Web, changes: dict[str, Any], pointer: str, code: str) -> None:
    """The pointer names the field; the value is never repeated."""
    problem = await refused(app, report(**changes))

    assert problem["code"] == "invalid_input"
    assert (pointer, code) in [(error["pointer"], error["code"]) for error in problem["errors"]]


async def test_every_missing_field_is_named(app: Web) -> None:
    """At once, not one after the other."""
    problem = await refused(app, {})

    assert {error["pointer"] for error in problem["errors"]} == {
        "/channel",
        "/reported_at",
        "/categories",
        "/reporter",
        "/client",
    }


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"\x00",
        b'{"channel": "walk_in"} trailing',
        b'{"narrative": "\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"narrative": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b"[" * 10_000,
        b'{"channel": ' + b"9" * 5_000 + b"}",
        b'{"client": {"age_years": NaN}}',
        b'{"client": {"age_years": 1e400}}',
    ],
)
async def test_what_is_not_a_body_is_refused(app: Web, content: bytes) -> None:
    """The process lives on."""
    answer = await app.ask("caseworker", "POST", "/cases", content=content)

    is_problem(answer, 422, "invalid_input")
    assert (await app.get(None, "/health/live")).status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json"])
async def test_another_content_type_is_refused(app: Web, kind: str) -> None:
    """Even where the content would be JSON."""
    content = json.dumps(report()).encode()
    answer = await app.ask("caseworker", "POST", "/cases", content=content, headers={"Content-Type": kind})

    is_problem(answer, 422, "invalid_input")


@pytest.mark.parametrize("key", ["", "x" * 201, "tab\tkey", "kunci-\xe9"])
async def test_a_key_that_cannot_be_kept_is_refused(app: Web, key: str) -> None:
    """At most 200 printable characters."""
    headers = {"Idempotency-Key": key.encode("latin-1")}
    answer = await app.ask("caseworker", "POST", "/cases", json=report(), headers=headers)

    problem = is_problem(answer, 422, "invalid_input")
    assert problem["errors"][0]["pointer"] == "/Idempotency-Key"


@pytest.mark.parametrize("value", ["1", '"one"', 'W/"1"', '"1", "2"', '"99999999999999999999"'])
async def test_an_if_match_that_is_no_etag_of_ours_is_refused(app: Web, value: str) -> None:
    """Rather than overwritten unseen."""
    case_id = (await app.post("caseworker", "/cases", report())).json()["id"]

    answer = await app.post("supervisor", f"/cases/{case_id}/reviews", {}, If_Match=value)

    assert is_problem(answer, 422, "invalid_input")["errors"][0]["pointer"] == "/If-Match"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("services", {"service": "sihir", "at": AT}),
        ("referrals", {"service": "sihir", "agency_id": "rsud-muaradua"}),
        ("plan", {"services": [{"service": "sihir"}]}),
    ],
)
async def test_an_unknown_service_has_a_code_of_its_own(app: Web, path: str, body: dict[str, Any]) -> None:
    """With the pointer to it."""
    case_id = (await app.post("caseworker", "/cases", report())).json()["id"]

    problem = is_problem(await app.post("caseworker", f"/cases/{case_id}/{path}", body), 422, "unknown_service")

    assert problem["errors"][0]["pointer"].endswith("/service")
    assert "sihir" not in json.dumps(problem)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"agency_id": "nowhere", "service": "health", "urgency": "emergency"}, 422, "unknown_agency"),
        ({"agency_id": "rsud-muaradua", "service": "court", "urgency": "emergency"}, 422, "service_not_given"),
        ({"agency_id": "rsud-muaradua", "service": "health"}, 409, "not_allowed_in_stage"),
        ({"agency_id": "rsud-muaradua", "service": "health", "consent": {"given_by": "none"}}, 409, None),
    ],
)
async def test_a_referral_that_cannot_be_made(app: Web, body: dict[str, Any], status: int, code: str | None) -> None:
    """Each with its code; nothing sealed is left."""
    case_id = (await app.post("caseworker", "/cases", report())).json()["id"]
    kept = len(app.memory.documents)

    answer = await app.post("caseworker", f"/cases/{case_id}/referrals", {**body, "reason": "Kenari"})

    is_problem(answer, status, code or answer.json()["code"])
    assert len(app.memory.documents) == kept


async def test_the_stage_says_where_the_step_is_possible(app: Web) -> None:
    """`allowed` is a member of the problem."""
    case_id = (await app.post("caseworker", "/cases", report())).json()["id"]

    problem = is_problem(await app.post("caseworker", f"/cases/{case_id}/plan"), 409, "not_allowed_in_stage")

    assert problem["allowed"] == ["assessment", "planning", "referral"]
