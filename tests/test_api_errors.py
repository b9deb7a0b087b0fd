"""One shape for every error, of every route, whoever caused it."""

import re
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from structlog.testing import capture_logs

from tests.api_fakes import Web, frames, report, web

MEMBERS = {"type", "title", "status", "detail", "code"}
WRITES = ("POST", "PUT")


def is_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem, if the answer is one of this status and code."""
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code), body
    assert set(body) >= MEMBERS
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    return body


def addresses() -> list[tuple[str, str]]:
    """Every route with an id that is not there."""
    routes = [route for route in web().app.routes if isinstance(route, APIRoute)]
    return [(method, re.sub(r"{\w+}", "nowhere", route.path)) for route in routes for method in route.methods or ()]


SIGNED = [(method, path) for method, path in addresses() if path.startswith("/api/v1") and path != "/api/v1/tokens"]


@pytest.fixture
def app() -> Web:
    return web()


@pytest.mark.parametrize(("method", "path"), SIGNED)
async def test_nobody_gets_in_without_a_token(app: Web, method: str, path: str) -> None:
    """Every route of the API refuses alike, before it looks at anything else."""
    answer = await app.ask(None, method, path, content=b"{" if method in WRITES else None)

    is_problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("value", ["Bearer wrong", "Basic eDp5", "Bearer", "token-caseworker", "Bearer \xff"])
async def test_a_wrong_token_is_no_token(app: Web, value: str) -> None:
    """Whatever stands in the header."""
    answer = await app.ask(None, "GET", "/cases", headers={"Authorization": value.encode("latin-1")})

    is_problem(answer, 401, "unauthenticated")


@pytest.mark.parametrize("path", ["/nowhere", "/api/v1/nowhere", "/api/v1/cases/", "/api/v1/cases/x/y/z"])
async def test_an_unknown_address_is_a_problem(app: Web, path: str) -> None:
    """The framework's own 404 has our shape."""
    async with app.client("caseworker") as client:
        is_problem(await client.get(path), 404, "not_found")


async def test_a_wrong_method_names_the_right_one(app: Web) -> None:
    """The framework's own 405 has our shape and keeps its header."""
    answer = await app.ask("caseworker", "DELETE", "/agencies")

    is_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"


OF_NO_CASE = ("/pathways/", "/mailbox", "/reports/", "/outreach/", "/public-reports/")
"""What hides nothing by not being there: who may not is told so, whatever is named."""
ABOUT_A_CASE = [(m, p) for m, p in SIGNED if "nowhere" in p and not any(part in p for part in OF_NO_CASE)]


@pytest.mark.parametrize(("method", "path"), ABOUT_A_CASE)
@pytest.mark.parametrize("username", ["supervisor", "coordinator", "police", "hotline", "administrator"])
async def test_what_is_not_there_is_not_found(app: Web, method: str, path: str, username: str) -> None:
    """For everybody, on every route with an id; a body that is not valid may be told first."""
    answer = await app.ask(username, method, path, json={} if method in WRITES else None)

    if answer.status_code == 422:
        is_problem(answer, 422, "invalid_input")
    else:
        is_problem(answer, 404, "not_found")


@pytest.mark.parametrize("case_id", ["%00", "..", "a%0Ab", "x" * 101, "%F0%9F%98%80", "%FF"])
async def test_an_address_that_cannot_be_is_not_found(app: Web, case_id: str) -> None:
    """No id of ours is so: the database is not asked."""
    answer = await app.get("supervisor", f"/cases/{case_id}/log")

    is_problem(answer, 404, "not_found")


@pytest.mark.parametrize("path", ["/cases", "/referrals", "/agencies", "/accounts", "/notifications", "/cases/x/log"])
async def test_an_unknown_query_parameter_is_refused(app: Web, path: str) -> None:
    """A misspelt filter must not answer with everything."""
    body = is_problem(await app.get("supervisor", path, sort="Siti Kenari"), 422, "invalid_input")

    assert body["errors"] == [{"pointer": "/sort", "code": "unknown_field", "detail": "There is no such field here."}]


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 201}, {"limit": "x"}, {"cursor": "%%"}, {"stage": "x"}])
async def test_a_query_that_cannot_be_is_refused(app: Web, query: dict[str, Any]) -> None:
    """Each parameter is checked before the database is asked."""
    body = is_problem(await app.get("supervisor", "/cases", **query), 422, "invalid_input")

    assert [error["pointer"] for error in body["errors"]] == [f"/{name}" for name in query]


@pytest.mark.parametrize("username", ["coordinator", "viewer", "auditor", "administrator"])
async def test_who_opens_no_cases_is_forbidden(app: Web, username: str) -> None:
    """Nothing is left behind."""
    is_problem(await app.post(username, "/cases", report()), 403, "forbidden")
    assert not app.memory.reservations


async def test_a_database_that_is_away_says_when_to_come_again(app: Web) -> None:
    """Reading and writing alike."""
    app.memory.database_away = True

    for answer in (await app.get("supervisor", "/cases"), await app.post("supervisor", "/cases", report())):
        is_problem(answer, 503, "database_unavailable")
        assert answer.headers["retry-after"]


async def test_an_engine_that_is_away_says_when_to_come_again(app: Web) -> None:
    """Every command but the opening, which is taken."""
    case_id = (await app.post("supervisor", "/cases", report())).json()["id"]
    app.memory.engine_away = True

    answer = await app.post("supervisor", f"/cases/{case_id}/reviews", {"risk": "high"})

    is_problem(answer, 503, "engine_unavailable")
    assert answer.headers["retry-after"]


async def test_a_defect_tells_nothing(app: Web) -> None:
    """Neither the answer nor the log holds the message of what was raised."""
    app.memory.broken = True

    with capture_logs() as logs:
        answer = await app.get("supervisor", "/cases")

    is_problem(answer, 500, "internal_error")
    assert [log["event"] for log in logs] == ["request_failed", "request"]
    assert logs[0]["error"] == "RuntimeError"
    assert "Kenari" not in answer.text + str(logs)


async def test_the_log_of_requests_holds_no_address(app: Web) -> None:
    """The template of the route stands there, and who asked."""
    with capture_logs() as logs:
        await app.get("supervisor", "/cases/some-case/log", limit=7)

    (log,) = logs
    assert log.items() >= {"method": "GET", "route": "/api/v1/cases/{case_id}/log", "status": 404}.items()
    assert log["account_id"] == "supervisor"
    assert "some-case" not in str(log)


@pytest.mark.parametrize("path", ["/cases", "/cases/x/assessment", "/tokens", "/oauth/token", "/nowhere"])
async def test_a_body_that_is_announced_too_large_is_refused(app: Web, path: str) -> None:
    """Before it is read, on any route."""
    answer = await app.ask("caseworker", "POST", path, content=b'{"narrative": "' + b"x" * 300_000 + b'"}')

    is_problem(answer, 413, "too_large")
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("path", ["/cases", "/cases/x/assessment", "/tokens"])
async def test_a_body_that_grows_too_large_is_refused(app: Web, path: str) -> None:
    """Without a length it is counted as it comes; what follows is dropped, and after a while left."""
    taken = 0

    async def pieces() -> Any:
        nonlocal taken
        for piece in frames(b"[" * 40_000_000):
            taken += len(piece)
            yield piece

    answer = await app.ask("caseworker", "POST", path, content=pieces())

    is_problem(answer, 413, "too_large")
    assert taken < 20_000_000
    assert not app.memory.reservations
