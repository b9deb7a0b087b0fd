"""Who may sign in: passwords, tokens, absences, contacts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, select

from casework.db.accounts import SqlAccounts
from casework.db.passwords import Passwords
from casework.db.store import SqlCaseStore
from casework.db.tables import accounts as accounts_table
from casework.db.tables import tokens
from casework.errors import InvalidInputError, UnknownAccountError
from casework.events import EventKind
from casework.ids import new_id
from casework.models.codes import Status
from casework.models.people import Account, Role
from tests.postgres import scratch_engine
from tests.recordings import OFFICE, following, opening

PASSWORD = "a long enough password"
QUICK = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)


@dataclass
class Time:
    now: datetime = datetime(2026, 5, 21, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Counting(PasswordHasher):
    """Counts the checks that were made."""

    checks = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]  # noqa: A002
        self.checks += 1
        return super().verify(hash, password)


@pytest.fixture
def engine() -> Iterator[Engine]:
    with scratch_engine() as engine:
        yield engine


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def accounts(engine: Engine, time: Time) -> SqlAccounts:
    return SqlAccounts(engine, hasher=QUICK, now=time)


@pytest.fixture
def siti(accounts: SqlAccounts) -> Account:
    return accounts.add("siti", PASSWORD, Role.CASEWORKER, OFFICE)


def test_an_account_signs_in_with_its_password_alone(accounts: SqlAccounts, siti: Account) -> None:
    assert accounts.sign_in("siti", PASSWORD) == siti
    assert accounts.sign_in("siti", "another password") is None
    assert accounts.sign_in("siti", "") is None
    assert accounts.sign_in("siti", "\ud800\x00") is None
    assert accounts.sign_in("SITI", PASSWORD) is None
    assert accounts.sign_in("nobody", PASSWORD) is None
    assert accounts.get(siti.id) == accounts.by_username("siti") == siti
    assert accounts.get(new_id()) is None


def test_the_same_work_is_done_for_who_is_unknown(engine: Engine, siti: Account) -> None:
    hasher = Counting(time_cost=1, memory_cost=1024, parallelism=1)
    accounts = SqlAccounts(engine, hasher=hasher)

    for username in ("siti", "nobody"):
        hasher.checks = 0
        accounts.sign_in(username, "wrong")
        assert hasher.checks == 1


def test_nobodys_password_is_nobodys() -> None:
    assert not Passwords(QUICK).right("nobody has this password", None)


def test_passwords_are_kept_as_argon2id(engine: Engine, siti: Account) -> None:
    kept = SqlAccounts(engine).add("budi", PASSWORD, Role.SUPERVISOR, OFFICE)

    with engine.connect() as connection:
        found = select(accounts_table.c.password_hash).where(accounts_table.c.id == kept.id)
        assert str(connection.scalar(found)).startswith("$argon2id$v=19$m=65536,t=3,")


def test_a_username_is_given_once(accounts: SqlAccounts, siti: Account) -> None:
    with pytest.raises(InvalidInputError):
        accounts.add("siti", PASSWORD, Role.SUPERVISOR, OFFICE)


def test_a_token_is_its_accounts_until_its_end(accounts: SqlAccounts, siti: Account, time: Time) -> None:
    token, end = accounts.issue_token(siti.id, 3600)

    assert end == time.now + timedelta(hours=1)
    assert accounts.of_token(token) == siti
    time.now = end - timedelta(seconds=1)
    assert accounts.of_token(token) == siti
    time.now = end
    assert accounts.of_token(token) is None


def test_a_token_ends_when_revoked_and_only_that_one(accounts: SqlAccounts, siti: Account) -> None:
    token, _ = accounts.issue_token(siti.id, 3600)
    other, _ = accounts.issue_token(siti.id, 3600)

    accounts.revoke_token(token)
    accounts.revoke_token("unknown")

    assert accounts.of_token(token) is None
    assert accounts.of_token(other) == siti
    assert accounts.of_token("\ud800") is None


def test_tokens_are_random_and_only_their_hash_is_kept(accounts: SqlAccounts, engine: Engine, siti: Account) -> None:
    given = [accounts.issue_token(siti.id, 3600)[0] for _ in range(20)]

    assert len(set(given)) == 20
    assert all(len(token) >= 43 for token in given)
    with engine.connect() as connection:
        kept = str(connection.execute(select(tokens)).all())
    assert not any(token in kept for token in given)


def test_disabling_ends_sign_in_and_tokens_at_once(accounts: SqlAccounts, siti: Account) -> None:
    token, _ = accounts.issue_token(siti.id, 3600)

    accounts.disable(siti.id)

    assert accounts.of_token(token) is None
    assert accounts.sign_in("siti", PASSWORD) is None
    with pytest.raises(UnknownAccountError):
        accounts.disable(new_id())


def test_an_office_lists_its_accounts_with_their_open_cases(
    accounts: SqlAccounts, engine: Engine, siti: Account
) -> None:
    accounts.add("head", PASSWORD, Role.HEAD, OFFICE)
    accounts.add("elsewhere", PASSWORD, Role.CASEWORKER, "province")
    store = SqlCaseStore(engine)
    for status in (Status.OPEN, Status.OPEN, Status.CLOSED):
        opened = opening()
        store.record(opened)
        changes = {"assigned_to": siti.id, "status": status}
        store.record(following(opened, EventKind.CASE_ASSIGNED, case=changes))

    listed = {row["username"]: row for row in accounts.of_office(OFFICE, None)}

    assert set(listed) == {"siti", "head"}
    assert (listed["siti"]["open_cases"], listed["head"]["open_cases"]) == (2, 0)
    assert "password_hash" not in listed["siti"]
    assert [row["username"] for row in accounts.of_office(OFFICE, "head")] == ["head"]


def test_an_absence_is_listed_until_it_ends(accounts: SqlAccounts, siti: Account, time: Time) -> None:
    deputy = accounts.add("budi", PASSWORD, Role.CASEWORKER, OFFICE)
    start = time.now + timedelta(days=1)
    accounts.set_absence(siti.id, start, start + timedelta(days=7), None)
    accounts.set_absence(siti.id, start, start + timedelta(days=3), deputy.id)
    accounts.set_absence(siti.id, start + timedelta(days=30), start + timedelta(days=31), None)

    def row() -> tuple[datetime | None, datetime | None, str | None]:
        one = next(each for each in accounts.of_office(OFFICE, None) if each["id"] == siti.id)
        return one["absent_from"], one["absent_until"], one["deputy_id"]

    assert row() == (start, start + timedelta(days=3), deputy.id)
    time.now = start + timedelta(days=3)
    assert row() == (start + timedelta(days=30), start + timedelta(days=31), None)
    time.now = start + timedelta(days=31)
    assert row() == (None, None, None)
    with pytest.raises(InvalidInputError):
        accounts.set_absence(siti.id, start, start, None)


def test_an_absence_is_of_an_account_and_its_deputy_may_stand_in(
    accounts: SqlAccounts, siti: Account, time: Time
) -> None:
    end = time.now + timedelta(days=1)
    far = accounts.add("far", PASSWORD, Role.CASEWORKER, "province")

    for account_id, deputy_id in ((new_id(), None), (siti.id, new_id()), (siti.id, siti.id), (siti.id, far.id)):
        with pytest.raises(UnknownAccountError):
            accounts.set_absence(account_id, time.now, end, deputy_id)
    assert accounts.of_office(OFFICE)[0]["absent_from"] is None
