"""The second factor: set up with care, good once, sealed, and asked for where an office asks for it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest
from sqlalchemy import func, select

from casework.db.tables import factors, recovery_codes, throttles
from casework.models.people import Account, Role
from tests.entrance import ELSEWHERE, PASSWORD, Entrance
from tests.test_api_errors import is_problem

BEGIN = "/api/v1/second-factor"
CONFIRM = "/api/v1/second-factor/confirmation"
STRICT = "kejaksaan-negeri"
"""An agency that asks for it."""


@pytest.fixture(scope="module", autouse=True)
def strict(one_entrance: Entrance) -> None:
    """The agency asks."""
    one_entrance.factors.require(STRICT, required=True)


def code_of(door: Entrance, secret: str, steps: int = 0) -> str:
    """What the telephone shows now, or so many steps from now."""
    return pyotp.TOTP(secret).at(door.time.now, counter_offset=steps)


async def set_up(door: Entrance, account: Account) -> tuple[str, list[str]]:
    """The secret and the recovery codes of an account that had no second factor; the clock is a step on."""
    token = await door.token(account)
    secret = (await door.ask("POST", BEGIN, {"password": PASSWORD}, token=token)).json()["secret"]
    answer = await door.ask("POST", CONFIRM, {"otp": code_of(door, secret)}, token=token)
    assert answer.status_code == 200, answer.text
    door.time.on(seconds=30)
    codes: list[str] = answer.json()["recovery_codes"]
    return secret, codes


def failures(door: Entrance) -> int:
    """All that are counted."""
    with door.engine.connect() as connection:
        return int(connection.scalar(select(func.sum(throttles.c.failures))) or 0)


def asked(answer: httpx.Response) -> dict[str, Any]:
    """The refusal that asks for a second factor."""
    return is_problem(answer, 401, "second_factor_required")


async def test_a_second_factor_is_asked_for_once_it_is_confirmed(door: Entrance) -> None:
    """Every token from before has ended; a right password alone opens nothing any more, at no door."""
    mine = door.account()
    old = await door.token(mine)
    secret, _ = await set_up(door, mine)

    assert (await door.ask("GET", "/api/v1/agencies", token=old)).status_code == 401
    assert "enrolment" not in asked(await door.sign_in(mine.username))
    asked(await door.ask("POST", "/session", {"username": mine.username, "password": PASSWORD}))
    assert (await door.sign_in(mine.username, otp=code_of(door, secret))).status_code == 200
    door.time.on(seconds=30)
    body = {"username": mine.username, "password": PASSWORD, "otp": code_of(door, secret)}
    assert (await door.ask("POST", "/session", body)).status_code == 200


async def test_one_that_was_not_confirmed_is_not_asked_for(door: Entrance) -> None:
    """Whoever mistypes the secret is not locked out, and a wrong code confirms nothing."""
    mine = door.account()
    token = await door.token(mine)
    begun = (await door.ask("POST", BEGIN, {"password": PASSWORD}, token=token)).json()

    wrong = await door.ask("POST", CONFIRM, {"otp": code_of(door, pyotp.random_base32())}, token=token)

    assert is_problem(wrong, 422, "invalid_input")["errors"][0]["pointer"] == "/otp"
    assert (await door.sign_in(mine.username)).status_code == 200
    address = urlsplit(begun["uri"])
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert parse_qs(address.query)["secret"] == [begun["secret"]]
    assert len(begun["secret"]) >= 32


async def test_a_code_opens_once(door: Entrance) -> None:
    """Whoever looked over the shoulder is too late; so is a code from before the last one that was used."""
    mine = door.account()
    secret, _ = await set_up(door, mine)
    shown, next_one = code_of(door, secret), code_of(door, secret, 1)

    assert (await door.sign_in(mine.username, otp=next_one)).status_code == 200
    for used in (next_one, shown):
        asked(await door.sign_in(mine.username, otp=used))


async def test_of_two_that_show_the_same_code_at_once_one_gets_in(door: Entrance) -> None:
    """The database decides."""
    mine = door.account()
    secret, codes = await set_up(door, mine)

    for code in (code_of(door, secret), codes[0]):
        with ThreadPoolExecutor(5) as pool:
            assert sum(pool.map(lambda each: door.factors.accept(mine.id, each), [code] * 10)) == 1


@pytest.mark.parametrize("steps", [-3, -2, 2, 3])
async def test_a_code_of_another_time_is_wrong(door: Entrance, steps: int) -> None:
    """A telephone may be half a minute off, no more."""
    mine = door.account()
    secret, _ = await set_up(door, mine)
    door.time.on(minutes=10)

    asked(await door.sign_in(mine.username, otp=code_of(door, secret, steps)))
    assert (await door.sign_in(mine.username, otp=code_of(door, secret, steps // abs(steps)))).status_code == 200


@pytest.mark.parametrize(
    "otp", ["000000", "", "null", "123456789", "１２３４５６", "' OR 1", "\x00", "a" * 41, 123456, True]
)
async def test_what_is_no_code_opens_nothing(door: Entrance, otp: Any) -> None:
    """And is no defect."""
    mine = door.account()
    await set_up(door, mine)

    body = {"username": mine.username, "password": PASSWORD, "otp": otp}
    assert (await door.ask("POST", "/api/v1/tokens", body)).status_code in (401, 422)


async def test_codes_are_not_guessed(door: Entrance) -> None:
    """A wrong code is a failure like a wrong password, and leaving the code out does not set the count back."""
    mine = door.account()
    await set_up(door, mine)

    answers = []
    for _ in range(12):
        answers.append((await door.sign_in(mine.username, address=ELSEWHERE)).status_code)
        answers.append((await door.sign_in(mine.username, otp="000000", address=ELSEWHERE)).status_code)

    assert answers[-1] == 429
    assert answers.count(401) <= 13


async def test_asking_for_the_code_is_no_failure(door: Entrance) -> None:
    """Pages ask in two steps; who does so every day is not told to wait."""
    mine = door.account()
    secret, _ = await set_up(door, mine)

    before = failures(door)

    for _ in range(20):
        asked(await door.sign_in(mine.username))
    assert (await door.sign_in(mine.username, otp=code_of(door, secret))).status_code == 200
    assert failures(door) == before


async def test_each_recovery_code_opens_once(door: Entrance) -> None:
    """However it is written; a code of somebody else's opens nothing."""
    mine, other = door.account(), door.account()
    (_, codes), (_, others) = await set_up(door, mine), await set_up(door, other)

    assert len(set(codes)) == 10
    for code in (codes[0], codes[1].upper(), codes[2].replace("-", " ")):
        assert (await door.sign_in(mine.username, otp=code)).status_code == 200
        asked(await door.sign_in(mine.username, otp=code))
    asked(await door.sign_in(mine.username, otp=others[0]))


