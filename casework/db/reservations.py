"""The intake inbox: ids and numbers, given out before the engine is asked."""

from typing import Any

from sqlalchemy import Connection, Engine, case, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from casework.db.caller import ENGINE
from casework.db.public_reports import decide
from casework.db.session import Clock, deciding, reading, wall_clock, writing
from casework.db.tables import case_numbers, reservations
from casework.ids import case_number, new_id
from casework.models.pathway import Risk
from casework.models.public_report import Decision
from casework.ports import Queued, Reservation

# `unassessed` runs as high until somebody has looked.
_RANK = case({Risk.MEDIUM.value: 1, Risk.LOW.value: 2}, value=reservations.c.risk, else_=0)
_GIVEN = (reservations.c.case_id, reservations.c.number, reservations.c.body_digest, reservations.c.started)


class SqlReservations:
    """Keeps the promises of `ports.Reservations`."""

    def __init__(self, engine: Engine, now: Clock = wall_clock) -> None:
        self._engine = engine
        self._now = now

    def reserve(
        self, command_id: str, account_id: str, agency_id: str, body_digest: str, *, district: str, year: int, risk: str
    ) -> Reservation:
        """Reserve once for (account, command): a repeat gets the first reservation, whatever its body digest."""
        values = {
            "account_id": account_id,
            "command_id": command_id,
            "case_id": new_id(),
            "agency_id": agency_id,
            "body_digest": body_digest,
            "risk": risk,
            "reserved_at": self._now(),
        }
        with deciding(self._engine, ENGINE) as connection:
            if earlier := _find(connection, account_id, command_id):
                return earlier
            number = case_number(district, year, _next(connection, district, year))
            if row := _put(connection, {**values, "number": number}):
                connection.commit()
                return row
        # A repeat in flight was first; this number went back with the transaction.
        return self.reserve(command_id, account_id, agency_id, body_digest, district=district, year=year, risk=risk)

    def keep_opening(self, case_id: str, sealed: bytes, decision: Decision | None = None) -> None:
        """Keep the sealed opening until the case has started; a second call changes nothing.

        With it what was decided about the report of the public that it was made of: both or neither. Raises
        AlreadyDecidedError where another was first.
        """
        empty = reservations.c.opening.is_(None) & ~reservations.c.started
        kept = update(reservations).where(reservations.c.case_id == case_id, empty).values(opening=sealed)
        with writing(self._engine, ENGINE) as connection:
            if connection.scalar(kept.returning(reservations.c.case_id)) and decision is not None:
                decide(connection, decision)

    def opening(self, case_id: str) -> bytes | None:
        """The sealed opening of a reservation."""
        with reading(self._engine, ENGINE) as connection:
            return connection.scalar(select(reservations.c.opening).where(reservations.c.case_id == case_id))

    def release(self, case_id: str) -> None:
        """Drop a reservation whose opening was refused; one whose case has started stays."""
        with writing(self._engine, ENGINE) as connection:
            connection.execute(delete(reservations).where(reservations.c.case_id == case_id, ~reservations.c.started))

    def queued(self, limit: int = 50) -> tuple[Queued, ...]:
        """Openings that have not started: riskiest first, then oldest."""
        columns = (reservations.c.case_id, reservations.c.number, reservations.c.risk, reservations.c.reserved_at)
        waiting = ~reservations.c.started & reservations.c.opening.is_not(None)
        order = (_RANK, reservations.c.reserved_at, reservations.c.case_id)
        with reading(self._engine, ENGINE) as connection:
            rows = connection.execute(select(*columns).where(waiting).order_by(*order).limit(limit))
            return tuple(Queued(**row._mapping) for row in rows)


def _find(connection: Connection, account_id: str, command_id: str) -> Reservation | None:
    mine = (reservations.c.account_id == account_id) & (reservations.c.command_id == command_id)
    row = connection.execute(select(*_GIVEN).where(mine)).one_or_none()
    return Reservation(**row._mapping, created=False) if row else None


def _put(connection: Connection, values: dict[str, Any]) -> Reservation | None:
    """The reservation made, or None where another has the command: this waits for one that is being written."""
    key = [reservations.c.account_id, reservations.c.command_id]
    made = insert(reservations).on_conflict_do_nothing(index_elements=key).returning(*_GIVEN)
    row = connection.execute(made, values).one_or_none()
    return Reservation(**row._mapping, created=True) if row else None


def _next(connection: Connection, district: str, year: int) -> int:
    counter = insert(case_numbers).values(district=district, year=year, last=1)
    counter = counter.on_conflict_do_update(
        index_elements=list(case_numbers.primary_key), set_={"last": case_numbers.c.last + 1}
    )
    return int(connection.execute(counter.returning(case_numbers.c.last)).scalar_one())
