"""Contacts as they are kept: confirmed, in their hours, and compared with the numbers of those suspected."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, select

from activities.notices import NoticesActivities
from casework import commands as c
from casework.db.access import SqlAccess
from casework.db.accounts import SqlAccounts
from casework.db.caller import ENGINE
from casework.db.notices import SqlNotices
from casework.db.session import reading
from casework.db.store import SqlCaseStore
from casework.db.tables import notices, suspect_numbers
from casework.events import Recording
from casework.models.access import Exclusion, Interest
from casework.models.notice import Contact, Hours, Recipient
from casework.models.people import Actor, Role
from casework.notices.delivery import NoticeDelivery
from casework.notices.local import MemoryNotifier
from tests.command_line import Run, run
from tests.play import report
from tests.postgres import scratch_engine
from tests.recordings import OFFICE, opening
from tests.some_notices import BASE, JAKARTA, KnownSuspects, NoLinks
from tests.stack import Stack

__all__ = ["run"]

NOW = datetime(2026, 5, 21, 10, tzinfo=UTC)
QUICK = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
SUSPECT = "081300000099"


@pytest.fixture
def engine() -> Iterator[Engine]:
    with scratch_engine() as engine:
        yield engine


class Office:
    """An office whose one supervisor is told when a case is opened, and its clock."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.now = engine, NOW
        self.accounts = SqlAccounts(engine, hasher=QUICK, now=lambda: self.now)
        self.outbox = SqlNotices(engine, now=lambda: self.now)
        self.id = self.accounts.add("budi", "password", Role.SUPERVISOR, OFFICE).id
        self.memory = MemoryNotifier()
        self.case = opening()
        SqlCaseStore(engine).record(self.case)

    def confirm(self, **changes: object) -> None:
        """The supervisor's number, entered now."""
        own = {"medium": "apprise", "address": "081200000011", "safe": True}
        self.accounts.set_contact(self.id, Contact.model_validate({**own, **changes}))

    def deliver(self, *suspects: str) -> list[tuple[str, str, str | None]]:
        """What became of every notice: kind, state and why."""
        how = self.memory, JAKARTA, BASE, KnownSuspects(frozenset(suspects))
        NoticesActivities(self.outbox, NoticeDelivery(self.outbox, *how, lambda: self.now, NoLinks())).deliver_batch()
        with reading(self.engine, ENGINE) as connection:
            rows = connection.execute(
                select(notices.c.kind, notices.c.state, notices.c.last_error).order_by(notices.c.id)
            )
            return sorted((row.kind, row.state, row.last_error) for row in rows)


@pytest.fixture
def office(engine: Engine) -> Office:
    return Office(engine)


def test_a_contact_comes_back_as_it_was_entered_and_confirmed(office: Office) -> None:
    """Entered again it is confirmed anew, and takes what else is new."""
    office.confirm(hours=Hours(begins=time(8), ends=time(16)))
    (first,) = office.outbox.contacts_for(Recipient(account_id=office.id))
    office.now += timedelta(days=20)
    office.confirm()
    (again,) = office.accounts.contacts(office.id)

    assert (first.hours, first.confirmed_at) == (Hours(begins=time(8), ends=time(16)), NOW)
    assert (again.hours, again.confirmed_at) == (None, office.now)
    assert office.accounts.addresses() == [(office.id, "081200000011")]
    office.accounts.disable(office.id)
    assert office.accounts.addresses() == []
    assert office.accounts.addresses(office.id) == [(office.id, "081200000011")]


def test_what_was_not_confirmed_is_shown_and_told_once_it_is(office: Office) -> None:
    """A task of the office until then."""
    office.confirm()
    office.now += timedelta(days=30)
    assert office.deliver() == [("case_opened", "skipped", "not_confirmed")]
    assert [row["last_error"] for row in office.outbox.undelivered(OFFICE)] == ["not_confirmed"]
    assert office.outbox.requeue(office.now) == 0
    office.confirm()
    office.now = NOW + timedelta(days=31)
    assert office.outbox.requeue(NOW) == 1


def test_at_rest_a_notice_waits_and_uses_up_no_try(office: Office) -> None:
    """It goes out when the hours begin, a night of waiting later."""
    office.confirm(hours=Hours(begins=time(8), ends=time(16)))
    office.now = datetime(2026, 5, 21, 20, tzinfo=JAKARTA)
    assert office.deliver() == [("case_opened", "queued", None)]
    assert office.deliver() == [("case_opened", "queued", None)]
    office.now = datetime(2026, 5, 22, 7, 59, 59, tzinfo=JAKARTA)
    office.deliver()
    assert office.memory.sent == []
    office.now = datetime(2026, 5, 22, 8, tzinfo=JAKARTA)

    assert office.deliver() == [("case_opened", "delivered", None)]
    with reading(office.engine, ENGINE) as connection:
        assert connection.scalar(select(notices.c.attempts)) == 1


def test_a_suspects_number_is_not_called_and_the_supervisors_are_told_once_a_day(office: Office) -> None:
    """By what other contacts there are; the notice itself is shown as undelivered."""
    office.confirm(address="+6281300000099")
    told = office.deliver("+6281300000099")

    assert office.memory.sent == []
    assert told == [("case_opened", "skipped", "shared_with_suspect"), ("contact_unsafe", "queued", None)]
    office.confirm(medium="email", address="budi@kantor.example")
    office.deliver("+6281300000099")
    assert {sent.contact.medium for sent in office.memory.sent} == {"email"}
    assert office.outbox.requeue(NOW) == 1
    assert office.deliver("+6281300000099") == [
        ("case_opened", "delivered", None),
        ("contact_unsafe", "delivered", None),
    ]


