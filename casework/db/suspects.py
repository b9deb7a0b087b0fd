"""The numbers of those suspected, as marks under the key of their case: enough to be compared with, and no more."""

from collections.abc import Callable, Collection

from sqlalchemy import Connection, Engine, delete, select
from sqlalchemy.dialects.postgresql import insert

from casework.db.caller import ENGINE
from casework.db.session import reading
from casework.db.tables import documents, suspect_numbers

Marks = Callable[[str, str], bytes]
"""The mark of a number in a case."""


def put_numbers(connection: Connection, document_id: str, case_id: str, marks: Collection[bytes]) -> None:
    """Keep marks with the document that names the numbers."""
    if marks:
        rows = [{"mark": mark, "document_id": document_id, "case_id": case_id} for mark in sorted(set(marks))]
        connection.execute(insert(suspect_numbers).on_conflict_do_nothing(), rows)


def forget_earlier_numbers(connection: Connection, case_id: str, document_id: str | None) -> None:
    """Drop the marks from before a document named those suspected anew."""
    earlier = (suspect_numbers.c.case_id == case_id) & (suspect_numbers.c.document_id != (document_id or ""))
    connection.execute(delete(suspect_numbers).where(earlier))


def forget_numbers(connection: Connection, case_id: str) -> None:
    """Drop every mark of a case."""
    connection.execute(delete(suspect_numbers).where(suspect_numbers.c.case_id == case_id))


class SqlSuspects:
    """Keeps the promises of `ports.Suspects`."""

    def __init__(self, engine: Engine, mark: Marks) -> None:
        self._engine = engine
        self._mark = mark

    def shared(self, case_id: str, numbers: Collection[str]) -> frozenset[str]:
        """Those of these numbers (E.164) that a suspect of the case has."""
        if not numbers:
            return frozenset()
        kept = (documents.c.id == suspect_numbers.c.document_id) & (documents.c.state == "kept")
        found = select(suspect_numbers.c.mark).where(suspect_numbers.c.case_id == case_id, kept)
        with reading(self._engine, ENGINE) as connection:
            marks = frozenset(connection.scalars(found))
        return frozenset(number for number in numbers if marks and self._mark(case_id, number) in marks)
