"""Tokens over HTTP: what opens the door, what no longer does, and what never did."""

import pytest
from sqlalchemy import func, select

from casework.db.tables import accounts as accounts_table
from casework.db.tables import sessions, throttles, tokens
from casework.models.people import Account, Role
from tests.entrance import ELSEWHERE, PASSWORD, Entrance
from tests.test_api_errors import is_problem

NEW = "lima kata yang sangat lain"
AGENCIES = "/api/v1/agencies"


@pytest.fixture
def mine(door: Entrance) -> Account:
    return door.account()


async def opens(door: Entrance, token: str) -> bool:
    """Whether a token is let in."""
    answer = await door.ask("GET", AGENCIES, token=token)
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


async def test_a_token_is_revoked_by_who_has_it_and_only_that_one(door: Entrance, mine: Account) -> None:
    """`DELETE /tokens/current`; once more it is no token at all."""
    token, other = await door.token(mine), await door.token(mine)

    answer = await door.ask("DELETE", "/api/v1/tokens/current", token=token)

    assert (answer.status_code, answer.content) == (204, b"")
    assert (await opens(door, token), await opens(door, other)) == (False, True)
    is_problem(await door.ask("DELETE", "/api/v1/tokens/current", token=token), 401, "unauthenticated")


async def test_every_token_and_session_of_the_account_ends_and_nobody_elses(door: Entrance, mine: Account) -> None:
    """`DELETE /tokens`, for who has lost a telephone."""
    others = await door.token(door.account())
    held = [await door.token(mine) for _ in range(3)]
    session = door.signin.sessions.begin(mine)

    assert (await door.ask("DELETE", "/api/v1/tokens", token=held[0])).status_code == 204

    assert [await opens(door, token) for token in (*held, others)] == [False, False, False, True]
    assert door.signin.sessions.of(session.secret) is None


async def test_a_token_ends_by_itself(door: Entrance, mine: Account) -> None:
    """Twelve hours later, to the second."""
    token = await door.token(mine)

    door.time.on(hours=12, seconds=-1)
    assert await opens(door, token)
    door.time.on(seconds=1)
    assert not await opens(door, token)


@pytest.mark.parametrize("end", ["password", "disabled"])
async def test_what_was_issued_before_is_worth_nothing_afterwards(door: Entrance, mine: Account, end: str) -> None:
    """A new password or a disabled account ends what a thief may hold."""
    token, session = await door.token(mine), door.signin.sessions.begin(mine)

    if end == "password":
        door.accounts.set_password(mine.id, NEW)
    else:
        door.accounts.disable(mine.id)

    assert not await opens(door, token)
    assert door.signin.sessions.of(session.secret) is None


async def test_who_knows_the_password_changes_it(door: Entrance, mine: Account) -> None:
    """Everything ends, the old password opens nothing, the new one does."""
    token = await door.token(mine)

    answer = await door.ask("POST", "/api/v1/password", {"current": PASSWORD, "new": NEW}, token=token)

    assert answer.status_code == 204, answer.text
    assert not await opens(door, token)
    assert (await door.sign_in(mine.username)).status_code == 401
    assert (await door.sign_in(mine.username, NEW)).status_code == 200


async def test_a_stolen_token_changes_no_password(door: Entrance, mine: Account) -> None:
    """It does not know the one there is, and guessing it is slowed down like at the door."""
    token = await door.token(mine)
    body = {"current": "salah salah salah", "new": NEW}

    answers = [
        (await door.ask("POST", "/api/v1/password", body, token=token, address=ELSEWHERE)).status_code for _ in range(8)
    ]

    assert answers == [401] * 6 + [429] * 2
    assert (await door.sign_in(mine.username)).status_code == 200


