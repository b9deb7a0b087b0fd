"""What the patrol reads of the record: every case on which something is still to happen, part by part."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Select, exists, func, or_, select, union

from casework.db.caller import ENGINE
from casework.db.session import reading
from casework.db.tables import cases, deadlines, erasures, findings, public_reports, reservations
from casework.models.codes import Status
from casework.models.patrol import Recorded, Shown

RUNS = exists().where(deadlines.c.case_id == cases.c.id, deadlines.c.ended_at.is_(None)).correlate(cases)
FOUND = exists().where(findings.c.case_id == cases.c.id, findings.c.ended_at.is_(None)).correlate(cases)
CERTIFIED = exists().where(erasures.c.case_id == cases.c.id).correlate(cases)
ERASING = cases.c.erased_at.is_not(None) & ~CERTIFIED
NEXT = select(func.min(deadlines.c.next_at)).where(deadlines.c.case_id == cases.c.id).correlate(cases)


class SqlPatrol:
    """Reads for the patrol; what it finds is kept by `SqlFindings`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, after: str | None, limit: int) -> tuple[Recorded, ...]:
        """Cases that are open, wait for something all the same, or are in a finding; by id, those after an id."""
        wanted = or_(cases.c.status == Status.OPEN.value, RUNS, FOUND, ERASING)
        found = _recorded().where(wanted, cases.c.id > (after or ""))
        with reading(self._engine, ENGINE) as connection:
            rows = connection.execute(found.order_by(cases.c.id).limit(limit)).mappings()
            return tuple(_as_recorded(row) for row in rows)

    def recorded(self, case_id: str) -> Recorded | None:
        """A case as it is now."""
        with reading(self._engine, ENGINE) as connection:
            row = connection.execute(_recorded().where(cases.c.id == case_id)).mappings().one_or_none()
        return _as_recorded(row) if row else None

    def unknown(self, case_ids: Collection[str]) -> frozenset[str]:
        """Those of these ids that no case has."""
        with reading(self._engine, ENGINE) as connection:
            known = connection.scalars(select(cases.c.id).where(cases.c.id.in_(case_ids)))
            return frozenset(case_ids) - frozenset(known)

    def waiting_intakes(self, before: datetime, limit: int) -> tuple[str, ...]:
        """Reports taken before an instant whose case has not started, the oldest first."""
        waits = ~reservations.c.started & reservations.c.opening.is_not(None) & (reservations.c.reserved_at < before)
        oldest = select(reservations.c.case_id).where(waits).order_by(reservations.c.reserved_at).limit(limit)
        with reading(self._engine, ENGINE) as connection:
            return tuple(connection.scalars(oldest))

    def offices(self) -> tuple[str, ...]:
        """The offices that have a case, or a report that waits to become one, of the public or their own."""
        waiting = select(reservations.c.agency_id).where(~reservations.c.started)
        reported = select(public_reports.c.agency_id).where(public_reports.c.outcome.is_(None))
        with reading(self._engine, ENGINE) as connection:
            return tuple(connection.scalars(union(select(cases.c.agency_id), waiting, reported)))


def _recorded() -> Select[Any]:
    shown = (cases.c.stage, cases.c.risk, cases.c.agency_id, cases.c.due_at)
    columns = (cases.c.id, cases.c.revision, cases.c.erased_at, CERTIFIED.label("certified"), *shown)
    return select(*columns, NEXT.scalar_subquery().label("next_at"))


def _as_recorded(row: Mapping[Any, Any]) -> Recorded:
    shown = Shown.model_validate({name: row[name] for name in Shown.model_fields})
    own = {name: row[name] for name in ("revision", "next_at", "erased_at", "certified")}
    return Recorded(case_id=row["id"], shown=shown, **own)
