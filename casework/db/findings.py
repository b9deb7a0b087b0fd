"""Findings: what the patrol found wrong, kept until it holds no more. Each is one row, however often it is found."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, and_, exists, func, literal, not_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from casework.db.caller import ENGINE
from casework.db.session import reading, writing
from casework.db.tables import cases, findings
from casework.models.patrol import Finding, FindingKind, Open

OPEN = findings.c.ended_at.is_(None)
INTAKE = findings.c.kind == FindingKind.INTAKE_WAITING.value
RECORDED = exists().where(cases.c.id == findings.c.case_id).correlate(findings)


class SqlFindings:
    """Keeps what one look found of a part of the whole: what is new is added, what holds no more is ended."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def settle_cases(self, case_ids: Collection[str], found: Collection[Finding], now: datetime) -> None:
        """All that is wrong with these cases."""
        self._settle(and_(findings.c.case_id.in_(case_ids), not_(INTAKE)), found, now)

    def settle_unrecorded(self, found: Collection[Finding], now: datetime) -> None:
        """All that is wrong with workflows that have no case in the record."""
        self._settle(and_(not_(RECORDED), not_(INTAKE)), found, now)

    def settle_intakes(self, found: Collection[Finding], now: datetime) -> None:
        """All reports that wait too long."""
        self._settle(INTAKE, found, now)

    def holding(self, limit: int) -> tuple[int, tuple[Open, ...]]:
        """How many findings hold, and the first of them, the oldest first."""
        columns = [findings.c[name] for name in Open.model_fields if name != "case_number"]
        listed = select(*columns, cases.c.number.label("case_number")).outerjoin(
            cases, cases.c.id == findings.c.case_id
        )
        with reading(self._engine, ENGINE) as connection:
            count = connection.scalar(select(func.count()).select_from(findings).where(OPEN)) or 0
            rows = connection.execute(listed.where(OPEN).order_by(findings.c.found_at, findings.c.id).limit(limit))
            return count, tuple(Open.model_validate(dict(row._mapping)) for row in rows)

    def _settle(self, part: ColumnElement[bool], found: Collection[Finding], now: datetime) -> None:
        with writing(self._engine, ENGINE) as connection:
            connection.execute(update(findings).where(OPEN, part, not_(_same(found))).values(ended_at=now))
            for each in found:
                _keep(connection, each, now)


def _same(found: Iterable[Finding]) -> ColumnElement[bool]:
    return tuple_(findings.c.kind, findings.c.case_id).in_([(each.kind.value, each.case_id) for each in found])


def _keep(connection: Connection, found: Finding, now: datetime) -> None:
    """Add it unless it stands; of two patrols that find it at once, one does: its id counts those before it."""
    mine = and_(findings.c.kind == found.kind.value, findings.c.case_id == found.case_id)
    detailed = update(findings).where(mine, OPEN, findings.c.detail.is_distinct_from(found.detail))
    connection.execute(detailed.values(detail=found.detail))
    before = select(func.count()).select_from(findings).where(mine).scalar_subquery()
    values = {
        "id": func.concat_ws(".", found.kind.value, found.case_id, before),
        "found_at": literal(now),
        "kind": literal(found.kind.value),
        "case_id": literal(found.case_id),
        "detail": literal(found.detail),
    }
    new = select(*values.values()).where(~exists().where(mine, OPEN))
    connection.execute(insert(findings).from_select(list(values), new).on_conflict_do_nothing())