async def test_a_password_alone_replaces_no_second_factor(door: Entrance) -> None:
    """Nor a token alone; with a code of the old one the new one comes, and the old recovery codes end."""
    mine = door.account()
    secret, codes = await set_up(door, mine)
    token = (await door.sign_in(mine.username, otp=code_of(door, secret))).json()["token"]
    door.time.on(seconds=30)

    asked(await door.ask("POST", BEGIN, {"password": PASSWORD}, token=token))
    is_problem(await door.ask("POST", BEGIN, {"password": "salah"}, token=token), 401, "unauthenticated")
    begun = await door.ask("POST", BEGIN, {"password": PASSWORD, "otp": code_of(door, secret)}, token=token)
    new = begun.json()["secret"]
    assert (await door.ask("POST", CONFIRM, {"otp": code_of(door, new)}, token=token)).status_code == 200

    door.time.on(seconds=60)
    asked(await door.sign_in(mine.username, otp=code_of(door, secret)))
    asked(await door.sign_in(mine.username, otp=codes[0]))
    assert (await door.sign_in(mine.username, otp=code_of(door, new))).status_code == 200


async def test_an_office_may_ask_for_it(door: Entrance) -> None:
    """Who has none sets one up with a token that is good for nothing else, for a quarter of an hour."""
    mine = door.account(Role.AGENCY_OFFICER, STRICT)
    enrolment = asked(await door.sign_in(mine.username))["enrolment"]
    token = enrolment["token"]

    is_problem(await door.ask("GET", "/api/v1/agencies", token=token), 403, "forbidden")
    is_problem(
        await door.ask("POST", "/api/v1/password", {"current": PASSWORD, "new": "x"}, token=token), 403, "forbidden"
    )
    begun = await door.ask("POST", BEGIN, {"password": PASSWORD}, token=token)
    secret = begun.json()["secret"]
    assert (await door.ask("POST", CONFIRM, {"otp": code_of(door, secret)}, token=token)).status_code == 200
    assert (await door.ask("POST", BEGIN, {"password": PASSWORD}, token=token)).status_code == 401
    door.time.on(seconds=30)
    assert (await door.sign_in(mine.username, otp=code_of(door, secret))).status_code == 200


