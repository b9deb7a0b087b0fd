"""How many open cases an office has: by who carries them, and by where they stand. One statement each."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from casework.db.reader import SqlReader
from casework.db.tables import cases
from casework.db.visible import visible_to
from casework.models.codes import Status
from casework.models.pathway import Risk
from casework.models.people import Actor
from casework.ports import Caseload


class LoadReads(SqlReader):
    """Counts, of the cases that a reader may see one by one."""

    def caseload(self, reader: Actor, now: datetime) -> Caseload:
        """The open cases of the reader's office, counted."""
        its = (
            cases.c.agency_id == reader.agency_id,
            cases.c.status == Status.OPEN.value,
            visible_to(reader, now),
        )
        high = func.count().filter(cases.c.risk == Risk.HIGH.value).label("high")
        stalled = func.count().filter(cases.c.stalls_at < now).label("stalled")
        carried = select(cases.c.assigned_to, func.count().label("open"), high, stalled)
        standing = select(cases.c.stage, cases.c.categories, func.count().label("count"))
        with self._read_by(reader) as connection:

            def rows(statement: Any) -> tuple[Any, ...]:
                return tuple(dict(row) for row in connection.execute(statement.where(*its)).mappings())

            return Caseload(
                carried=rows(carried.group_by(cases.c.assigned_to)),
                standing=rows(standing.group_by(cases.c.stage, cases.c.categories)),
            )
