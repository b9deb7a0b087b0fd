"""The access log: whether its chain is what was written, as far as checkpoints saw it, and what is in no chain yet."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from casework.db.audit import Row, SqlAudit
from casework.rules.auditing import LATE, SignedHead
from casework.rules.chain import ACCESS_LOG, Break, Walk
from starter.audit.findings import Uncovered, Verified

AT_ONCE = 5_000


class ReadingsCheck:
    """Follows the chain from its beginning; what is new in the meantime is left for the next time."""

    def __init__(self, signed: Sequence[SignedHead], uncovered: Uncovered) -> None:
        self._walk = Walk(ACCESS_LOG)
        self._heads = {head.sequence: head for head in signed}
        self._last = max(self._heads, default=0)
        self._wrong: Break | None = None
        self._uncovered = uncovered

    def check(self, audit: SqlAudit, now: datetime, into: Verified, advance: Callable[[int], Any]) -> None:
        """All of it."""
        while rows := audit.chain(self._walk.sequence, AT_ONCE):
            for row in rows:
                self._step(row)
            into.readings += len(rows)
            advance(len(rows))
        for broken in (self._walk.broken, self._wrong or self._cut()):
            if broken:
                into.found("access_log", broken)
        self._tail(audit, now, into)

    def _step(self, row: Row) -> None:
        self._walk.step(row)
        if row["account_id"] is None:
            self._wrong = self._wrong or Break(row["sequence"], "the reading that stood here is gone")
        elif row["sequence"] > self._last:
            self._uncovered.add(row["at"])
        head = self._heads.pop(row["sequence"], None)
        if head and head.digest != row["digest"]:
            what = f"this row, or one before it, is not what checkpoint {head.checkpoint} saw"
            self._wrong = self._wrong or Break(row["sequence"], what)

    def _cut(self) -> Break | None:
        left = min(self._heads.values(), key=lambda head: head.sequence, default=None)
        if left is None or self._walk.broken:
            return None
        what = f"the log was cut: checkpoint {left.checkpoint} saw it at {left.sequence}"
        return Break(self._walk.sequence + 1, what)

    def _tail(self, audit: SqlAudit, now: datetime, into: Verified) -> None:
        count, since = audit.unchained()
        if since is None:
            return
        if now - since > LATE:
            what = f"{count} readings since {since.isoformat()} are in no chain"
            into.found("access_log", Break(self._walk.sequence + 1, what))
        else:
            into.unchecked.append(f"{count} readings of the last minutes: they are in no chain yet")
