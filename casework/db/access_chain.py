"""What chains the access log: readings are written side by side and put into one order afterwards, by one at a time."""

from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic

from sqlalchemy import Connection, Engine, Row, Select, func, insert, select

from casework.db.caller import ENGINE
from casework.db.session import writing
from casework.db.tables import access_chain, access_log
from casework.rules.chain import ACCESS_LOG, FIRST

LOCK = 7_001
"""Of PostgreSQL's advisory locks: whoever holds it chains."""
MOST = 5_000
SETTLES = 30.0
"""Seconds after which no reading of an earlier id can still come: its statement has long been given up."""
HEAD = select(access_chain).order_by(access_chain.c.sequence.desc()).limit(1)


class SqlAccessChain:
    """Adds the readings that are in no chain yet."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._settled = 0
        self._seen: deque[tuple[float, int]] = deque()

    def extend(self) -> int:
        """Chain what is not chained, at most so many; how many. Where another process is at it, none."""
        with writing(self._engine, ENGINE) as connection:
            if not connection.scalar(select(func.pg_try_advisory_xact_lock(LOCK))):
                return 0
            head = connection.execute(HEAD).one_or_none()
            rows = connection.execute(_unchained(self._settled)).all()
            _chain(connection, head, rows)
        if len(rows) < MOST:
            self._settle(rows[-1].id if rows else head.id if head else 0)
        return len(rows)

    def _settle(self, newest: int) -> None:
        """Everything up to an id that was there for long is chained: the next rounds need not look for it again."""
        now = self._clock()
        self._seen.append((now, newest))
        while self._seen and self._seen[0][0] <= now - SETTLES:
            self._settled = max(self._settled, self._seen.popleft()[1])


def _unchained(after: int) -> Select[tuple[object, ...]]:
    joined = access_log.outerjoin(access_chain, access_chain.c.id == access_log.c.id)
    missing = select(access_log).select_from(joined).where(access_log.c.id > after, access_chain.c.id.is_(None))
    return missing.order_by(access_log.c.id).limit(MOST)


def _chain(
    connection: Connection, head: Row[tuple[object, ...]] | None, rows: Sequence[Row[tuple[object, ...]]]
) -> None:
    sequence, previous = (head.sequence, head.digest) if head else (0, FIRST)
    links = []
    for row in rows:
        sequence += 1
        digest = ACCESS_LOG.digest({**row._mapping, "sequence": sequence, "previous": previous})
        links.append({"sequence": sequence, "id": row.id, "previous": previous, "digest": digest})
        previous = digest
    if links:
        connection.execute(insert(access_chain), links)
