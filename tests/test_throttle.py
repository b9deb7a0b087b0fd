"""Who fails must wait: longer each time, never for ever, and nobody else for it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import Depends, FastAPI
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from structlog.testing import capture_logs

from casework.db.tables import throttles
from casework.db.throttle import SqlThrottle, network_of
from casework.errors import CaseworkError, TooManyRequestsError, UnauthenticatedError
from casework.models.notice import NoticeKind
from casework.models.people import Role
from casework.rules.throttle import (
    COSTLY,
    FORMS,
    FROM_ONE_PLACE,
    OF_ONE_ACCOUNT,
    OF_ONE_ADDRESS,
    TOLD_AFTER,
    Limit,
    Tries,
    failed,
    opens_at,
)
from casework.settings import Settings
from casework.vault.keys import MasterKey
from tests.api_fakes import LEAD, MASTER
from tests.entrance import ELSEWHERE, OFFICE, PASSWORD, Entrance, Time
from web.__main__ import config_of
from web.api.problems import on_refusal
from web.limits import limited

LIMITS = (COSTLY, FORMS, FROM_ONE_PLACE, OF_ONE_ACCOUNT, OF_ONE_ADDRESS)


@given(st.sampled_from(LIMITS), st.lists(st.integers(0, 3600), max_size=60))
def test_no_wait_is_longer_than_the_longest_and_each_ends(limit: Limit, pauses: list[int]) -> None:
    """Whoever fails however often: at the end of the wait the next try is let through."""
    time = Time()
    tries = Tries(last_at=time.now)

    for pause in pauses:
        time.on(seconds=pause)
        opens = opens_at(limit, tries, time.now)
        assert opens - time.now <= limit.longest
        time.now = max(time.now, opens)
        assert opens_at(limit, tries, time.now) <= time.now
        tries = failed(limit, tries, time.now)


@pytest.mark.parametrize("limit", LIMITS)
def test_waits_grow_to_the_longest_and_are_forgotten(limit: Limit) -> None:
    """The first failures are free."""
    time = Time()
    tries, waits = Tries(last_at=time.now), []
    for _ in range(limit.free + 15):
        waits.append(opens_at(limit, tries, time.now) - time.now)
        tries = failed(limit, tries, time.now)

    assert waits[: limit.free + 1] == [timedelta()] * (limit.free + 1)
    assert waits[limit.free + 1] == limit.first
    assert waits == sorted(waits)
    assert waits[-1] == limit.longest
    time.now += limit.forgotten
    assert opens_at(limit, tries, time.now) == time.now


def fail(door: Entrance, username: str, address: str = OFFICE) -> None:
    """One wrong password."""
    with pytest.raises(UnauthenticatedError):
        door.signin.person(username, "wrong", address)


def exhaust(door: Entrance, username: str, address: str = OFFICE) -> int:
    """Wrong passwords until one has to wait; how long."""
    while True:
        try:
            fail(door, username, address)
        except TooManyRequestsError as early:
            return int(early.extra["retry_after"])


def test_who_fails_from_one_place_waits_and_then_gets_in(door: Entrance) -> None:
    """With the right password, which is not even looked at before."""
    mine = door.account()
    wait = exhaust(door, mine.username)

    door.hasher.checks = 0
    with pytest.raises(TooManyRequestsError):
        door.signin.person(mine.username, PASSWORD, OFFICE)
    assert door.hasher.checks == 0
    door.time.on(seconds=wait)
    assert door.signin.person(mine.username, PASSWORD, OFFICE) == mine


def test_knocking_while_one_waits_makes_no_wait_longer(door: Entrance) -> None:
    """Or somebody who knocks without end would keep the owner out without end."""
    mine = door.account()
    wait = exhaust(door, mine.username)

    for _ in range(20):
        with pytest.raises(TooManyRequestsError):
            door.signin.person(mine.username, "wrong", OFFICE)
    door.time.on(seconds=wait)

    assert door.signin.person(mine.username, PASSWORD, OFFICE) == mine


def test_a_stranger_cannot_keep_out_who_has_signed_in_from_there_before(door: Entrance) -> None:
    """However many addresses the stranger has."""
    mine = door.account()
    door.signin.person(mine.username, PASSWORD, OFFICE)
    for number in range(40):
        door.time.on(minutes=6)
        exhaust(door, mine.username, f"192.0.2.{number}")

    assert door.signin.person(mine.username, PASSWORD, OFFICE) == mine
    with pytest.raises(TooManyRequestsError) as early:
        door.signin.person(mine.username, PASSWORD, ELSEWHERE)
    assert early.value.extra["retry_after"] <= OF_ONE_ACCOUNT.longest.total_seconds()


def test_a_guesser_is_slowed_down_from_whatever_many_addresses(door: Entrance) -> None:
    """In a quarter of a day no more guesses of one password than a wordlist shows on its first screens."""
    mine, checked = door.account(), 0
    door.hasher.checks = 0
    for number in range(6 * 24):
        door.time.on(minutes=2.5)
        try:
            fail(door, mine.username, f"192.0.2.{number % 250}")
        except TooManyRequestsError:
            continue
        checked += 1

    assert checked == door.hasher.checks
    assert checked <= 6 * 12 + OF_ONE_ACCOUNT.free + 5


def test_one_address_may_not_try_one_password_on_everybody(door: Entrance) -> None:
    """And is let on again within seconds: an office behind it goes on working."""
    for number in range(OF_ONE_ADDRESS.free + 1):
        fail(door, f"somebody-{number}", ELSEWHERE)

    mine = door.account()
    with pytest.raises(TooManyRequestsError) as early:
        door.signin.person(mine.username, PASSWORD, ELSEWHERE)
    assert early.value.extra["retry_after"] == 2
    assert door.signin.person(mine.username, PASSWORD, OFFICE) == mine
    door.time.on(seconds=2)
    assert door.signin.person(mine.username, PASSWORD, ELSEWHERE) == mine


def test_an_office_that_signs_in_is_no_guesser(door: Entrance) -> None:
    """What succeeds is no failure, from however many accounts."""
    people = [door.account() for _ in range(2)]

    for _ in range(OF_ONE_ADDRESS.free):
        for person in people:
            assert door.signin.person(person.username, PASSWORD, ELSEWHERE) == person


def test_tries_at_the_same_time_are_counted_one_by_one(door: Entrance) -> None:
    """Or fifty at once would be fifty free ones."""
    mine = door.account()

    def one(_: int) -> bool:
        try:
            door.signin.person(mine.username, "wrong", OFFICE)
        except TooManyRequestsError:
            return False
        except UnauthenticatedError:
            return True
        raise AssertionError

    with ThreadPoolExecutor(5) as pool:
        let_through = sum(pool.map(one, range(30)))

    assert let_through == FROM_ONE_PLACE.free + 1


def test_many_who_come_at_once_never_wait_for_each_other(door: Entrance) -> None:
    """Right and wrong, of the same accounts from the same addresses: none is told that the database is away."""
    people = [door.account() for _ in range(2)]

    def one(number: int) -> str:
        person, address = people[number % 2], f"192.0.2.{200 + number % 3}"
        try:
            door.signin.person(person.username, PASSWORD if number % 4 else "wrong", address)
        except (UnauthenticatedError, TooManyRequestsError) as error:
            return error.code
        return "in"

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(60))) <= {"in", "unauthenticated", "too_many_requests"}


def test_the_same_is_done_and_said_for_who_is_unknown(door: Entrance) -> None:
    """The same count of hashes, the same words, the same waits."""

    def course(username: str, address: str) -> list[tuple[str, str, int]]:
        seen = []
        for _ in range(12):
            door.hasher.checks = 0
            try:
                door.signin.person(username, "wrong", address)
            except (UnauthenticatedError, TooManyRequestsError) as error:
                seen.append((error.code, error.detail, door.hasher.checks))
        return seen

    known = course(door.account().username, "192.0.2.1")

    assert course("nobody-at-all", "192.0.2.2") == known
    disabled = door.account()
    door.accounts.disable(disabled.id)
    assert course(disabled.username, "192.0.2.3") == known
    assert {checks for _, _, checks in known} == {0, 1}


def test_the_same_is_done_and_said_for_a_client_that_is_unknown(door: Entrance) -> None:
    """And for one that has turned its secret, and for a person who comes to the wrong door."""

    def tried(name: str, secret: str) -> tuple[str, int]:
        door.hasher.checks = 0
        with pytest.raises(UnauthenticatedError) as refused:
            door.signin.client(name, secret, OFFICE)
        return refused.value.detail, door.hasher.checks

    client, _ = door.clients.add("klien-biasa", "sapa-129", [])
    turned, _ = door.clients.add("klien-baru", "sapa-129", [])
    door.clients.rotate(turned.id, timedelta(hours=1))
    person = door.account()

    assert tried(client.username, "wrong") == tried(turned.username, "wrong") == tried("nobody-at-all", "wrong")
    assert tried(person.username, PASSWORD) == tried("nobody-at-all", PASSWORD)
    assert tried("nobody-at-all", "wrong")[1] == 2


def test_the_office_is_told_once_a_day_and_the_log_each_time(door: Entrance) -> None:
    """Of an account that there is; never by the name that was typed."""
    mine = door.account(Role.CASEWORKER)
    with capture_logs() as lines:
        for username in (mine.username, "rahasia-saya-sendiri"):
            for _ in range(TOLD_AFTER + 2):
                door.time.on(minutes=16)
                fail(door, username)
        door.time.on(days=1)

    told = [n for n in door.notices.due(100) if n.about_id == mine.id]
    assert {(n.kind, n.recipient.agency_id, n.recipient.role) for n in told} == {
        (NoticeKind.SIGN_IN_FAILING, LEAD, Role.ADMINISTRATOR),
        (NoticeKind.SIGN_IN_FAILING, LEAD, Role.SUPERVISOR),
    }
    assert len(told) == 2
    events = [line["event"] for line in lines]
    assert events.count("sign_in_failed") == 2 * (TOLD_AFTER + 2)
    assert [line["account_id"] for line in lines if line["event"] == "sign_in_failing"] == [mine.id]
    assert "rahasia" not in str(lines)
    assert mine.username not in str(lines)


def test_what_is_kept_names_nobody_and_is_swept(door: Entrance) -> None:
    """Keyed hashes; gone a day after the last failure, unless somebody signed in from there within a month."""
    mine = door.account()
    fail(door, "kata-sandi-yang-salah-ketik", ELSEWHERE)
    door.signin.person(mine.username, PASSWORD, OFFICE)
    with door.engine.connect() as connection:
        kept = str(connection.execute(select(throttles)).all())
    assert not any(name in kept for name in (mine.username, "salah-ketik", OFFICE, ELSEWHERE))

    door.time.on(days=31)
    door.signin.person(door.account().username, PASSWORD, OFFICE)
    with door.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(throttles)) == 3


def test_a_hash_of_another_process_with_the_same_key_is_the_same(door: Entrance) -> None:
    """Two web processes count together."""
    first, second = (SqlThrottle(door.engine, MASTER, door.time) for _ in range(2))
    for one in (first, second, first, second, first, second):
        one.knock("siti", "192.0.2.44")

    with pytest.raises(TooManyRequestsError):
        first.knock("siti", "192.0.2.44")
    other = MasterKey(bytes(range(1, 33)))
    SqlThrottle(door.engine, other, door.time).knock("siti", "192.0.2.44")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "", True),
    ],
)
def test_an_ipv6_network_counts_as_one_address(one: str, other: str, same: bool) -> None:
    """Its owner has as many as they like."""
    assert (network_of(one) == network_of(other)) is same


async def test_who_waits_is_told_how_long(door: Entrance) -> None:
    """429 with `Retry-After`, for people and for systems."""
    mine = door.account()
    exhaust(door, mine.username)

    answer = await door.sign_in(mine.username)

    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert answer.headers["retry-after"] == str(answer.json()["retry_after"]) == "1"
    async with door.browser() as client:
        form = {"grant_type": "client_credentials", "client_id": mine.username, "client_secret": "x"}
        assert (await client.post("/oauth/token", data=form)).status_code == 429


@pytest.mark.parametrize(("peer", "statuses"), [("127.0.0.1", [401] * 8), ("198.51.100.77", [401] * 6 + [429] * 2)])
async def test_only_a_proxy_of_ours_is_believed_about_who_asks(
    door: Entrance, peer: str, statuses: list[int], tmp_path: Path
) -> None:
    """Or a guesser would call itself another address each time."""
    settings = Settings.model_validate(
        {"DATABASE_URL": "x", "KEYSTORE_URL": "x", "TUNTAS_MASTER_KEY_FILE": tmp_path / "key"}
    )
    served = config_of(door.app, settings)
    served.load()
    transport = httpx.ASGITransport(served.loaded_app, client=(peer, 50_000))
    body = {"username": f"somebody-at-{peer}", "password": "salah"}
    async with httpx.AsyncClient(transport=transport, base_url="https://test") as client:
        for number, status in enumerate(statuses):
            told = {"X-Forwarded-For": f"192.0.2.{number + 100}"}
            assert (await client.post("/api/v1/tokens", json=body, headers=told)).status_code == status


async def test_a_form_is_refused_before_it_is_looked_at(door: Entrance) -> None:
    """As a dependency of a route that needs no account."""
    taken: list[str] = []
    app = FastAPI()
    app.add_exception_handler(CaseworkError, on_refusal)

    @app.post("/form", dependencies=[Depends(limited(door.throttle, "an open form"))])
    def _() -> None:
        taken.append("one")

    transport = httpx.ASGITransport(app, client=("203.0.113.200", 50_000))
    async with httpx.AsyncClient(transport=transport, base_url="https://test") as client:
        answers = [await client.post("/form") for _ in range(FORMS.free + 3)]

    assert len(taken) == FORMS.free + 1
    assert (answers[-1].status_code, answers[-1].headers["retry-after"]) == (429, "60")


def test_a_form_that_needs_no_account_is_limited_by_address(door: Entrance) -> None:
    """Ten at once, then one a minute; another form and another address have their own."""
    for _ in range(FORMS.free + 1):
        door.throttle.form("report", ELSEWHERE)

    with pytest.raises(TooManyRequestsError) as early:
        door.throttle.form("report", ELSEWHERE)
    assert early.value.extra["retry_after"] == 60
    door.throttle.form("receipt", ELSEWHERE)
    door.throttle.form("report", OFFICE)
    door.time.on(minutes=1)
    door.throttle.form("report", ELSEWHERE)


def test_what_costs_much_is_limited_by_account(door: Entrance) -> None:
    """Ten a minute, at once or one after the other; another account has its own."""
    for _ in range(COSTLY.free + 1):
        door.throttle.costly("letter", "one")

    with pytest.raises(TooManyRequestsError) as early:
        door.throttle.costly("letter", "one")
    assert early.value.extra["retry_after"] == 6
    door.throttle.costly("letter", "other")
    door.time.on(seconds=6)
    door.throttle.costly("letter", "one")
    with pytest.raises(TooManyRequestsError):
        door.throttle.costly("letter", "one")
