"""The outbox of notices: each claimed by one, tried a few times, and shown where nobody was told."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine

from casework.db.accounts import SqlAccounts
from casework.db.notices import CLAIM, WAITS, SqlNotices
from casework.db.store import SqlCaseStore
from casework.models.notice import Contact, Notice, Recipient
from casework.models.people import Role
from tests.postgres import scratch_engine
from tests.recordings import OFFICE, following, notice, opening


@dataclass
class Time:
    now: datetime = datetime(2026, 5, 21, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def engine() -> Iterator[Engine]:
    with scratch_engine() as engine:
        yield engine


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def outbox(engine: Engine, time: Time) -> SqlNotices:
    return SqlNotices(engine, now=time)


def queue(engine: Engine, number: int = 1) -> tuple[Notice, ...]:
    opened = opening().model_copy(update={"notices": ()})
    SqlCaseStore(engine).record(opened)
    told = tuple(notice(opened.case) for _ in range(number))
    SqlCaseStore(engine).record(following(opened, notices=told))
    return told


def test_a_notice_comes_back_as_it_was_queued(engine: Engine, outbox: SqlNotices) -> None:
    told = queue(engine)

    assert outbox.due(10) == told
    assert outbox.due(10) == ()


def test_claimers_at_once_never_get_the_same(engine: Engine, outbox: SqlNotices) -> None:
    queue(engine, 40)

    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(lambda _: outbox.due(5), range(8)))

    claimed = [each.id for batch in batches for each in batch]
    assert len(claimed) == len(set(claimed)) == 40


def test_a_claim_ends_with_its_claimer(engine: Engine, outbox: SqlNotices, time: Time) -> None:
    told = queue(engine)
    outbox.due(10)

    time.now += CLAIM - timedelta(seconds=1)
    assert outbox.due(10) == ()
    time.now += timedelta(seconds=1)
    assert outbox.due(10) == told


def test_a_delivered_notice_is_done(engine: Engine, outbox: SqlNotices, time: Time) -> None:
    (one,) = queue(engine)
    outbox.due(10)
    outbox.mark_delivered(one.id)
    time.now += timedelta(days=9)

    assert outbox.due(10) == ()
    assert outbox.undelivered(OFFICE) == []


def test_a_failing_notice_is_tried_again_later_and_then_shown(engine: Engine, outbox: SqlNotices, time: Time) -> None:
    (one,) = queue(engine)
    for wait in WAITS:
        assert [each.id for each in outbox.due(10)] == [one.id]
        outbox.mark_failed(one.id, "refused")
        assert outbox.undelivered(OFFICE) == []
        time.now += wait - timedelta(seconds=1)
        assert outbox.due(10) == ()
        time.now += timedelta(seconds=1)
    outbox.due(10)
    outbox.mark_failed(one.id, "timed_out")

    assert [(row["id"], row["state"], row["last_error"]) for row in outbox.undelivered(OFFICE)] == [
        (one.id, "failed", "timed_out")
    ]
    time.now += timedelta(days=9)
    assert outbox.due(10) == ()


def test_what_no_further_try_will_mend_is_shown_at_once(engine: Engine, outbox: SqlNotices) -> None:
    skipped, failed = queue(engine, 2)
    outbox.due(10)

    outbox.mark_skipped(skipped.id, "no_contact")
    outbox.mark_failed(failed.id, "no_such_address", again=False)

    assert {row["last_error"] for row in outbox.undelivered(OFFICE)} == {"no_contact", "no_such_address"}
    assert outbox.undelivered("province") == []


def test_who_was_told_is_remembered(engine: Engine, outbox: SqlNotices) -> None:
    (one,) = queue(engine)

    for mark in ("a1", "b2"):
        outbox.mark_told(one.id, mark)

    assert outbox.told(one.id) == ("a1", "b2")
    assert outbox.told("unknown") == ()


def test_a_recipient_is_an_account_an_agency_or_a_role_of_it(engine: Engine, outbox: SqlNotices) -> None:
    accounts = SqlAccounts(engine, hasher=PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    people = {}
    for username, role in (("siti", Role.CASEWORKER), ("budi", Role.SUPERVISOR), ("gone", Role.SUPERVISOR)):
        people[username] = accounts.add(username, "password", role, OFFICE)
        accounts.set_contact(people[username].id, Contact(medium="email", address=f"{username}@example.org"))
    accounts.set_contact(people["siti"].id, Contact(medium="email", address="siti@example.org", safe=True))
    accounts.disable(people["gone"].id)

    def told(recipient: Recipient) -> set[str]:
        return {contact.address for contact in outbox.contacts_for(recipient)}

    assert told(Recipient(account_id=people["siti"].id)) == {"siti@example.org"}
    assert [contact.safe for contact in outbox.contacts_for(Recipient(account_id=people["siti"].id))] == [True]
    assert told(Recipient(agency_id=OFFICE)) == {"siti@example.org", "budi@example.org"}
    assert told(Recipient(agency_id=OFFICE, role=Role.SUPERVISOR)) == {"budi@example.org"}
    assert told(Recipient(agency_id="province")) == set()