@pytest.mark.parametrize(
    ("hours", "status", "kept"),
    [
        ("07:00-21:00", 0, Hours(begins=time(7), ends=time(21))),
        (None, 0, None),
        ("07:00", 2, "nothing"),
        ("a-b", 2, "nothing"),
    ],
)
def test_the_machine_enters_a_contact(
    run: Run, office: Office, monkeypatch: pytest.MonkeyPatch, hours: str | None, status: int, kept: object
) -> None:
    """Confirmed by that; a mistyped hour enters nothing."""
    url = office.engine.url.render_as_string(hide_password=False)
    for name, value in {"DATABASE_URL": url, "KEYSTORE_URL": url, "TUNTAS_MASTER_KEY_FILE": "unused"}.items():
        monkeypatch.setenv(name, value)
    words = ("--medium", "apprise", "--address", "081200000011", "--safe", *(("--hours", hours) if hours else ()))

    answered, *_ = run("account", "contact", "budi", *words)

    assert answered == status
    assert [c.hours for c in office.accounts.contacts(office.id)] == ([] if kept == "nothing" else [kept])


def test_nobody_is_excluded_where_nobody_would_be_left_to_decide(office: Office) -> None:
    """The office is told of it; a second one who decides makes it possible."""
    assert excluded(office, opening()) is False
    office.accounts.add("ratna", "password", Role.HEAD, OFFICE)
    assert excluded(office, opening()) is True


def excluded(office: Office, opened: Recording) -> bool:
    """Whether the supervisor is, after a recording that says so; a repeat of it changes nothing."""
    by = {"account_id": office.id, "excluded_by": office.id, "case_id": opened.case.id, "excluded_at": NOW}
    conflict = Exclusion(id=f"{opened.case.id}.1.0", ground=Interest.RELATED_TO_SUSPECT, **by)
    recording = opened.model_copy(update={"exclusions": (conflict,)})
    for _ in "12":
        SqlCaseStore(office.engine).record(recording)
    return SqlAccess(office.engine).is_excluded(opened.case.id, office.id)


# ---- the marks of a case, on the whole stack


async def test_the_numbers_of_suspects_are_marks_of_their_case(app: Stack) -> None:
    """The same number has another mark in each case, and none says which it is."""
    body = report(alleged_perpetrators=[{"relation": "neighbour", "phone": SUSPECT}])
    ids = [(await app.cases.open(app.ask(app.caseworker), body)).case_id for _ in "12"]
    other = (await app.cases.open(app.ask(app.caseworker), report())).case_id
    with reading(app.outside.engine, ENGINE) as connection:
        marks = connection.scalars(select(suspect_numbers.c.mark)).all()

    assert len(set(marks)) == len(marks) == 2
    assert not [mark for mark in marks if b"813" in mark]
    for case_id in ids:
        assert app.outside.suspects.shared(case_id, {"+6281300000099", "+6281200000011"}) == {"+6281300000099"}
    assert app.outside.suspects.shared(other, {"+6281300000099"}) == frozenset()


async def test_the_marks_of_a_report_that_is_not_taken_go_with_it(app: Stack) -> None:
    """They count for nothing while they are pending."""
    body = report(alleged_perpetrators=[{"relation": "neighbour", "phone": SUSPECT}])
    order = app.desk.opening(app.ask(app.caseworker), "0197-one", "OKUS-2026-90001-0", "command-one", "d", body).order
    assert app.outside.suspects.shared("0197-one", {"+6281300000099"}) == frozenset()
    app.desk.discard(order)
    with reading(app.outside.engine, ENGINE) as connection:
        mine = suspect_numbers.c.case_id == "0197-one"
        assert connection.scalars(select(suspect_numbers.c.mark).where(mine)).all() == []


async def test_who_has_a_suspects_number_sees_nothing_of_the_case_from_its_beginning(app: Stack) -> None:
    """Excluded in the transaction that opens it; those suspected anew take the place of the earlier marks."""
    police: Actor = app.police
    app.outside.accounts.set_contact(police.account_id, Contact(medium="apprise", address=SUSPECT, safe=True))
    body = report(alleged_perpetrators=[{"relation": "neighbour", "phone": "+62 813-0000-0099"}])
    case_id = (await app.cases.open(app.ask(app.caseworker), body)).case_id

    assert app.desk.lookups.related(body) == (police.account_id,)
    assert app.outside.suspects.shared(case_id, {"+6281300000099"})
    assert app.outside.access.is_excluded(case_id, police.account_id)
    (kept,) = app.outside.access.exclusions(app.supervisor, case_id)
    assert (kept.ground, kept.excluded_by) == ("related_to_suspect", app.caseworker.account_id)
    with reading(app.outside.engine, ENGINE) as connection:
        mine = notices.c.case_id == case_id
        assert "excluded" in connection.scalars(select(notices.c.kind).where(mine)).all()
    anew = c.AmendClient.model_validate({"alleged_perpetrators": [{"relation": "neighbour", "phone": "081277777777"}]})
    await app.cases.amend_client(app.ask(app.caseworker, case_id), anew)
    assert app.outside.suspects.shared(case_id, {"+6281300000099", "+6281277777777"}) == {"+6281277777777"}
