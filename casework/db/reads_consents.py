"""Reading what clients agreed to."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from casework.db.reader import SqlReader
from casework.db.tables import consents
from casework.models.people import Actor


class ConsentReads(SqlReader):
    """Consents as they stand. Who may read them is asked of the case first."""

    def consents(self, reader: Actor, case_id: str) -> list[Mapping[str, Any]]:
        """Every consent of a case, those that were taken back too, in the order they were given."""
        found = select(consents).where(consents.c.case_id == case_id)
        with self._read_by(reader) as connection:
            rows = connection.execute(found.order_by(consents.c.given_at, consents.c.id)).mappings()
            return [dict(row) for row in rows]
