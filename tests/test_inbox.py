"""The intake inbox and the sealed texts: given out once, kept until they are needed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from casework.db.documents import SqlDocuments
from casework.db.reservations import SqlReservations
from casework.db.store import SqlCaseStore
from casework.ids import is_case_number, new_id
from casework.models.people import ITSELF
from casework.ports import Reservation
from tests.postgres import scratch_engine
from tests.recordings import OFFICE, opening, sealed


@pytest.fixture
def engine() -> Iterator[Engine]:
    with scratch_engine() as engine:
        yield engine


@pytest.fixture
def reservations(engine: Engine) -> SqlReservations:
    moments = iter(datetime(2026, 5, 21, 10, tzinfo=UTC) + timedelta(minutes=n) for n in range(10**6))
    return SqlReservations(engine, now=lambda: next(moments))


def reserve(
    reservations: SqlReservations, command_id: str = "", digest: str = "d", year: int = 2026, risk: str = "high"
) -> Reservation:
    return reservations.reserve(
        command_id or new_id(), "caseworker", OFFICE, digest, district="OKUS", year=year, risk=risk
    )


def test_numbers_follow_each_other_within_a_year(reservations: SqlReservations) -> None:
    given = [reserve(reservations, year=year).number for year in (2026, 2026, 2027, 2026)]

    assert [number[:-2] for number in given] == [
        "OKUS-2026-00001",
        "OKUS-2026-00002",
        "OKUS-2027-00001",
        "OKUS-2026-00003",
    ]
    assert all(map(is_case_number, given))


def test_a_repeat_gets_the_first_reservation_whatever_it_asks(reservations: SqlReservations) -> None:
    first = reserve(reservations, "c1")
    repeat = reserve(reservations, "c1", digest="another", year=2027)

    assert first.created
    assert repeat == first.model_copy(update={"created": False})
    assert reserve(reservations).number.startswith("OKUS-2026-00002")


def test_twenty_repeats_at_once_get_one_reservation(reservations: SqlReservations) -> None:
    with ThreadPoolExecutor(20) as pool:
        given = list(pool.map(lambda n: reserve(reservations, "c1", year=2026 + n % 2), range(20)))

    assert len({reservation.case_id for reservation in given}) == 1
    assert [reservation.created for reservation in given].count(True) == 1


def test_the_first_opening_is_kept(reservations: SqlReservations) -> None:
    given = reserve(reservations)
    assert reservations.opening(given.case_id) is None

    reservations.keep_opening(given.case_id, b"first")
    reservations.keep_opening(given.case_id, b"second")

    assert reservations.opening(given.case_id) == b"first"


def test_openings_wait_riskiest_first_then_oldest(reservations: SqlReservations) -> None:
    risks = ["low", "medium", "high", "unassessed", "low", "high"]
    given = [reserve(reservations, risk=risk) for risk in risks]
    for reservation in given:
        reservations.keep_opening(reservation.case_id, b"sealed")
    reserve(reservations)  # without an opening there is nothing to start

    waiting = [given.index(next(g for g in given if g.case_id == q.case_id)) for q in reservations.queued()]

    assert waiting == [2, 3, 5, 1, 0, 4]
    assert len(reservations.queued(2)) == 2


def test_a_started_case_leaves_the_inbox_and_is_not_released(reservations: SqlReservations, engine: Engine) -> None:
    given = reserve(reservations, "c1")
    reservations.keep_opening(given.case_id, b"sealed")

    SqlCaseStore(engine).record(opening(id=given.case_id, number=given.number))
    reservations.release(given.case_id)
    reservations.keep_opening(given.case_id, b"again")

    assert reserve(reservations, "c1").started
    assert reservations.queued() == ()
    assert reservations.opening(given.case_id) is None


def test_a_refused_opening_is_released(reservations: SqlReservations) -> None:
    given = reserve(reservations, "c1")
    reservations.keep_opening(given.case_id, b"sealed")

    reservations.release(given.case_id)

    assert reservations.queued() == ()
    assert reserve(reservations, "c1").created


def test_pending_documents_are_discarded_and_swept(engine: Engine) -> None:
    now = datetime(2026, 5, 21, tzinfo=UTC)
    documents = SqlDocuments(engine, now=lambda: now)
    case = opening().case
    refused, left, kept = (sealed(documents, case.id) for _ in range(3))
    SqlCaseStore(engine).record(opening(id=case.id, document=kept))

    documents.discard_pending(refused.id)
    assert documents.sweep_pending(now) == 0
    assert documents.sweep_pending(now + timedelta(seconds=1)) == 1

    assert documents.get(ITSELF, case.id, left.id) is None
    assert documents.get(ITSELF, case.id, kept.id) == b"sealed"


def test_a_document_put_twice_is_the_first(engine: Engine) -> None:
    documents = SqlDocuments(engine)
    case = opening().case
    document = sealed(documents, case.id)

    documents.put_pending(document.id, case.id, new_id(), document.digest, b"another")
    SqlCaseStore(engine).record(opening(id=case.id, document=document))

    assert documents.get(ITSELF, case.id, document.id) == b"sealed"
