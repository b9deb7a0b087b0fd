"""The outbox of notices: each claimed by one, tried a few times, and shown where nobody was told."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, event

from casework.db.accounts import SqlAccounts
from casework.db.lost import TOLD_WITHIN
from casework.db.notices import CLAIM, WAITS, SqlNotices
from casework.db.store import SqlCaseStore
from casework.db.tables import notices
from casework.ids import new_id
from casework.models.notice import Contact, Notice, NoticeKind, Recipient
from casework.models.people import Role
from tests.postgres import scratch_engine
from tests.recordings import OFFICE, OPENED, following, notice, opening


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


TO_SUPERVISORS = Recipient(agency_id=OFFICE, role=Role.SUPERVISOR)
QUICK = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
needs_waiting = pytest.mark.skipif("waiting" not in notices.c, reason="there is no such column yet")


def queue(engine: Engine, number: int = 1, to: Recipient = TO_SUPERVISORS) -> tuple[Notice, ...]:
    opened = opening().model_copy(update={"notices": ()})
    SqlCaseStore(engine).record(opened)
    told = tuple(notice(opened.case).model_copy(update={"recipient": to}) for _ in range(number))
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


def test_what_a_deadline_is_comes_back_with_its_notice(engine: Engine, outbox: SqlNotices) -> None:
    opened = opening().model_copy(update={"notices": ()})
    SqlCaseStore(engine).record(opened)
    clock = {"kind": NoticeKind.REMINDER, "about_kind": "referral_answer", "due_at": OPENED + timedelta(days=1)}
    told = (notice(opened.case).model_copy(update=clock), notice(opened.case))
    SqlCaseStore(engine).record(following(opened, notices=told))

    assert outbox.due(10) == told


def digest(recipient: Recipient, **changes: Any) -> Notice:
    fields = {"id": new_id(), "kind": NoticeKind.DIGEST, "recipient": recipient, "waiting": 3, "created_at": OPENED}
    return Notice(**{**fields, **changes})


@needs_waiting
def test_a_digest_is_queued_once_and_shown_to_its_office_alone_when_lost(engine: Engine, outbox: SqlNotices) -> None:
    budi = SqlAccounts(engine, hasher=QUICK).add("budi", "password", Role.SUPERVISOR, OFFICE)
    to_role, to_account = Recipient(agency_id=OFFICE, role=Role.SUPERVISOR), Recipient(account_id=budi.id)
    digests = (digest(to_role), digest(to_account))

    assert (outbox.queue(()), outbox.queue(digests), outbox.queue(digests)) == (0, 2, 0)
    assert outbox.due(10) == digests
    for one in digests:
        outbox.mark_skipped(one.id, "no_contact")

    assert [(row["id"], row["case_id"], row["waiting"]) for row in outbox.undelivered(OFFICE)] == [
        (one.id, None, 3) for one in digests
    ]
    assert outbox.undelivered("province") == []


def lose(outbox: SqlNotices, code: str = "no_contact") -> list[str]:
    """All that is due is skipped."""
    lost = [one.id for one in outbox.due(100)]
    for notice_id in lost:
        outbox.mark_skipped(notice_id, code)
    return lost


def supervisor_of(engine: Engine) -> str:
    """The account that `queue` tells, through its role, without a contact."""
    return SqlAccounts(engine, hasher=QUICK).add("budi", "password", Role.SUPERVISOR, OFFICE).id


@pytest.mark.parametrize("code", ["no_contact", "not_safe", "medium_not_configured"])
def test_a_lost_notice_is_queued_again_once_somebody_can_be_told(
    engine: Engine, outbox: SqlNotices, time: Time, code: str
) -> None:
    told, budi = queue(engine, 2), supervisor_of(engine)
    lose(outbox, code)
    mailbox = Contact(medium="email", address="budi@example.org")
    SqlAccounts(engine).set_contact(budi, mailbox)

    assert outbox.requeue(time.now) == 0
    SqlAccounts(engine).set_contact(budi, mailbox.model_copy(update={"safe": True}))
    assert outbox.requeue(time.now) == 2
    assert outbox.undelivered(OFFICE) == []
    assert outbox.requeue(time.now) == 0
    assert outbox.due(10) == told


def test_a_given_up_notice_begins_its_tries_anew_and_keeps_who_knows(
    engine: Engine, outbox: SqlNotices, time: Time
) -> None:
    (one,), budi = queue(engine), supervisor_of(engine)
    SqlAccounts(engine).set_contact(budi, Contact(medium="email", address="budi", safe=True))
    outbox.mark_told(one.id, "a1")
    for wait in (*WAITS, CLAIM):
        outbox.due(10)
        outbox.mark_failed(one.id, "smtp_unreachable")
        time.now += wait
    assert len(outbox.undelivered(OFFICE)) == 1

    assert outbox.requeue(time.now) == 1
    assert outbox.due(10) == (one,)
    outbox.mark_failed(one.id, "smtp_unreachable")
    assert outbox.undelivered(OFFICE) == []
    assert outbox.told(one.id) == ("a1",)


def test_what_was_lost_for_too_long_is_let_go_once_something_later_was_told(
    engine: Engine, outbox: SqlNotices, time: Time
) -> None:
    """Old news is told no more; until then it stays shown, and somebody else who was told is no reason."""
    budi, now = supervisor_of(engine), OPENED + TOLD_WITHIN + timedelta(minutes=1)
    old, recent = (digest(TO_SUPERVISORS, created_at=at) for at in (OPENED, now))
    other = digest(Recipient(account_id=budi), created_at=now)
    outbox.queue([old, recent, other])
    time.now = now
    outbox.mark_delivered(other.id)
    lose(outbox)
    SqlAccounts(engine).set_contact(budi, Contact(medium="email", address="budi", safe=True))

    assert (outbox.requeue(now), outbox.due(10)) == (1, (recent,))
    assert [row["id"] for row in outbox.undelivered(OFFICE)] == [old.id]
    outbox.mark_delivered(recent.id)
    (newest,) = lost = queue(engine)
    outbox.due(10)
    outbox.mark_skipped(newest.id, "smtp_550")
    assert outbox.requeue(now) == 0
    assert [row["id"] for row in outbox.undelivered(OFFICE)] == [each.id for each in lost]


@pytest.mark.parametrize("code", ["smtp_550", "message_unconfirmed"])
def test_what_a_channel_refused_or_did_not_confirm_is_left_to_a_person(
    engine: Engine, outbox: SqlNotices, time: Time, code: str
) -> None:
    queue(engine)
    SqlAccounts(engine).set_contact(supervisor_of(engine), Contact(medium="email", address="budi", safe=True))
    lose(outbox, code)

    assert outbox.requeue(time.now) == 0
    assert len(outbox.undelivered(OFFICE)) == 1


def test_a_stand_in_with_a_safe_contact_is_enough(engine: Engine, outbox: SqlNotices, time: Time) -> None:
    queue(engine)
    accounts, budi = SqlAccounts(engine, hasher=QUICK), supervisor_of(engine)
    head = accounts.add("head", "password", Role.HEAD, OFFICE)
    accounts.set_contact(head.id, Contact(medium="email", address="head", safe=True))
    lose(outbox)

    assert outbox.requeue(time.now) == 0
    accounts.set_absence(budi, time.now, time.now + timedelta(days=1), None)
    assert outbox.requeue(time.now + timedelta(days=1)) == 0
    assert outbox.requeue(time.now) == 1


def test_a_batch_is_bounded_and_what_cannot_be_mended_never_stands_before_what_can(
    engine: Engine, outbox: SqlNotices, time: Time
) -> None:
    nobody = queue(engine, 5, to=Recipient(agency_id="nowhere"))
    told = queue(engine, 5)
    SqlAccounts(engine).set_contact(supervisor_of(engine), Contact(medium="email", address="budi", safe=True))
    lose(outbox)
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2]))

    assert outbox.requeue(time.now, limit=3) == 3
    assert len(statements) == 5, statements
    assert [one.id for one in outbox.due(10)] == [one.id for one in told[:3]]
    assert outbox.requeue(time.now) == 2
    assert {row["id"] for row in outbox.undelivered(OFFICE)} == {one.id for one in nobody}


def test_with_nothing_lost_one_statement_says_so(engine: Engine, outbox: SqlNotices, time: Time) -> None:
    queue(engine, 3)
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2]))

    assert outbox.requeue(time.now) == 0
    assert len(statements) == 1, statements


def test_a_recipient_is_an_account_an_agency_or_a_role_of_it(engine: Engine, outbox: SqlNotices) -> None:
    accounts = SqlAccounts(engine, hasher=QUICK)
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
