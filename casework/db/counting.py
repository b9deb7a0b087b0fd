"""Readings that count: of the own office's cases for its people, of all offices' for who is shown no case."""

from sqlalchemy import ColumnElement, true

from casework.db.caller import ENGINE, Caller, acting
from casework.db.reader import SqlReader
from casework.db.tables import cases
from casework.db.visible import visible_to
from casework.models.people import Actor
from casework.rules.figures import of_own_office


class SqlCounting(SqlReader):
    """Whose rows are counted for a reader, and who reads them behind the walls."""

    def _caller(self, reader: Actor) -> Caller:
        """The walls show nobody else the rows of all offices: what is then told of them is counts."""
        return acting(reader, self._now()) if of_own_office(reader) else ENGINE

    def _scope(self, reader: Actor) -> ColumnElement[bool]:
        """The own office's cases that its people may see; of all offices for who is shown no case."""
        if of_own_office(reader):
            return (cases.c.agency_id == reader.agency_id) & visible_to(reader, self._now())
        return true()
