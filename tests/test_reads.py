"""What a reader is given: what may be seen, in an order that stays, and no more."""

from collections.abc import Iterator
from datetime import timedelta
from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import Engine

from casework.db.reads import SqlReads
from casework.db.reservations import SqlReservations
from casework.db.store import SqlCaseStore
from casework.errors import ForbiddenError, InvalidInputError
from casework.events import EventKind, Recording
from casework.ids import new_id
from casework.models.codes import ReferralStatus
from casework.models.pathway import Risk
from casework.models.people import ITSELF, Actor, Role
from tests.postgres import scratch_engine
from tests.recordings import (
    CASEWORKER,
    OFFICE,
    OPENED,
    POLICE,
    SUPERVISOR,
    deadline,
    following,
    notification,
    opening,
    referral,
)

HOSPITAL = Actor(account_id="hospital", role=Role.AGENCY_OFFICER, agency_id="rsud")
COORDINATOR = Actor(account_id="coordinator", role=Role.COORDINATOR, agency_id="setda")
ELSEWHERE = Actor(account_id="supervisor2", role=Role.SUPERVISOR, agency_id="province")
HOTLINE = Actor(account_id="hotline", role=Role.SYSTEM, agency_id="hotline")


@pytest.fixture
def engine() -> Iterator[Engine]:
    with scratch_engine() as engine:
        yield engine


@pytest.fixture
def store(engine: Engine) -> SqlCaseStore:
    return SqlCaseStore(engine)


@pytest.fixture
def reads(engine: Engine) -> SqlReads:
    return SqlReads(engine)


def opened(store: SqlCaseStore, **changes: Any) -> Recording:
    recording = opening(**changes)
    store.record(recording)
    return recording


def referred(store: SqlCaseStore, **changes: Any) -> Recording:
    recording = following(opened(store), EventKind.REFERRAL_SENT, referrals=(referral(**changes),))
    store.record(recording)
    return recording


def numbers(page: list[Any]) -> list[str]:
    return [row["number"] for row in page]


def test_a_case_of_another_office_reads_like_one_that_does_not_exist(store: SqlCaseStore, reads: SqlReads) -> None:
    case = opened(store).case

    assert reads.case(ELSEWHERE, case.id) is None
    assert reads.case(ELSEWHERE, new_id()) is None
    assert reads.case_id_of_number(ELSEWHERE, case.number) is None
    assert reads.cases(ELSEWHERE, {"number": case.number}, 50, None) == ([], None)
    assert reads.case_id_of_number(SUPERVISOR, case.number) == case.id


def test_the_coordinator_is_shown_numbers_and_clocks_without_content(store: SqlCaseStore, reads: SqlReads) -> None:
    case = referred(store).case

    row = reads.case(COORDINATOR, case.id)
    asked = reads.referrals(COORDINATOR, case.id)[0]

    assert row is not None
    assert (row["number"], row["stage"], row["due_at"]) == (case.number, "intake", case.due_at)
    assert [row[name] for name in ("client", "subdistrict", "opened_by", "categories")] == [None, None, None, []]
    assert (asked["status"], asked["agency_id"], asked["reference"], asked["disclose"]) == ("sent", "polres", None, [])


def test_an_agency_is_shown_number_and_stage_of_what_it_was_asked(store: SqlCaseStore, reads: SqlReads) -> None:
    case = referred(store).case

    row = reads.case(POLICE, case.id)

    assert row is not None
    assert (row["number"], row["stage"]) == (case.number, "intake")
    assert [row[name] for name in ("client", "risk", "assigned_to", "categories")] == [None, None, None, []]
    assert reads.case(HOSPITAL, case.id) is None


def test_a_system_follows_what_it_opened(store: SqlCaseStore, reads: SqlReads) -> None:
    mine = opened(store, opened_by=HOTLINE.account_id).case
    opened(store)

    assert numbers(reads.cases(HOTLINE, {}, 50, None)[0]) == [mine.number]


def test_a_pending_referral_is_unseen_by_its_agency(store: SqlCaseStore, reads: SqlReads) -> None:
    waiting = referred(store, status=ReferralStatus.PENDING, sent_at=None)
    asked = waiting.referrals[0]

    assert reads.referral(POLICE, asked.id) is None
    assert reads.referrals(POLICE, waiting.case.id) == []
    assert reads.inbox(POLICE, None, None, 50, None)[0] == []
    assert reads.referral(SUPERVISOR, asked.id) is not None

    refused = asked.model_copy(update={"status": ReferralStatus.REVOKED})
    store.record(following(waiting, EventKind.OVERRIDE_REVOKED, referrals=(refused,)))

    assert reads.referral(POLICE, asked.id) is None


