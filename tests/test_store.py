"""The record of a case: whole, once, in order, and never changed afterwards."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.exc import ProgrammingError

from casework.commands import SealedDocument
from casework.db.caller import ENGINE
from casework.db.documents import SqlDocuments
from casework.db.reads import SqlReads
from casework.db.session import engine_for, reading, writing
from casework.db.store import SqlCaseStore
from casework.db.tables import cases, deadlines, metadata, notices
from casework.errors import DatabaseUnavailableError, RecordDivergedError
from casework.events import EventKind, Recording
from casework.ids import new_id
from casework.models.codes import ReferralStatus, Stage
from casework.models.people import ITSELF
from tests.postgres import Scratch, empty, scratch_database
from tests.recordings import (
    OPENED,
    SUPERVISOR,
    deadline,
    following,
    notice,
    notification,
    opening,
    referral,
    sealed,
)


@pytest.fixture(scope="module")
def scratch() -> Iterator[Scratch]:
    with scratch_database() as databases:
        yield databases


@pytest.fixture
def engine(scratch: Scratch) -> Iterator[Engine]:
    """A database without a row; those of the test are gone after it."""
    engine = engine_for(scratch.app_url)
    yield engine
    engine.dispose()
    empty(scratch.owner_url)


@pytest.fixture
def owner(scratch: Scratch) -> Iterator[Engine]:
    engine = engine_for(scratch.owner_url)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> SqlCaseStore:
    return SqlCaseStore(engine)


@pytest.fixture
def reads(engine: Engine) -> SqlReads:
    return SqlReads(engine)


def count(engine: Engine) -> dict[str, int]:
    with reading(engine, ENGINE) as connection:
        tables = metadata.sorted_tables
        return {t.name: connection.scalar(select(func.count()).select_from(t)) or 0 for t in tables}


def test_a_command_ends_as_one_whole_record(store: SqlCaseStore, reads: SqlReads, engine: Engine) -> None:
    opened = opening()
    asked = referral()

    store.record(opened)
    receipt = store.record(
        following(
            opened,
            EventKind.REFERRAL_SENT,
            case={"stage": Stage.REFERRAL},
            event={"subject_id": asked.id},
            referrals=(asked,),
            deadlines=(deadline("first_contact", ended_at=OPENED, met=True),),
        )
    )

    row = reads.case(SUPERVISOR, opened.case.id)
    assert row is not None
    assert (row["stage"], row["revision"], row["age_band"], row["sex"]) == ("referral", 2, "10-17", "female")
    assert row["categories"] == ["trafficking"]
    assert (receipt.sequence, receipt.subject_id) == (2, asked.id)
    assert [d["met"] for d in reads.deadlines(ITSELF, opened.case.id)] == [None, True]
    last = reads.log(ITSELF, opened.case.id)[-1]
    assert last["case_after"]["stage"] == "referral"
    assert last["referral_after"]["status"] == "sent"
    assert count(engine)["notices"] == 1


def test_a_repeat_writes_nothing_and_gets_the_first_receipt(
    store: SqlCaseStore, reads: SqlReads, engine: Engine
) -> None:
    opened = opening()
    assigned = following(opened)
    first = [store.record(opened), store.record(assigned)]
    before = count(engine)

    assert [store.record(opened), store.record(assigned)] == first
    assert count(engine) == before
    receipt = reads.receipt(ITSELF, assigned.event.command_id)
    assert receipt is not None
    assert receipt.model_dump() == first[1].model_dump(exclude={"digest", "at"})


def test_a_command_already_in_the_log_is_not_applied_again_at_a_later_place(
    store: SqlCaseStore, reads: SqlReads
) -> None:
    opened = opening()
    assigned = following(opened)
    store.record(opened)
    first = store.record(assigned)

    again = following(assigned, case={"stage": Stage.CLOSURE}, event={"command_id": assigned.event.command_id})

    assert store.record(again) == first
    row = reads.case(SUPERVISOR, opened.case.id)
    assert row is not None
    assert (row["revision"], row["stage"]) == (2, "intake")


@pytest.mark.parametrize("revision", [1, 2, 4, 9])
def test_a_wrong_sequence_is_refused_and_leaves_nothing(store: SqlCaseStore, engine: Engine, revision: int) -> None:
    opened = opening()
    store.record(opened)
    store.record(following(opened))
    before = count(engine)

    with pytest.raises(RecordDivergedError):
        store.record(following(opened, case={"revision": revision}, notices=(notice(opened.case),)))

    assert count(engine) == before


@pytest.mark.parametrize(("sequence", "revision"), [(3, 2), (2, 3), (1, 2), (2, 1)])
def test_a_sequence_that_does_not_fit_the_revision_is_refused(
    store: SqlCaseStore, engine: Engine, sequence: int, revision: int
) -> None:
    opened = opening()
    store.record(opened)
    before = count(engine)

    with pytest.raises(RecordDivergedError):
        store.record(following(opened, case={"revision": revision}, event={"sequence": sequence}))

    assert count(engine) == before


def test_a_case_that_was_never_opened_is_refused(store: SqlCaseStore, engine: Engine) -> None:
    with pytest.raises(RecordDivergedError):
        store.record(following(opening()))

    assert not any(count(engine)[table] for table in ("cases", "case_log"))


def test_a_command_of_another_case_is_refused(store: SqlCaseStore, engine: Engine) -> None:
    opened, other = opening(), opening()
    store.record(opened)
    store.record(other)

    with pytest.raises(RecordDivergedError):
        store.record(following(other, event={"command_id": opened.event.command_id}))

    assert count(engine)["case_log"] == 2


@pytest.mark.parametrize("step", ["opening", "following"])
def test_twenty_at_once_with_the_same_command_give_one_row(store: SqlCaseStore, reads: SqlReads, step: str) -> None:
    recording = opening()
    if step == "following":
        store.record(recording)
        recording = following(recording)

    with ThreadPoolExecutor(20) as pool:
        receipts = list(pool.map(store.record, [recording] * 20))

    assert len(set(receipts)) == 1
    assert len(reads.log(ITSELF, recording.case.id)) == recording.case.revision


def test_of_twenty_commands_at_one_place_one_is_written(store: SqlCaseStore, reads: SqlReads) -> None:
    opened = opening()
    store.record(opened)

    def attempt(recording: Recording) -> bool:
        try:
            store.record(recording)
        except RecordDivergedError:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        written = list(pool.map(attempt, [following(opened) for _ in range(20)]))

    assert written.count(True) == 1
    assert len(reads.log(ITSELF, opened.case.id)) == 2


def test_a_sealed_text_is_kept_with_the_command_that_names_it(store: SqlCaseStore, engine: Engine) -> None:
    documents = SqlDocuments(engine)
    recording = opening()
    document = sealed(documents, recording.case.id)
    assert documents.get(ITSELF, recording.case.id, document.id) is None

    store.record(opening(id=recording.case.id, document=document))
    documents.discard_pending(document.id)

    assert documents.get(ITSELF, recording.case.id, document.id) == b"sealed"
    assert documents.get(ITSELF, "another-case", document.id) is None


@pytest.mark.parametrize("fault", ["missing", "other_case", "other_digest", "named_before"])
def test_a_missing_sealed_text_refuses_and_leaves_nothing(store: SqlCaseStore, engine: Engine, fault: str) -> None:
    documents = SqlDocuments(engine)
    opened = opening()
    store.record(opened)
    document = sealed(documents, "another-case" if fault == "other_case" else opened.case.id)
    last = opened
    if fault == "missing":
        document = SealedDocument(id=new_id(), digest=document.digest)
    if fault == "other_digest":
        document = SealedDocument(id=document.id, digest="b" * 64)
    if fault == "named_before":
        last = following(opened, event={"document": document})
        store.record(last)
    before = count(engine)

    with pytest.raises(RecordDivergedError):
        store.record(following(last, case={"stage": Stage.CLOSURE}, event={"document": document}))

    assert count(engine) == before
    with reading(engine, ENGINE) as connection:
        assert connection.scalar(select(cases.c.stage)) == "intake"


def test_a_referral_of_another_case_is_not_taken_over(store: SqlCaseStore, reads: SqlReads) -> None:
    opened, other = opening(), opening()
    asked = referral()
    store.record(opened)
    store.record(other)
    store.record(following(opened, EventKind.REFERRAL_SENT, referrals=(asked,)))

    changed = asked.model_copy(update={"status": ReferralStatus.REVOKED})
    with pytest.raises(RecordDivergedError):
        store.record(following(other, EventKind.REFERRAL_REVOKED, referrals=(changed,)))

    assert [row["status"] for row in reads.referrals(SUPERVISOR, opened.case.id)] == ["sent"]


def test_a_record_takes_few_statements_however_much_it_holds(store: SqlCaseStore, engine: Engine) -> None:
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    documents = SqlDocuments(engine)
    case_id = new_id()
    document = sealed(documents, case_id)
    statements.clear()

    opened = opening(id=case_id, document=document)
    store.record(opened)
    assert len(statements) == 7, statements

    next_document = sealed(documents, case_id)
    statements.clear()
    store.record(
        following(
            opened,
            EventKind.REFERRAL_SENT,
            event={"document": next_document},
            referrals=tuple(referral() for _ in range(8)),
            notifications=(notification(),),
            deadlines=tuple(deadline(f"d{n}") for n in range(20)),
            notices=tuple(notice(opened.case) for _ in range(9)),
        )
    )
    assert len(statements) == 8, statements
    statements.clear()
    store.record(opened)
    assert len(statements) == 2, statements


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE case_log SET kind = 'CaseClosed'",
        "DELETE FROM case_log",
        "TRUNCATE case_log",
        "UPDATE case_log SET kind = 'x' WHERE false",
        "INSERT INTO case_log SELECT * FROM case_log ON CONFLICT (command_id) DO UPDATE SET kind = 'x'",
        "ALTER TABLE case_log DISABLE TRIGGER append_only",
        "SET session_replication_role = replica",
        "DROP TABLE case_log",
        "CREATE TABLE mine (id int)",
        "CREATE RULE r AS ON INSERT TO case_log DO INSTEAD NOTHING",
        "UPDATE documents SET sealed = ''",
        "DELETE FROM cases",
    ],
)
def test_the_application_cannot_change_what_was_written(store: SqlCaseStore, engine: Engine, statement: str) -> None:
    store.record(opening())

    with pytest.raises(ProgrammingError, match="InsufficientPrivilege"), writing(engine, ENGINE) as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize("statement", ["UPDATE case_log SET kind = 'x'", "DELETE FROM case_log", "TRUNCATE case_log"])
def test_not_even_the_owner_changes_the_log_by_accident(store: SqlCaseStore, owner: Engine, statement: str) -> None:
    store.record(opening())

    with pytest.raises(ProgrammingError, match="append-only"), owner.begin() as connection:
        connection.execute(text(statement))


def test_a_kept_document_cannot_be_deleted(store: SqlCaseStore, engine: Engine) -> None:
    recording = opening()
    document = sealed(SqlDocuments(engine), recording.case.id)
    store.record(opening(id=recording.case.id, document=document))

    with pytest.raises(ProgrammingError, match="append-only"), writing(engine, ENGINE) as connection:
        connection.execute(text("DELETE FROM documents"))


def test_a_database_that_is_away_is_said_so(scratch: Scratch) -> None:
    engine = engine_for("postgresql://tuntas_app:secret@127.0.0.1:1/tuntas")
    with pytest.raises(DatabaseUnavailableError) as caught:
        SqlCaseStore(engine).record(opening())
    engine.dispose()

    assert "secret" not in caught.value.detail


def test_an_error_text_carries_nothing_of_what_was_written(engine: Engine) -> None:
    with pytest.raises(ProgrammingError) as caught, writing(engine, ENGINE) as connection:
        connection.execute(text("SELECT :name FROM nowhere"), {"name": "Siti binti Ahmad"})

    assert "Siti" not in str(caught.value)


def test_what_hangs_on_a_case_is_written_once(store: SqlCaseStore, engine: Engine) -> None:
    opened = opening()
    store.record(opened)
    store.record(following(opened, notices=opened.notices, deadlines=opened.deadlines))

    with reading(engine, ENGINE) as connection:
        assert connection.scalar(select(func.count()).select_from(notices)) == 1
        assert connection.scalar(select(func.count()).select_from(deadlines)) == 2
