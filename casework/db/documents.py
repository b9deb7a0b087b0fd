"""Sealed texts and files. What is inside is the vault's affair."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert

from casework.db import files, search
from casework.db.caller import ENGINE
from casework.db.reader import SqlReader
from casework.db.session import writing
from casework.db.suspects import put_numbers
from casework.db.tables import documents, reservations
from casework.models.people import Actor
from casework.ports import IndexEntries, SealedFile

_PENDING = documents.c.state == "pending"


class SqlDocuments(SqlReader):
    """Keeps the promises of `ports.Documents`; `SqlCaseStore` is what turns a pending document into a kept one."""

    def put_pending(
        self,
        document_id: str,
        case_id: str,
        command_id: str,
        digest: str,
        sealed: bytes,
        index: IndexEntries | None = None,
        file: SealedFile | None = None,
        numbers: Collection[bytes] = (),
    ) -> None:
        """Keep a sealed document as pending, with what its client is found by, the marks of the suspects' numbers, and
        its file, whole or not at all.

        The same id again changes nothing.
        """
        row = {
            "id": document_id,
            "case_id": case_id,
            "command_id": command_id,
            "digest": digest,
            "sealed": sealed,
            "stored_at": self._now(),
        }
        with writing(self._engine, ENGINE) as connection:
            connection.execute(insert(documents).on_conflict_do_nothing(), row)
            if index:
                search.put(connection, document_id, case_id, index)
            if file:
                files.put(connection, file)
            put_numbers(connection, document_id, case_id, numbers)

    def get(self, reader: Actor, case_id: str, document_id: str) -> bytes | None:
        """The sealed bytes of a document that the log of this case names (pending ones are not given)."""
        named = (documents.c.id == document_id) & (documents.c.case_id == case_id) & ~_PENDING
        with self._read_by(reader) as connection:
            return connection.scalar(select(documents.c.sealed).where(named))

    def discard_pending(self, document_id: str) -> None:
        """Delete a document if it is still pending."""
        with writing(self._engine, ENGINE) as connection:
            connection.execute(delete(documents).where(documents.c.id == document_id, _PENDING))

    def sweep_pending(self, before: datetime) -> int:
        """Delete what was stored before an instant and is still pending: no row of the log names it.

        The texts of a report that waits for the engine stay.
        """
        waiting = exists().where(reservations.c.case_id == documents.c.case_id, ~reservations.c.started)
        old = delete(documents).where(documents.c.stored_at < before, _PENDING, ~waiting)
        with writing(self._engine, ENGINE) as connection:
            return connection.execute(old).rowcount
