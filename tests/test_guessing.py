"""Guessing: an id, a number, an address or a header of somebody else's tells nothing and opens nothing."""

import re
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from casework.ids import new_id
from tests.api_fakes import Web, report, web
from tests.test_api_errors import is_problem
from tests.test_api_writes import referred

IDS = ("case_id", "referral_id")
STRANGERS = ("supervisor2", "caseworker2", "police", "hotline", "viewer", "administrator", "auditor")
"""People of another office, and people of the same who have nothing to do with the case."""


@pytest.fixture
def app() -> Web:
    return web()


def routes() -> list[tuple[str, str]]:
    """Every route that names a case or a referral."""
    own = [route for route in web().app.routes if isinstance(route, APIRoute)]
    found = [(method, route.path) for route in own for method in route.methods or ()]
    return [(method, path) for method, path in found if any(f"{{{name}}}" in path for name in IDS)]


def told(answer: httpx.Response) -> tuple[Any, ...]:
    """All that an answer says."""
    return answer.status_code, dict(answer.headers), answer.content


@pytest.mark.parametrize("username", STRANGERS)
async def test_what_may_not_be_seen_is_answered_as_what_is_not_there(app: Web, username: str) -> None:
    """To the byte, on every route that names a case or a referral."""
    referral = await referred(app)
    there = {"case_id": referral["case_id"], "referral_id": referral["id"]}

    for method, path in routes():
        asked = []
        for ids in (there, {name: new_id() for name in IDS}):
            filled = re.sub(r"{(\w+)}", lambda found, ids=ids: ids.get(found[1], "nowhere"), path)  # type: ignore[misc]
            body: dict[str, Any] | None = None if method == "GET" else {}
            asked.append(await app.ask(username, method, filled.removeprefix("/api/v1"), json=body))
        assert told(asked[0]) == told(asked[1]), (method, path)
        assert asked[0].status_code in (403, 404, 422), (method, path)


@pytest.mark.parametrize("username", STRANGERS)
async def test_a_number_of_somebody_elses_is_found_no_more_than_one_of_nobody(app: Web, username: str) -> None:
    """Numbers run on, so they can be guessed."""
    case = (await app.post("caseworker", "/cases", report())).json()

    for number in (case["number"], "OKUS-2026-99999-1"):
        listed = await app.get(username, "/cases", number=number)
        searched = await app.post(username, "/cases/search", {"number": number})
        for answer in (listed, searched):
            assert answer.status_code == 403 or answer.json()["items"] == []
    assert (await app.get("caseworker", "/cases", number=case["number"])).json()["items"] != []


@pytest.mark.parametrize(
    "path",
    [
        *("/api/v1/../api/v1/cases", "/api/v1/%2e%2e/v1/cases", "/api/v1/cases/%2e%2e/agencies", "//api/v1/cases"),
        *(
            "/api/v1//cases",
            "/API/V1/CASES",
            "/api/v1/cases/",
            "/api/v1/cases;x=1",
            "/api/v1/cases%00",
            "/api/v1/cases.",
        ),
        *("/health/live/../../api/v1/cases", "/health/%2e%2e/api/v1/cases", "/session/../api/v1/cases"),
        *("/.env", "/.git/config", "/static/../pyproject.toml", "/etc/passwd", "/docs", "/redoc", "/openapi.json"),
    ],
)
async def test_no_way_of_writing_an_address_leads_past_the_door(app: Web, path: str) -> None:
    """As it is sent, not as a client would tidy it."""
    request = httpx.Request("GET", "http://test/")
    request.url = httpx.URL("http://test").copy_with(raw_path=path.encode())
    async with app.client() as client:
        answer = await client.send(request)

    assert answer.status_code in (401, 404)
    is_problem(answer, answer.status_code, answer.json()["code"])


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Original-URL": "/health/live"},
        {"X-Rewrite-URL": "/health/live"},
        {"X-HTTP-Method-Override": "GET"},
        {"X-Forwarded-User": "supervisor"},
        {"X-Remote-User": "supervisor"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Cookie": "token=token-supervisor; Authorization=Bearer token-supervisor"},
        {"Proxy-Authorization": "Bearer token-supervisor"},
    ],
    ids=lambda headers: next(iter(headers)),
)
async def test_no_other_header_opens_the_door(app: Web, headers: dict[str, str]) -> None:
    """What a proxy in front might believe, we do not."""
    is_problem(await app.ask(None, "GET", "/agencies", headers=headers), 401, "unauthenticated")


@pytest.mark.parametrize("name", ["access_token", "token", "api_key", "username"])
async def test_no_token_is_taken_from_an_address(app: Web, name: str) -> None:
    """Addresses are kept in logs and histories."""
    answer = await app.ask(None, "GET", "/agencies", params={name: "token-supervisor"})

    assert answer.status_code in (401, 422)
    assert "items" not in answer.json()