def test_a_revoked_referral_stays_in_the_inbox_but_the_case_is_gone(store: SqlCaseStore, reads: SqlReads) -> None:
    sent = referred(store)
    revoked = sent.referrals[0].model_copy(update={"status": ReferralStatus.REVOKED})
    store.record(following(sent, EventKind.REFERRAL_REVOKED, referrals=(revoked,)))

    assert [row["status"] for row in reads.inbox(POLICE, "polres", None, 50, None)[0]] == ["revoked"]
    assert reads.case(POLICE, sent.case.id) is None


def test_an_inbox_holds_the_own_agencys_referrals_with_their_case_numbers(store: SqlCaseStore, reads: SqlReads) -> None:
    sent = referred(store)
    referred(store, agency_id="rsud")

    (row,), _ = reads.inbox(POLICE, None, "sent", 50, None)

    assert (row["case_number"], row["reference"]) == (sent.case.number, "B/12")
    assert reads.inbox(POLICE, "rsud", None, 50, None)[0] == []
    assert len(reads.inbox(SUPERVISOR, None, None, 50, None)[0]) == 2
    assert reads.inbox(ELSEWHERE, None, None, 50, None)[0] == []


def test_what_was_told_is_read_in_pages_and_of_one_case(store: SqlCaseStore, reads: SqlReads) -> None:
    """Newest first; a page reads no more than it shows."""
    told = [
        following(
            opened(store),
            EventKind.NOTIFICATION_MADE,
            notifications=(notification(made_at=OPENED + timedelta(days=n)),),
        )
        for n in range(3)
    ]
    for each in told:
        store.record(each)
    newest, cursor = reads.told(POLICE, "polres", 2, None)
    oldest, end = reads.told(POLICE, "polres", 2, cursor)

    assert [row["case_id"] for row in (*newest, *oldest)] == [each.case.id for each in reversed(told)]
    assert (len(newest), end) == (2, None)
    assert [row["case_id"] for row in reads.notifications(POLICE, told[1].case.id)] == [told[1].case.id]


def test_notifications_are_seen_by_the_office_and_who_was_told(store: SqlCaseStore, reads: SqlReads) -> None:
    told = following(opened(store), EventKind.NOTIFICATION_MADE, notifications=(notification(),))
    store.record(told)
    first = told.notifications[0].id

    for reader in (POLICE, SUPERVISOR):
        assert [row["case_number"] for row in reads.told(reader, "polres", 50, None)[0]] == [told.case.number]
        assert reads.notification(reader, first) is not None
    for reader in (HOSPITAL, ELSEWHERE, HOTLINE):
        assert reads.told(reader, None, 50, None) == ([], None)
        assert reads.notification(reader, first) is None