@pytest.mark.parametrize(
    ("new", "code"),
    [
        ("short", "wrong_length"),
        ("x" * 129, "wrong_length"),
        ("aaaaaaaaaaaaaaaaaaaa", "too_easy"),
        ("abcabcabcabcabcabc", "too_easy"),
        ("passwordpassword", "too_easy"),
        ("kata sandi tuntas 1", "too_easy"),
        ("12345678901234567890", "too_easy"),
        ("four words with\x00nul", "invalid"),
        ("four words with\nline", "invalid"),
    ],
)
async def test_a_password_that_is_guessed_early_is_refused(door: Entrance, mine: Account, new: str, code: str) -> None:
    """With what to do, and without the password."""
    token = await door.token(mine)

    answer = await door.ask("POST", "/api/v1/password", {"current": PASSWORD, "new": new}, token=token)

    assert is_problem(answer, 422, "invalid_input")["errors"][0]["code"] == code
    assert new not in answer.text
    assert await opens(door, token)


async def test_a_password_with_the_own_name_in_it_is_refused(door: Entrance, mine: Account) -> None:
    """What remains without it counts."""
    token = await door.token(mine)
    body = {"current": PASSWORD, "new": f"{mine.username}{mine.username}"}

    is_problem(await door.ask("POST", "/api/v1/password", body, token=token), 422, "invalid_input")


@pytest.mark.parametrize("extra", ["role", "agency_id", "id", "disabled", "scopes", "expires_at", "password_hash"])
async def test_nobody_signs_in_as_more_than_they_are(door: Entrance, mine: Account, extra: str) -> None:
    """A field that is not ours to set is refused, on every way in, and nothing is written."""
    token = await door.token(mine)
    more = {extra: "administrator"}
    with door.engine.connect() as connection:
        before = [connection.scalar(select(func.count()).select_from(each)) for each in (tokens, sessions, throttles)]
        account = connection.execute(select(accounts_table).where(accounts_table.c.id == mine.id)).one()

    for method, path, body in (
        ("POST", "/api/v1/tokens", {"username": mine.username, "password": PASSWORD}),
        ("POST", "/session", {"username": mine.username, "password": PASSWORD}),
        ("POST", "/api/v1/password", {"current": PASSWORD, "new": NEW}),
    ):
        refused = is_problem(await door.ask(method, path, {**body, **more}, token=token), 422, "invalid_input")
        assert refused["errors"][0] == {**refused["errors"][0], "pointer": f"/{extra}", "code": "unknown_field"}

    with door.engine.connect() as connection:
        after = [connection.scalar(select(func.count()).select_from(each)) for each in (tokens, sessions, throttles)]
        assert connection.execute(select(accounts_table).where(accounts_table.c.id == mine.id)).one() == account
    assert after == before


@pytest.mark.parametrize(
    "header",
    [
        *("", "Bearer", "Bearer ", "Bearer null", "Bearer undefined", "bearer token-supervisor", "Basic Og=="),
        "Bearer ' OR 1=1 --",
        "Bearer %00",
        "Bearer " + "A" * 43,
        "Bearer " + "0" * 64,
    ],
)
async def test_nothing_but_a_live_token_opens(door: Entrance, mine: Account, header: str) -> None:
    """Nor the kept hash of one, nor a token with something cut off or put on."""
    token = await door.token(mine)
    with door.engine.connect() as connection:
        kept = connection.scalars(select(tokens.c.token_hash).where(tokens.c.account_id == mine.id)).one()

    for value in (header, f"Bearer {kept}", f"Bearer {token[:-1]}", f"Bearer {token}A", f"Token {token}"):
        async with door.browser(Authorization=value) as client:
            is_problem(await client.get(AGENCIES), 401, "unauthenticated")


async def test_a_cookie_opens_nothing_of_the_api(door: Entrance, mine: Account) -> None:
    """So no page of another site can act there."""
    async with door.browser() as client:
        begun = await client.post("/session", json={"username": mine.username, "password": PASSWORD})

        assert begun.status_code == 200
        is_problem(await client.get(AGENCIES), 401, "unauthenticated")


@pytest.mark.parametrize("role", Role)
async def test_every_role_signs_in_as_itself(door: Entrance, role: Role) -> None:
    """The token says who, from the account, whatever the role."""
    mine = door.account(role)

    answer = (await door.sign_in(mine.username)).json()

    assert answer["account"] == {"id": mine.id, "role": role.value, "agency_id": mine.agency_id}
