"""Signing in, health, and the OpenAPI document."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from casework.errors import BY_CODE
from starter.cases import Cases
from tests.api_fakes import PASSWORD, Web, web
from tests.test_api_errors import is_problem
from web.api.commands import COMMANDS

PAGE = (Path(__file__).parent.parent / "docs" / "api.md").read_text()
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def app() -> Web:
    return web()


async def test_a_person_signs_in(app: Web) -> None:
    """The token opens the door."""
    answer = await app.post(None, "/tokens", {"username": "supervisor", "password": PASSWORD})

    body = answer.json()
    assert answer.status_code == 200
    assert set(body) == {"token", "expires_at", "account"}
    assert body["account"] == {"id": "supervisor", "role": "supervisor", "agency_id": "dinas-pppappkb"}
    headers = {"Authorization": f"Bearer {body['token']}"}
    assert (await app.ask(None, "GET", "/cases", headers=headers)).status_code == 200


@pytest.mark.parametrize("username", ["supervisor", "nobody"])
async def test_a_wrong_password_and_an_unknown_name_are_told_alike(app: Web, username: str) -> None:
    """Nobody learns who has an account."""
    answer = await app.post(None, "/tokens", {"username": username, "password": "salah"})

    assert is_problem(answer, 401, "unauthenticated")["detail"] == "Unknown user name or wrong password."


async def test_a_password_of_the_wrong_type_is_not_repeated(app: Web) -> None:
    """Not in the answer."""
    answer = await app.post(None, "/tokens", {"username": "supervisor", "password": [PASSWORD]})

    is_problem(answer, 422, "invalid_input")
    assert PASSWORD not in answer.text


@pytest.mark.parametrize("basic", [True, False])
async def test_a_system_signs_in_with_client_credentials(app: Web, basic: bool) -> None:
    """In the form or as HTTP Basic."""
    form = {"grant_type": "client_credentials"} | ({} if basic else {"client_id": "hotline", "client_secret": PASSWORD})
    async with app.client() as client:
        auth = ("hotline", PASSWORD) if basic else None
        answer = await client.post("/oauth/token", data=form, auth=auth)

    assert answer.status_code == 200, answer.text
    assert answer.json() == {"access_token": "token-hotline", "token_type": "Bearer", "expires_in": 3600}


@pytest.mark.parametrize(
    ("content", "status", "error"),
    [
        ("grant_type=client_credentials&client_id=supervisor&client_secret=" + PASSWORD, 401, "invalid_client"),
        ("grant_type=client_credentials&client_id=hotline&client_secret=salah", 401, "invalid_client"),
        ("grant_type=client_credentials", 401, "invalid_client"),
        ("grant_type=password&username=hotline", 422, "unsupported_grant_type"),
        ("&".join("a=1" for _ in range(100)), 422, "invalid_request"),
        ("", 422, "unsupported_grant_type"),
    ],
)
async def test_wrong_client_credentials(app: Web, content: str, status: int, error: str) -> None:
    """A problem that also carries the error RFC 6749 names."""
    answer = await app.ask(None, "POST", "/oauth/token", content=content, headers=FORM)

    assert is_problem(answer, status, answer.json()["code"])["error"] == error


async def test_live_says_nothing_of_other_parts(app: Web) -> None:
    """It lives while everything else is away."""
    app.parts.update(dict.fromkeys(app.parts, False))

    assert (await app.get(None, "/health/live")).json() == {"status": "live"}


async def test_ready_names_each_part(app: Web) -> None:
    """All there."""
    answer = await app.get(None, "/health/ready")

    assert answer.json() == {"status": "ready", "parts": {"database": "up", "engine": "up", "worker": "up"}}


@pytest.mark.parametrize(
    ("part", "code"),
    [("database", "database_unavailable"), ("engine", "engine_unavailable"), ("worker", "engine_unavailable")],
)
async def test_ready_names_the_part_that_is_away(app: Web, part: str, code: str) -> None:
    """503, and when to ask again."""
    app.parts[part] = False

    answer = await app.get(None, "/health/ready")

    assert is_problem(answer, 503, code)["parts"][part] == "away"
    assert answer.headers["retry-after"]


async def document(app: Web) -> dict[str, Any]:
    """The OpenAPI document as it is served."""
    answer = await app.get(None, "/api/openapi.json")
    body: dict[str, Any] = answer.json()
    return body


async def test_every_command_is_in_the_document(app: Web) -> None:
    """With its body, the key, and what it answers."""
    paths = (await document(app))["paths"]

    for route in COMMANDS:
        operation = paths[f"/api/v1{route.path}"][route.method.lower()]
        content = operation["requestBody"]["content"]
        if route.takes != "form":
            assert content["application/json"]["schema"]["$ref"].endswith(f"/{route.taken.__name__}")
        else:
            assert list(content) == ["multipart/form-data"]
        assert "Idempotency-Key" in [parameter["name"] for parameter in operation["parameters"]]
        assert operation["summary"] == ", ".join(route.names)
        answered = operation["responses"][str(route.status)]["content"]["application/json"]["schema"]["$ref"]
        assert answered.endswith(f"/{route.answers.title()}Answer")


async def test_every_reference_of_the_document_leads_somewhere(app: Web) -> None:
    """And every operation says that errors are problems."""
    whole = await document(app)

    names = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(whole)))
    assert names <= set(whole["components"]["schemas"])
    operations = {item["operationId"]: item for path in whole["paths"].values() for item in path.values()}
    assert len(operations) == sum(len(path) for path in whole["paths"].values())
    for operation in operations.values():
        assert list(operation["responses"]["4XX"]["content"]) == ["application/problem+json"]


async def test_the_bodies_of_the_document_are_those_of_the_commands(app: Web) -> None:
    """A field of a command is a field of its schema, and only what is needed is required."""
    schemas = (await document(app))["components"]["schemas"]

    for route in COMMANDS:
        schema = schemas[route.taken.__name__]
        assert set(schema.get("properties", {})) == set(route.taken.model_fields)
        needed = {name for name, field in route.taken.model_fields.items() if field.is_required()}
        assert set(schema.get("required", ())) == needed
        assert schema["additionalProperties"] is False


@pytest.mark.parametrize("route", COMMANDS, ids=lambda route: route.path)
def test_every_command_has_its_method(route: Any) -> None:
    """The table names methods that `Cases` has."""
    assert callable(getattr(Cases, route.asks))


def test_every_route_is_in_the_page(app: Web) -> None:
    """`docs/api.md` names each address."""
    own = [route for route in app.app.routes if isinstance(route, APIRoute)]

    for route in own:
        path = route.path.removeprefix("/api/v1")
        last = "/" + path.rsplit("/", 1)[-1]
        assert f"`{path}`" in PAGE or f"`{last}`" in PAGE or path in PAGE, path


def test_every_code_is_in_the_page() -> None:
    """`docs/api.md` names each code."""
    assert all(f"`{code}`" in PAGE for code in BY_CODE)
