"""Reading what clients agreed to."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from casework.db.reader import SqlReader
from casework.db.session import reading
from casework.db.tables import consents


class ConsentReads(SqlReader):
    """Consents as they stand. Who may read them is asked of the case first."""

    def consents(self, case_id: str) -> list[Mapping[str, Any]]:
        """Every consent of a case, those that were taken back too, in the order they were given."""
        found = select(consents).where(consents.c.case_id == case_id)
        with reading(self._engine) as connection:
            rows = connection.execute(found.order_by(consents.c.given_at, consents.c.id)).mappings()
            return [dict(row) for row in rows]
