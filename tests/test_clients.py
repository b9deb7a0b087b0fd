"""Systems sign in by themselves, and their tokens are good for what they were given and nothing else."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from casework.models.people import CLIENT_SCOPES, Account, Role, Scope
from tests.entrance import PASSWORD, Entrance
from tests.test_api_errors import is_problem
from web.api.scopes import ALWAYS, OPENS

HOTLINE = "sapa-129"


async def grant(door: Entrance, name: str, secret: str, **more: Any) -> httpx.Response:
    """A token asked for as RFC 6749 has it."""
    form = {"grant_type": "client_credentials", **more}
    async with door.browser() as client:
        return await client.post("/oauth/token", data=form, auth=(name, secret))


def client_of(door: Entrance, *scopes: Scope) -> tuple[Account, str]:
    """A client that no other test knows."""
    return door.clients.add(f"klien-{door.time.now.timestamp()}-{len(scopes)}", HOTLINE, scopes)


async def test_a_client_gets_a_token_for_what_it_has_or_for_less(door: Entrance) -> None:
    """Never for more, nor for what there is not."""
    client, secret = client_of(door, Scope.CASES_OPEN, Scope.CASES_READ)

    whole = await grant(door, client.username, secret)
    less = await grant(door, client.username, secret, scope="cases:read")

    assert whole.json() == {
        **whole.json(),
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "cases:open cases:read",
    }
    assert less.json()["scope"] == "cases:read"
    known = door.accounts.of_token(less.json()["access_token"])
    assert known is not None
    assert (known.id, known.scopes) == (client.id, ("cases:read",))
    for scope in ("reports:add", "cases:read reports:add", "second_factor", "cases", "*", "CASES:READ"):
        refused = await grant(door, client.username, secret, scope=scope)
        assert is_problem(refused, 422, "invalid_input")["error"] == "invalid_scope"


def routes(door: Entrance) -> list[tuple[str, str]]:
    """Every route that a token is asked for at."""
    own = [route for route in door.app.routes if isinstance(route, APIRoute)]
    found = [(method, route.path) for route in own for method in route.methods or ()]
    return [(method, path) for method, path in found if path.startswith("/api/v1")]


@pytest.mark.parametrize("scope", CLIENT_SCOPES)
async def test_a_limited_token_opens_what_its_scope_names_and_nothing_else(door: Entrance, scope: Scope) -> None:
    """Of every route there is; one that is new opens to no limited token until it is named."""
    client, secret = client_of(door, scope)
    token = (await grant(door, client.username, secret)).json()["access_token"]

    for method, path in routes(door):
        if (method, path) in ALWAYS or (method, path) == ("POST", "/api/v1/tokens"):
            continue
        answer = await door.ask(method, re.sub(r"{\w+}", "nowhere", path), {} if method != "GET" else None, token=token)
        if OPENS.get((method, path)) is scope:
            assert answer.status_code in (200, 404, 422), (method, path)
        else:
            is_problem(answer, 403, "forbidden")
            needed = OPENS.get((method, path))
            told = answer.headers.get("www-authenticate", "")
            assert (needed is None) == (told == "")
            assert needed is None or f'scope="{needed}"' in told


def test_every_scope_opens_something_that_is_there(door: Entrance) -> None:
    """No address of the table has been moved away."""
    assert set(OPENS) | ALWAYS <= set(routes(door))
    assert set(CLIENT_SCOPES) <= set(OPENS.values())


async def test_a_limited_token_can_always_be_ended(door: Entrance) -> None:
    """By who holds it."""
    client, secret = client_of(door, Scope.REFERENCE_READ)
    token = (await grant(door, client.username, secret)).json()["access_token"]

    assert (await door.ask("DELETE", "/api/v1/tokens/current", token=token)).status_code == 204
    assert (await door.ask("GET", "/api/v1/agencies", token=token)).status_code == 401


async def test_a_clients_secret_is_good_for_no_more_at_another_door(door: Entrance) -> None:
    """A token of `POST /tokens` is limited alike; there is no session."""
    client, secret = client_of(door, Scope.CASES_OPEN)

    token = (await door.sign_in(client.username, secret)).json()["token"]

    is_problem(await door.ask("GET", "/api/v1/agencies", token=token), 403, "forbidden")
    session = await door.ask("POST", "/session", {"username": client.username, "password": secret})
    is_problem(session, 403, "forbidden")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SYSTEM])
async def test_a_person_is_no_client(door: Entrance, role: Role) -> None:
    """With the right password too."""
    answer = await grant(door, door.account(role).username, PASSWORD)

    assert is_problem(answer, 401, "unauthenticated")["error"] == "invalid_client"


async def test_a_turned_secret_opens_until_its_hour_and_the_new_one_at_once(door: Entrance) -> None:
    """A secret from before that does not come back to life with the next turn."""
    client, first = client_of(door, Scope.CASES_READ)
    token = (await grant(door, client.username, first)).json()["access_token"]
    second = door.clients.rotate(client.id, timedelta(hours=1))

    assert [(await grant(door, client.username, each)).status_code for each in (first, second)] == [200, 200]
    assert door.accounts.of_token(token) is not None
    door.time.on(hours=1)
    assert [(await grant(door, client.username, each)).status_code for each in (first, second)] == [401, 200]
    third = door.clients.rotate(client.id, timedelta(hours=1))
    given = [(await grant(door, client.username, each)).status_code for each in (first, second, third)]
    assert given == [401, 200, 200]


async def test_a_lost_secret_and_its_tokens_end_at_once(door: Entrance) -> None:
    """`--keep 0`."""
    client, lost = client_of(door, Scope.CASES_READ)
    token = (await grant(door, client.username, lost)).json()["access_token"]

    door.clients.rotate(client.id, timedelta())

    assert (await grant(door, client.username, lost)).status_code == 401
    assert door.accounts.of_token(token) is None


async def test_a_disabled_client_gets_nothing(door: Entrance) -> None:
    """As any account."""
    client, secret = client_of(door, Scope.CASES_READ)
    door.accounts.disable(client.id)

    assert (await grant(door, client.username, secret)).status_code == 401
