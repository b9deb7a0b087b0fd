"""Sessions in browsers: the cookie, what rotates it, what ends it, and what another site cannot do."""

import httpx
import pytest
from sqlalchemy import select

from casework.db.tables import sessions
from casework.db.web_sessions import IDLE, LONGEST
from casework.models.people import Account, Role
from tests.entrance import PASSWORD, Entrance
from tests.test_api_errors import is_problem
from web.sessions import COOKIE, CSRF_HEADER


@pytest.fixture
def mine(door: Entrance) -> Account:
    return door.account()


async def begin(client: httpx.AsyncClient, account: Account, **headers: str) -> httpx.Response:
    """Sign in as a page does."""
    body = {"username": account.username, "password": PASSWORD}
    return await client.post("/session", json=body, headers=headers)


def planted(value: str) -> dict[str, str]:
    """A cookie that was not given out to this browser."""
    return {"Cookie": f"{COOKIE}={value}"}


async def test_a_session_begins_lasts_and_ends(door: Entrance, mine: Account) -> None:
    """Signed out, the same cookie is worth nothing, also where it was kept."""
    async with door.browser() as client:
        begun = await begin(client, mine)
        kept = client.cookies[COOKIE]
        seen = await client.get("/session")
        ended = await client.delete("/session", headers={CSRF_HEADER: seen.json()["csrf_token"]})

        assert (begun.status_code, seen.json()) == (200, begun.json())
        assert seen.json()["account"] == {"id": mine.id, "role": "supervisor", "agency_id": mine.agency_id}
        assert ended.status_code == 204
        assert COOKIE not in client.cookies
        is_problem(await client.get("/session", headers=planted(kept)), 401, "unauthenticated")


async def test_the_cookie_is_kept_from_scripts_from_neighbours_and_from_the_clear(
    door: Entrance, mine: Account
) -> None:
    """And from the database: only its hash is there."""
    async with door.browser() as client:
        given = (await begin(client, mine)).headers["set-cookie"]
        secret = client.cookies[COOKIE]

    name, *attributes = given.split("; ")
    assert name == f"{COOKIE}={secret}"
    assert COOKIE.startswith("__Host-")
    assert {each.lower() for each in attributes} == {"path=/", "secure", "httponly", "samesite=lax"}
    assert len(secret) >= 43
    with door.engine.connect() as connection:
        assert secret not in str(connection.execute(select(sessions)).all())


async def test_a_session_that_was_planted_is_not_taken(door: Entrance, mine: Account) -> None:
    """Nor an id of nobody, nor that of the thief's own session, which ends at once."""
    thief = door.account()
    theirs = door.signin.sessions.begin(thief).secret
    for value in ("x" * 43, theirs):
        async with door.browser() as client:
            known = await client.get("/session", headers=planted(value))
            answer = await begin(client, mine, **planted(value))

            assert (known.status_code == 200) is (value == theirs)

            given = answer.cookies[COOKIE]
            assert given != value
        assert door.signin.sessions.of(value) is None
        session = door.signin.sessions.of(given)
        assert session is not None
        assert session.account == mine


async def test_each_signing_in_has_an_id_of_its_own_and_ends_the_one_before(door: Entrance, mine: Account) -> None:
    """In the same browser; another browser's session lives on."""
    async with door.browser() as client, door.browser() as other:
        await begin(other, mine)
        await begin(client, mine)
        first = client.cookies[COOKIE]
        await begin(client, mine)

        assert client.cookies[COOKIE] != first
        assert door.signin.sessions.of(first) is None
        assert (await other.get("/session")).status_code == 200


async def test_an_idle_session_ends_and_one_in_use_goes_on_to_its_end(door: Entrance, mine: Account) -> None:
    """A quarter of an hour without a request; twelve hours in all."""
    async with door.browser() as client, door.browser() as idle:
        await begin(client, mine)
        await begin(idle, mine)
        end, step = door.time.now + LONGEST, IDLE * 0.9
        while door.time.now + step < end:
            door.time.now += step
            assert (await client.get("/session")).status_code == 200

        assert (await idle.get("/session")).status_code == 401
        door.time.now = end
        assert (await client.get("/session")).status_code == 401


@pytest.mark.parametrize("token", [None, "", "wrong", "0" * 43, "\xff"])
async def test_without_its_token_a_session_changes_nothing(door: Entrance, mine: Account, token: str | None) -> None:
    """Nor with that of another session of the same person."""
    async with door.browser() as client, door.browser() as other:
        await begin(client, mine)
        others = (await begin(other, mine)).json()["csrf_token"]
        for given in (token, others):
            headers = [] if given is None else [(CSRF_HEADER.encode(), given.encode("latin-1"))]
            answer = await client.delete("/session", headers=headers)

            is_problem(answer, 403, "forbidden")
        assert (await client.get("/session")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://test"},
        {"Origin": "https://evil.example"},
        {"Origin": "https://test.evil.example"},
        {"Origin": "null"},
    ],
)
async def test_another_site_signs_nobody_in_or_out(door: Entrance, mine: Account, headers: dict[str, str]) -> None:
    """Not even with the right token or the right password: signed in as the thief, a victim would write for them."""
    async with door.browser() as client:
        token = (await begin(client, mine)).json()["csrf_token"]

        is_problem(await client.delete("/session", headers={**headers, CSRF_HEADER: token}), 403, "forbidden")
        is_problem(await begin(client, mine, **headers), 403, "forbidden")
        assert (await client.get("/session")).status_code == 200


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "https://test"}]
)
async def test_the_own_pages_and_what_is_no_browser_are_let_through(
    door: Entrance, mine: Account, headers: dict[str, str]
) -> None:
    """As browsers tell it themselves, and older ones by the origin."""
    async with door.browser() as client:
        token = (await begin(client, mine, **headers)).json()["csrf_token"]

        assert (await client.delete("/session", headers={**headers, CSRF_HEADER: token})).status_code == 204


async def test_a_token_of_the_api_is_no_session(door: Entrance, mine: Account) -> None:
    """Neither as a header nor as the cookie."""
    token = await door.token(mine)
    async with door.browser(Authorization=f"Bearer {token}") as client:
        is_problem(await client.get("/session", headers=planted(token)), 401, "unauthenticated")


async def test_a_system_has_no_session(door: Entrance) -> None:
    """It has no browser."""
    async with door.browser() as client:
        answer = await begin(client, door.account(Role.SYSTEM))

        is_problem(answer, 403, "forbidden")
        assert COOKIE not in client.cookies


async def test_a_wrong_password_begins_nothing(door: Entrance, mine: Account) -> None:
    """And takes nothing away either: whoever is signed in stays so."""
    async with door.browser() as client:
        await begin(client, mine)
        answer = await client.post("/session", json={"username": mine.username, "password": "salah"})

        is_problem(answer, 401, "unauthenticated")
        assert "set-cookie" not in answer.headers
        assert (await client.get("/session")).status_code == 200
