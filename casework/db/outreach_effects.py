"""How many reports came from where outreach was: within thirty days after an activity, against thirty days before.

A report is the opening of a case, as the log has it: it counts where the client lived by then, when it was made.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from casework.db.counting import SqlCounting
from casework.db.session import reading
from casework.db.tables import case_log, cases, outreach
from casework.models.outreach import Reports
from casework.models.people import Actor
from casework.ports import Followed, OutreachQuery
from casework.rules.outreach import AFTER, BEFORE, NEITHER, WITHIN

_NAMED = func.lower(func.trim(case_log.c.case_after["client"]["subdistrict"].astext))
_PLACE = func.regexp_replace(_NAMED, r"^(kecamatan|kec\.?)\s+", "")
CODE = func.regexp_replace(_PLACE, "[^a-z0-9]+", "_", "g")
"""The subdistrict of an opening as its code: its name, folded."""


class SqlOutreachEffects(SqlCounting):
    """Keeps the promises of `ports.Effects`."""

    def of_each(self, reader: Actor, ids: Collection[str]) -> Mapping[str, Reports]:
        """Of each activity by itself, over the cases of the own office that the reader may see."""
        reports = self._reports(reader)
        near = and_(reports.c.code == outreach.c.subdistrict, or_(_before(reports), _after(reports)))
        counts = (
            func.count(reports.c.id).filter(_before(reports)).label(BEFORE),
            func.count(reports.c.id).filter(_after(reports)).label(AFTER),
        )
        found = select(outreach.c.id, *counts).select_from(outreach.outerjoin(reports, near))
        found = found.where(outreach.c.id.in_(ids)).group_by(outreach.c.id)
        if not ids:
            return {}
        with reading(self._engine, self._caller(reader)) as connection:
            return {row.id: Reports(before=row.before, after=row.after) for row in connection.execute(found)}

    def of_subdistricts(self, reader: Actor, query: OutreachQuery, zone: str) -> Mapping[str | None, Followed]:
        """Of the activities of a period, each report once; in the whole quarters that their sixty days touch."""
        held = select(outreach.c.subdistrict, outreach.c.held_at)
        held = held.where(outreach.c.held_on.between(query.first, query.last))
        where = held.cte("held")
        begins, ends = _quarters(where, zone)
        reports = self._reports(reader)
        its = (where.c.subdistrict == reports.c.code).label("its")
        after = func.bool_or(_after(reports, where.c.held_at))
        before = func.bool_or(_before(reports, where.c.held_at))
        of = case((after, AFTER), (before, BEFORE), else_=NEITHER).label("of")
        found = select(reports.c.id, reports.c.code, of).join(where, its)
        found = found.where(reports.c.reported_at >= begins, reports.c.reported_at < ends)
        each = found.group_by(reports.c.id, reports.c.code).subquery("each")
        counts = [func.count().filter(each.c.of == name).label(name) for name in (BEFORE, AFTER, NEITHER)]
        whole = func.grouping(each.c.code).label("whole")
        counted = select(each.c.code, whole, *counts).group_by(func.rollup(each.c.code))
        with reading(self._engine, self._caller(reader)) as connection:
            rows = connection.execute(counted).all()
        return {None if row.whole else row.code: Followed(row.before, row.after, row.neither) for row in rows}

    def _reports(self, reader: Actor) -> Any:
        opened = and_(case_log.c.case_id == cases.c.id, case_log.c.sequence == 1)
        found: Select[Any] = select(cases.c.id, cases.c.reported_at, CODE.label("code")).join(case_log, opened)
        return found.where(self._scope(reader)).subquery("reports")


def _before(reports: Any, held_at: ColumnElement[Any] = outreach.c.held_at) -> ColumnElement[bool]:
    return and_(reports.c.reported_at >= held_at - WITHIN, reports.c.reported_at < held_at)


def _after(reports: Any, held_at: ColumnElement[Any] = outreach.c.held_at) -> ColumnElement[bool]:
    return and_(reports.c.reported_at >= held_at, reports.c.reported_at < held_at + WITHIN)


def _quarters(held: Any, zone: str) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """From the quarter in which the first thirty days before begin, to the end of that in which the last ones end."""
    first = select(func.min(held.c.held_at) - WITHIN).scalar_subquery()
    last = select(func.max(held.c.held_at) + WITHIN).scalar_subquery()
    begins = func.date_trunc("quarter", first, zone)
    return begins, func.date_trunc("quarter", last, zone) + func.make_interval(0, 3)
