"""The board and the outlook over HTTP: their shape, and for whom."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api_fakes import Web, report, web, web_at
from tests.test_api_errors import is_problem
from tests.test_api_writes import opened, referred

LATER = timedelta(days=30)


@pytest.fixture
def app() -> Web:
    """A month after what the tests do."""
    return web_at(lambda: datetime.now(UTC) + LATER)


async def board(app: Web, username: str = "supervisor", **query: Any) -> dict[str, Any]:
    """The board as somebody reads it."""
    answer = await app.get(username, "/stalled", **query)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def test_an_item_says_why_on_whom_since_when_and_what_to_do(app: Web) -> None:
    """With the outlook that the case itself answers."""
    case_id = await opened(app)

    page = await board(app)

    (item,) = page["items"]
    assert set(page) == {"items", "next_cursor", "checked_at", "complete"}
    assert set(item) == {"case", "reasons", "holder", "since", "outlook", "remedies"}
    assert (item["case"]["id"], item["case"]["stalled"], item["case"]["risk"]) == (case_id, True, "high")
    assert "client" not in item["case"]
    assert "overdue" in item["reasons"]
    assert item["outlook"] == (await app.get("supervisor", f"/cases/{case_id}/outlook")).json()
    first = item["outlook"]["waiting_on"][0]
    assert item["holder"]["role"] == first["owner"]["role"]
    assert all(set(remedy) == {"command", "deadline_id", "referral_id"} for remedy in item["remedies"])
    assert {"send_reminder", "escalate_case", "hold_clock"} <= {remedy["command"] for remedy in item["remedies"]}


async def test_each_reader_gets_the_own_board(app: Web) -> None:
    """The office's, the caseworker's own, and the coordinator's without content."""
    referral = await referred(app)
    await app.post("supervisor", "/cases", report())

    assert len((await board(app, "supervisor"))["items"]) == len((await board(app, "head"))["items"]) == 2
    assert [each["case"]["id"] for each in (await board(app, "caseworker"))["items"]] == [referral["case_id"]]
    assert (await board(app, "caseworker2"))["items"] == (await board(app, "supervisor2"))["items"] == []
    seen = (await board(app, "coordinator"))["items"]
    assert len(seen) == 2
    for item in seen:
        assert (item["case"]["categories"], item["case"]["assigned_to"]) == ([], None)
        assert {waiting["category"] for waiting in item["outlook"]["waiting_on"]} == {None}
        assert {remedy["command"] for remedy in item["remedies"]} <= {"send_reminder"}


@pytest.mark.parametrize("username", ["viewer", "police", "hospital", "administrator", "auditor", "hotline"])
async def test_others_do_not_read_it(app: Web, username: str) -> None:
    """403, as for any role without the right."""
    is_problem(await app.get(username, "/stalled"), 403, "forbidden")


@pytest.mark.parametrize("query", [{"reason": "x"}, {"limit": 0}, {"cursor": "%%"}, {"agency_id": "a b"}, {"x": "1"}])
async def test_a_query_that_cannot_be_is_refused(app: Web, query: dict[str, Any]) -> None:
    """A misspelt reason must not answer with nothing."""
    problem = is_problem(await app.get("supervisor", "/stalled", **query), 422, "invalid_input")

    assert [error["pointer"] for error in problem["errors"]] == [f"/{name}" for name in query]


async def test_it_is_complete_only_while_the_watch_lives(app: Web) -> None:
    """An empty board without it says nothing."""
    assert (await board(app))["complete"] is False

    app.memory.watched_at = datetime.now(UTC) + LATER
    page = await board(app)
    assert (page["items"], page["complete"]) == ([], True)

    app.memory.watched_at = datetime.now(UTC) + LATER - timedelta(minutes=3)
    assert (await board(app))["complete"] is False


async def test_what_moves_is_not_on_it() -> None:
    """A case that was opened just now."""
    now = web()
    case_id = await opened(now)

    outlook = (await now.get("supervisor", f"/cases/{case_id}/outlook")).json()

    assert (await board(now))["items"] == []
    assert (outlook["stalled"], outlook["reasons"]) == (False, [])
    due = [waiting["due_at"] for waiting in outlook["waiting_on"]]
    assert due == sorted(due)


