"""Reading the case log."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select

from casework.db.reader import SqlReader
from casework.db.store import RECEIPT
from casework.db.tables import case_log
from casework.models.people import Actor
from casework.models.state import Receipt


class LogReads(SqlReader):
    """The case log, as written. Who may read it is asked of the case first; one's own commands are always there, except
    to the excluded."""

    def log(self, reader: Actor, case_id: str, kinds: Collection[str] = ()) -> list[Mapping[str, Any]]:
        """Log rows, oldest first, of the kinds named (all where none is)."""
        found = select(case_log).where(case_log.c.case_id == case_id)
        if kinds:
            found = found.where(case_log.c.kind.in_([str(kind) for kind in kinds]))
        with self._read_by(reader) as connection:
            return [dict(row) for row in connection.execute(found.order_by(case_log.c.sequence)).mappings()]

    def event(self, reader: Actor, command_id: str) -> Mapping[str, Any] | None:
        """The log row of a command, whose `case_after` and `referral_after` are its first answer."""
        with self._read_by(reader) as connection:
            found = select(case_log).where(case_log.c.command_id == command_id)
            row = connection.execute(found).mappings().one_or_none()
        return dict(row) if row else None

    def receipt(self, reader: Actor, command_id: str) -> Receipt | None:
        """The first answer to a command, if it was applied."""
        with self._read_by(reader) as connection:
            row = connection.execute(select(*RECEIPT).where(case_log.c.command_id == command_id)).one_or_none()
        return Receipt.model_validate(dict(row._mapping)) if row else None