async def test_a_token_for_setting_up_ends(door: Entrance) -> None:
    """By itself."""
    token = asked(await door.sign_in(door.account(Role.AGENCY_OFFICER, STRICT).username))["enrolment"]["token"]

    door.time.on(minutes=15)

    assert (await door.ask("POST", BEGIN, {"password": PASSWORD}, token=token)).status_code == 401


async def test_an_office_no_longer_asks(door: Entrance) -> None:
    """Who has one is asked for it all the same."""
    door.factors.require("bapas", required=True)
    with_one, without = (door.account(Role.AGENCY_OFFICER, "bapas") for _ in range(2))
    door.factors.require("bapas", required=False)
    secret, _ = await set_up(door, with_one)

    assert (await door.sign_in(without.username)).status_code == 200
    asked(await door.sign_in(with_one.username))
    assert (await door.sign_in(with_one.username, otp=code_of(door, secret))).status_code == 200


async def test_a_system_is_not_asked(door: Entrance) -> None:
    """It has no telephone: its secret is random, and its tokens are limited."""
    client, secret = door.clients.add("sistem-kejaksaan", STRICT, [])

    form = {"grant_type": "client_credentials", "client_id": client.username, "client_secret": secret}
    async with door.browser() as browser:
        assert (await browser.post("/oauth/token", data=form)).status_code == 200
    system = door.account(Role.SYSTEM)
    is_problem(await door.ask("POST", BEGIN, {"password": PASSWORD}, token=await door.token(system)), 403, "forbidden")


async def test_who_has_lost_the_telephone_is_helped_by_a_person(door: Entrance) -> None:
    """`tuntas account reset-factor`: everything ends, and where the office asks for it a new one is set up."""
    mine = door.account()
    secret, codes = await set_up(door, mine)
    token = (await door.sign_in(mine.username, otp=code_of(door, secret))).json()["token"]

    door.factors.remove(mine.id)

    assert (await door.ask("GET", "/api/v1/agencies", token=token)).status_code == 401
    assert not door.factors.accept(mine.id, codes[0])
    door.time.on(seconds=30)
    assert not door.factors.accept(mine.id, code_of(door, secret))
    assert (await door.sign_in(mine.username)).status_code == 200


async def test_neither_secret_nor_recovery_code_is_in_a_dump(door: Entrance) -> None:
    """Sealed to its account, hashed with it."""
    mine, other = door.account(), door.account()
    (secret, codes), _ = await set_up(door, mine), await set_up(door, other)

    with door.engine.begin() as connection:
        dump = str(connection.execute(select(factors)).all()) + str(connection.execute(select(recovery_codes)).all())
        mine_, others = factors.c.account_id == mine.id, factors.c.account_id == other.id
        stolen = select(factors.c.secret).where(mine_).scalar_subquery()
        connection.execute(factors.update().where(others).values(secret=stolen))
    assert not any(each in dump for each in (secret, *codes, *(code.replace("-", "") for code in codes)))
    with pytest.raises(Exception, match="does not open"):
        door.factors.accept(other.id, code_of(door, secret))