async def test_the_forecast_is_what_happens_by_itself(app: Web) -> None:
    """Soonest first, and the first of it is what comes next."""
    case_id = await opened(app)

    waiting = (await app.get("supervisor", f"/cases/{case_id}/outlook")).json()["waiting_on"]

    clock = next(each for each in waiting if each["kind"] == "assessment")
    assert clock["next"] == clock["forecast"][0]
    assert [step["action"] for step in clock["forecast"]] == ["remind", "escalate", "escalate", "escalate"]
    assert [step["to"] for step in clock["forecast"]] == ["caseworker", "supervisor", "head", "coordinator"]
    assert all(set(step) == {"action", "to", "at"} for step in clock["forecast"])
    assert [step["at"] for step in clock["forecast"]] == sorted(step["at"] for step in clock["forecast"])


@pytest.mark.parametrize(("username", "reasons"), [("caseworker", ["step_failing"]), ("hotline", [])])
async def test_a_report_that_waits_for_the_engine_has_an_outlook(app: Web, username: str, reasons: list[str]) -> None:
    """It waits for nothing but that; after a minute it stands still, and its office is told so."""
    app.memory.engine_away = True
    now = web_at(lambda: datetime.now(UTC))
    now.memory.engine_away = True

    for asked, stalled in ((app, bool(reasons)), (now, False)):
        case_id = (await asked.post(username, "/cases", report())).json()["id"]
        outlook = (await asked.get(username, f"/cases/{case_id}/outlook")).json()
        assert outlook == {"waiting_on": [], "stalled": stalled, "reasons": reasons if stalled else []}
        is_problem(await asked.get("supervisor2", f"/cases/{case_id}/outlook"), 404, "not_found")


async def test_an_agency_is_told_no_reason_but_of_its_own_clocks(app: Web) -> None:
    """Neither that the office is late, nor what it waits for."""
    referral = await referred(app)

    outlook = (await app.get("hospital", f"/cases/{referral['case_id']}/outlook")).json()

    assert {waiting["kind"] for waiting in outlook["waiting_on"]} == {"referral_answer"}
    assert (outlook["stalled"], outlook["reasons"]) == (True, ["ref_no_answer", "overdue"])


async def test_a_list_is_filtered_by_what_stands_still(app: Web) -> None:
    """By who is shown it; for others the filter would tell."""
    case_id = await opened(app)

    for wanted, found in (("true", [case_id]), ("false", [])):
        assert [each["id"] for each in (await app.get("supervisor", "/cases", stalled=wanted)).json()["items"]] == found


async def test_a_referral_carries_the_revision_of_its_case(app: Web) -> None:
    """A later If-Match repeats it."""
    referral = await referred(app)
    path = f"/referrals/{referral['id']}"

    shown = await app.get("hospital", path)
    answered = await app.post("hospital", f"{path}/answer", {"answer": "accepted"}, If_Match=shown.headers["etag"])
    stale = await app.post("hospital", f"{path}/result", {"outcome": "unavailable"}, If_Match=shown.headers["etag"])

    assert shown.headers["etag"] == '"3"'
    assert answered.status_code == 200, answered.text
    is_problem(stale, 412, "revision_conflict")


async def test_headers_are_in_the_document(app: Web) -> None:
    """Where it is, and its revision."""
    paths = (await app.get(None, "/api/openapi.json")).json()["paths"]

    opening = paths["/api/v1/cases"]["post"]["responses"]
    assert set(opening["201"]["headers"]) == {"ETag", "Location"}
    assert set(opening["202"]["headers"]) == {"Location"}
    for path, method in (
        ("cases/{case_id}", "get"),
        ("referrals/{referral_id}", "get"),
        ("cases/{case_id}/plan", "post"),
    ):
        assert set(paths[f"/api/v1/{path}"][method]["responses"]["200"]["headers"]) == {"ETag"}
    assert set(paths["/api/v1/cases/{case_id}/referrals"]["post"]["responses"]["201"]["headers"]) == {
        "ETag",
        "Location",
    }
