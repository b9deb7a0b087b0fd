"""Where clients are now, sealed apart, and who has read it."""

from datetime import datetime

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from casework.db.caller import ENGINE
from casework.db.reader import SqlReader
from casework.db.session import writing
from casework.db.tables import case_log, location_readings, locations
from casework.events import CaseEvent
from casework.models.people import Actor
from casework.ports import Location, LocationReading

_PENDING = locations.c.state == "pending"


def keep(connection: Connection, event: CaseEvent) -> bool:
    """Turn the pending location of a command into a kept one, in the transaction of its record."""
    if event.document is None:
        return False
    named = (locations.c.id == event.document.id) & (locations.c.case_id == event.case_id)
    pending = _PENDING & (locations.c.digest == event.document.digest)
    return connection.execute(update(locations).where(named, pending).values(state="kept")).rowcount == 1


class SqlLocations(SqlReader):
    """Keeps the promises of `ports.Locations`."""

    def put_pending(self, document_id: str, case_id: str, command_id: str, digest: str, sealed: bytes) -> None:
        """Keep a sealed location as pending; the same id again changes nothing."""
        row = {"id": document_id, "case_id": case_id, "command_id": command_id, "digest": digest, "sealed": sealed}
        with writing(self._engine, ENGINE) as connection:
            connection.execute(insert(locations).on_conflict_do_nothing(), {**row, "stored_at": self._now()})

    def discard_pending(self, document_id: str) -> None:
        """Delete a location if it is still pending."""
        with writing(self._engine, ENGINE) as connection:
            connection.execute(delete(locations).where(locations.c.id == document_id, _PENDING))

    def sweep_pending(self, before: datetime) -> int:
        """Delete what was stored before an instant and is still pending: no row of the log names it."""
        with writing(self._engine, ENGINE) as connection:
            return connection.execute(delete(locations).where(locations.c.stored_at < before, _PENDING)).rowcount

    def latest(self, reader: Actor, case_id: str) -> Location | None:
        """Where the client was last said to be, by the log."""
        said = (case_log.c.document_id == locations.c.id) & (case_log.c.case_id == locations.c.case_id)
        columns = (locations.c.id, locations.c.sealed, case_log.c.at, case_log.c.account_id)
        found = select(*columns).join(case_log, said).where(locations.c.case_id == case_id, ~_PENDING)
        with self._read_by(reader) as connection:
            row = connection.execute(found.order_by(case_log.c.sequence.desc()).limit(1)).one_or_none()
        return Location(id=row.id, sealed=row.sealed, set_at=row.at, set_by=row.account_id) if row else None

    def note_reading(self, reading: LocationReading) -> None:
        """Keep that it is about to be read; it is durable when this returns, and nobody can change it."""
        with writing(self._engine, ENGINE) as connection:
            connection.execute(insert(location_readings), reading.model_dump())

    def readings(self, reader: Actor, case_id: str) -> list[LocationReading]:
        """Who has read it, oldest first."""
        found = select(location_readings).where(location_readings.c.case_id == case_id)
        with self._read_by(reader) as connection:
            rows = connection.execute(found.order_by(location_readings.c.at, location_readings.c.id)).mappings()
            return [LocationReading.model_validate(dict(row)) for row in rows]