def test_pages_hold_every_case_once_while_others_are_opened(store: SqlCaseStore, reads: SqlReads) -> None:
    # Three share each instant: the id decides between them.
    before = {opened(store, id=token_hex(8), opened_at=OPENED + timedelta(hours=n // 3)).case.number for n in range(10)}
    seen: list[str] = []
    cursor = None
    while True:
        page, cursor = reads.cases(SUPERVISOR, {}, 4, cursor)
        seen += numbers(page)
        opened(store, opened_at=OPENED + timedelta(days=1))
        if cursor is None:
            break

    assert len(seen) == len(set(seen)) == 10
    assert set(seen) == before


def test_inbox_pages_stay_while_referrals_move(store: SqlCaseStore, reads: SqlReads) -> None:
    recordings = [referred(store) for _ in range(5)]
    first, cursor = reads.inbox(POLICE, None, None, 2, None)
    for recording in recordings:
        moved = recording.referrals[0].model_copy(update={"status": ReferralStatus.ACCEPTED})
        store.record(following(recording, EventKind.REFERRAL_ACCEPTED, referrals=(moved,)))
    second, cursor = reads.inbox(POLICE, None, None, 2, cursor)
    third, end = reads.inbox(POLICE, None, None, 2, cursor)

    assert len({row["id"] for row in (*first, *second, *third)}) == 5
    assert end is None


@pytest.mark.parametrize("cursor", ["", "nonsense", "W10", "WzEsMl0", "é", "\x00", "IjIwMjYi" * 50])
def test_a_cursor_that_is_not_ours_is_bad_input(reads: SqlReads, cursor: str) -> None:
    with pytest.raises(InvalidInputError):
        reads.cases(SUPERVISOR, {}, 50, cursor)


def test_cases_are_found_by_every_filter(store: SqlCaseStore, reads: SqlReads) -> None:
    case = opened(store, assigned_to="caseworker").case
    opened(store, risk=Risk.LOW, categories=("child_marriage",), agency_id="province")
    filters = {
        "stage": "intake",
        "category": "trafficking",
        "risk": "high",
        "assigned_to": "caseworker",
        "agency_id": OFFICE,
        "status": "open",
        "number": case.number,
    }

    for name, value in filters.items():
        assert numbers(reads.cases(SUPERVISOR, {name: value}, 50, None)[0]) == [case.number]
        assert reads.cases(SUPERVISOR, {name: "nothing"}, 50, None)[0] == []
    assert numbers(reads.cases(SUPERVISOR, filters, 50, None)[0]) == [case.number]


def test_a_filter_does_not_tell_what_is_not_shown(store: SqlCaseStore, reads: SqlReads) -> None:
    referred(store)

    with pytest.raises(ForbiddenError):
        reads.cases(POLICE, {"category": "trafficking"}, 50, None)
    with pytest.raises(ForbiddenError):
        reads.cases(COORDINATOR, {"assigned_to": "caseworker"}, 50, None)
    with pytest.raises(InvalidInputError):
        reads.cases(SUPERVISOR, {"client": "Siti"}, 50, None)


@pytest.mark.parametrize("text", ["\x00", "\ud800", "'; DROP TABLE cases; --", "x" * 100_000])
def test_an_id_typed_by_hand_finds_nothing_or_is_bad_input(reads: SqlReads, text: str) -> None:
    try:
        assert reads.case(SUPERVISOR, text) is None
    except InvalidInputError:
        assert text in ("\x00", "\ud800")


def test_the_log_is_given_oldest_first_and_by_kind(store: SqlCaseStore, reads: SqlReads) -> None:
    first = opened(store)
    second = following(first, EventKind.TRANSFER_ASKED)
    store.record(second)
    third = following(second, EventKind.TRANSFER_ASKED)
    store.record(third)
    case_id = first.case.id

    assert [row["sequence"] for row in reads.log(ITSELF, case_id)] == [1, 2, 3]
    assert [row["sequence"] for row in reads.log(ITSELF, case_id, [EventKind.TRANSFER_ASKED])] == [2, 3]
    row = reads.event(ITSELF, second.event.command_id)
    assert row is not None
    assert row["case_after"]["revision"] == 2
    assert reads.event(ITSELF, new_id()) is None
    assert reads.receipt(ITSELF, new_id()) is None


def test_deadlines_come_by_due_time(store: SqlCaseStore, reads: SqlReads) -> None:
    later = deadline("assessment", due_at=OPENED + timedelta(days=9))
    sooner = deadline("clinical", due_at=OPENED + timedelta(hours=2))
    recording = following(opened(store), deadlines=(later, sooner))
    store.record(recording)

    kinds = [row["kind"] for row in reads.deadlines(ITSELF, recording.case.id)]

    assert (kinds[0], kinds[-1]) == ("clinical", "assessment")


def test_a_report_that_waits_is_seen_by_its_reporter_and_the_deciders(engine: Engine, reads: SqlReads) -> None:
    reservations = SqlReservations(engine)
    given = reservations.reserve(new_id(), CASEWORKER.account_id, OFFICE, "d", district="OKUS", year=2026, risk="high")

    for reader in (CASEWORKER, SUPERVISOR):
        row = reads.queued(reader, given.case_id)
        assert row is not None
        assert row["number"] == given.number
        assert "opening" not in row
    colleague = Actor(account_id="caseworker2", role=Role.CASEWORKER, agency_id=OFFICE)
    for reader in (colleague, ELSEWHERE, COORDINATOR, POLICE):
        assert reads.queued(reader, given.case_id) is None
