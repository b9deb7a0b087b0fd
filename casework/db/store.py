"""The one writer of cases: what a command comes to, as one transaction."""

from collections.abc import Sequence
from typing import Any

from psycopg.errors import UniqueViolation
from sqlalchemy import Connection, Engine, Row, Select, Table, Update, bindparam, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import ReturningInsert

from casework.db import locations
from casework.db.access import exclude_related
from casework.db.caller import ENGINE
from casework.db.notices import queue
from casework.db.rows import Values, case_values, log_values, part_values
from casework.db.search import forget_earlier
from casework.db.session import deciding, reading
from casework.db.suspects import forget_earlier_numbers
from casework.db.tables import case_log, cases, consents, deadlines, documents, notifications, referrals, reservations
from casework.errors import RecordDivergedError
from casework.events import CaseEvent, EventKind, Recording
from casework.models.state import Written
from casework.rules.chain import FIRST

RECEIPT = (
    case_log.c.command_id,
    case_log.c.body_digest,
    case_log.c.case_id,
    case_log.c.sequence,
    case_log.c.subject_id,
)
WRITTEN = (*RECEIPT, case_log.c.digest, case_log.c.at)


class SqlCaseStore:
    """Writes what a command came to, once and whole."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, recording: Recording) -> Written:
        """Write it and give its receipt; of a command already in the case's log, write nothing and give the first.

        Raises RecordDivergedError, and leaves nothing, where the record is not one step behind what is written:
        another command stands at its sequence, or a sealed text that it names is missing.
        """
        try:
            return self._record(recording)
        except IntegrityError as error:
            # Two with the same command found no row of it, and the other was first.
            if not isinstance(error.orig, UniqueViolation):
                raise
            if earlier := self._earlier(recording.event):
                return earlier
            raise _diverged("The command stands in another case, or an id is taken.") from error

    def _record(self, recording: Recording) -> Written:
        # Without the commit everything is undone: a repeat and a refusal leave no trace.
        with deciding(self._engine, ENGINE) as connection:
            moved = _move_case(connection, recording)
            near = _log_near(connection, recording.event)
            if earlier := _receipt_in(near, recording.event):
                return earlier
            previous = _previous(near, recording.event, moved=moved)
            log_row = log_values(recording, previous)
            connection.execute(insert(case_log), log_row)
            _write_parts(connection, recording)
            _keep_document(connection, recording.event)
            _find_by_new_client(connection, recording.event)
            if recording.event.kind is EventKind.CASE_OPENED:
                _mark_started(connection, recording.case.id)
            connection.commit()
        return Written.model_validate({column.name: log_row[column.name] for column in WRITTEN})

    def _earlier(self, event: CaseEvent) -> Written | None:
        with reading(self._engine, ENGINE) as connection:
            return _receipt_in(_log_near(connection, event), event)


def _diverged(detail: str) -> RecordDivergedError:
    return RecordDivergedError(f"{detail} Nothing was written; a supervisor must look at this case.")


def _move_case(connection: Connection, recording: Recording) -> bool:
    """Write the case's row if it is one revision behind: this locks the case and waits for who holds it."""
    row = case_values(recording.case)
    if recording.event.sequence == 1:
        statement = insert(cases).on_conflict_do_nothing().returning(cases.c.id)
        return recording.case.revision == 1 and connection.execute(statement, row).first() is not None
    of = {"of_case": row["id"], "behind": recording.case.revision - 1}
    return connection.execute(_MOVE, {**row, **of}).rowcount == 1


def _log_near(connection: Connection, event: CaseEvent) -> Sequence[Row[Any]]:
    """The log from the row before the event on, and the row of its command wherever that is.

    A statement of its own, after the lock: it sees what was committed while waiting for it.
    """
    of = {"of_case": event.case_id, "behind": event.sequence - 1, "of_command": event.command_id}
    return tuple(connection.execute(_NEAR, of))


