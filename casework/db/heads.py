"""The heads of all chains, as they stand."""

from sqlalchemy import Engine, func, select, text, true

from casework.db.access_chain import HEAD
from casework.db.caller import ENGINE
from casework.db.session import reading
from casework.db.tables import case_log, cases
from casework.models.checkpoint import AccessHead, Head

_of_case = (
    select(case_log.c.sequence, case_log.c.digest)
    .where(case_log.c.case_id == cases.c.id)
    .order_by(case_log.c.sequence.desc())
    .limit(1)
    .lateral("head")
)
# By the log itself, not by what a case's row says of it: the row may be changed.
HEADS = select(cases.c.id, _of_case.c.sequence, _of_case.c.digest).join(_of_case, true()).order_by(cases.c.id)
WRITTEN = select(func.pg_stat_get_tuples_inserted(text("'case_log'::regclass")))


class SqlHeads:
    """Reads them for whoever signs them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_cases(self) -> tuple[Head, ...]:
        """The last row of each case's log, by the case's id."""
        with reading(self._engine, ENGINE) as connection:
            rows = connection.execute(HEADS)
            return tuple(Head(case_id=row.id, sequence=row.sequence, digest=row.digest) for row in rows)

    def of_access(self) -> AccessHead:
        """The last row of the access log's chain."""
        with reading(self._engine, ENGINE) as connection:
            row = connection.execute(HEAD).one_or_none()
        return AccessHead(sequence=row.sequence, digest=row.digest) if row else AccessHead()

    def written(self) -> int:
        """How many rows the server has counted into the case log: a hint that costs nothing, a moment late."""
        with reading(self._engine, ENGINE) as connection:
            return connection.scalar(WRITTEN) or 0