def _receipt_in(near: Sequence[Row[Any]], event: CaseEvent) -> Written | None:
    for row in near:
        if row.command_id == event.command_id and row.case_id == event.case_id:
            return Written.model_validate({column.name: row._mapping[column.name] for column in WRITTEN})
    return None


def _previous(near: Sequence[Row[Any]], event: CaseEvent, *, moved: bool) -> str:
    """The digest to chain to, if the case moved and its log ends right before the event."""
    sequences = [row.sequence for row in near if row.case_id == event.case_id]
    expected = [event.sequence - 1] if event.sequence > 1 else []
    if not moved or sequences != expected or any(row.command_id == event.command_id for row in near):
        raise _diverged(f"The record does not stand at {event.sequence - 1}.")
    return str(near[0].digest) if expected else FIRST


def _write_parts(connection: Connection, recording: Recording) -> None:
    asked_at = recording.event.at
    _put(connection, referrals, part_values(recording, recording.referrals, asked_at=asked_at))
    _put(connection, notifications, part_values(recording, recording.notifications))
    _put(connection, consents, part_values(recording, recording.consents))
    _put(connection, deadlines, part_values(recording, recording.deadlines))
    exclude_related(connection, recording.exclusions, recording.case.agency_id)
    queue(connection, recording.notices)


def _put(connection: Connection, table: Table, rows: list[Values]) -> None:
    """Write all rows in one statement; a row of another case under the same id is refused, not taken over."""
    if rows and len(connection.execute(_UPSERT[table], rows).all()) != len(rows):
        raise _diverged(f"An id in {table.name} belongs to another case.")


def _upsert(table: Table) -> ReturningInsert[Any]:
    statement = insert(table)
    lasting = {*table.primary_key, referrals.c.asked_at}
    changing = {column.name: statement.excluded[column.name] for column in table.c if column not in lasting}
    own = table.c.case_id == statement.excluded.case_id
    statement = statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=changing, where=own)
    # RETURNING is what makes SQLAlchemy send one statement for all rows.
    return statement.returning(table.c.id)


def _move() -> Update:
    behind = (cases.c.id == bindparam("of_case")) & (cases.c.revision == bindparam("behind"))
    return update(cases).where(behind)


def _near() -> Select[Any]:
    from_before = (case_log.c.case_id == bindparam("of_case")) & (case_log.c.sequence >= bindparam("behind"))
    near = select(*WRITTEN).where(or_(from_before, case_log.c.command_id == bindparam("of_command")))
    return near.order_by(case_log.c.sequence)


# Made once: putting them together costs more than running them.
_MOVE, _NEAR = _move(), _near()
_UPSERT = {table: _upsert(table) for table in (referrals, notifications, consents, deadlines)}


def _keep_document(connection: Connection, event: CaseEvent) -> None:
    if event.document is None:
        return
    if event.kind is EventKind.LOCATION_SET:
        if not locations.keep(connection, event):
            raise _diverged("The sealed location of this command is missing.")
        return
    named = (documents.c.id == event.document.id) & (documents.c.case_id == event.case_id)
    pending = (documents.c.digest == event.document.digest) & (documents.c.state == "pending")
    if connection.execute(update(documents).where(named, pending).values(state="kept")).rowcount != 1:
        raise _diverged("The sealed text of this command is missing.")


def _find_by_new_client(connection: Connection, event: CaseEvent) -> None:
    if event.kind is EventKind.CLIENT_AMENDED and event.body.get("client"):
        forget_earlier(connection, event.case_id, event.document.id if event.document else None)
    if event.kind is EventKind.CLIENT_AMENDED and event.body.get("alleged_perpetrators") is not None:
        forget_earlier_numbers(connection, event.case_id, event.document.id if event.document else None)


def _mark_started(connection: Connection, case_id: str) -> None:
    mine = reservations.c.case_id == case_id
    connection.execute(update(reservations).where(mine).values(started=True, opening=None))
