"""Counting figures, and finding the cases that a number is of: one statement each, over the same rows."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, select, true, tuple_, union_all

from casework.db.counting import SqlCounting
from casework.db.figure_frame import frame
from casework.db.figure_rows import MAKERS, rows_of
from casework.db.pages import newest_first, oldest_first
from casework.db.register_rows import changed, told
from casework.db.session import deciding, reading
from casework.db.tables import cases
from casework.db.visible import NOT_ERASED, ground_of, visible_to
from casework.models.figure import Cell, Counted, Key, Period
from casework.models.people import Actor
from casework.rules.access import shown

PART = 200


class FigureReads(SqlCounting):
    """Figures, the cases behind their numbers, and what the national register is to be told."""

    def counted(self, reader: Actor, period: Period, zone: str, ids: Collection[str]) -> Mapping[str, Counted]:
        """What was counted for each figure."""
        over = frame(self._scope(reader), period, zone)
        wanted = [figure_id for figure_id in ids if figure_id in MAKERS]
        parts = [_named(figure_id, rows_of(figure_id, over)) for figure_id in wanted]
        rows = union_all(*parts).subquery("rows")
        keys = (rows.c.figure, rows.c.key, rows.c.part)
        measured = (
            func.avg(rows.c.measure).label("mean"),
            func.percentile_cont(0.5).within_group(rows.c.measure).label("median"),
        )
        count = func.count(rows.c.counted.distinct()).label("count")
        whole = func.grouping(rows.c.key).label("whole")
        sets = func.grouping_sets(tuple_(*keys), tuple_(rows.c.figure))
        with reading(self._engine, self._caller(reader)) as connection:
            found = connection.execute(select(*keys, count, *measured, whole).group_by(sets)).mappings().all()
        return _told(found, wanted)

    def cases_of(
        self, reader: Actor, period: Period, zone: str, figure_id: str, key: Key | None, limit: int, cursor: str | None
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        """The cases that a number of the own office is of, or all of a figure, as far as the reader may see them."""
        rows = rows_of(figure_id, frame(self._scope(reader), period, zone)).subquery("rows")
        which = _under(rows, key) if key else true()
        named = select(rows.c.case_id).where(which)
        now = self._now()
        found = select(cases, ground_of(reader, now)).where(visible_to(reader, now), NOT_ERASED, cases.c.id.in_(named))
        with reading(self._engine, self._caller(reader)) as connection:
            page, following = newest_first(connection, found, cases.c.opened_at, cases.c.id, limit, cursor)
        return [shown(reader, row) for row in page], following

    def to_register(self, reader: Actor, period: Period, zone: str) -> list[tuple[str, str]]:
        """The cases that the own office has something to tell the national register of, with the ground on which they
        are read, oldest first."""
        its = changed(frame(self._scope(reader), period, zone)).subquery()
        found = select(cases.c.id, ground_of(reader, self._now())).join(its, its.c.case_id == cases.c.id)
        with reading(self._engine, self._caller(reader)) as connection:
            rows = connection.execute(found.order_by(cases.c.opened_at, cases.c.id))
            return [(row.id, row.ground) for row in rows]

    def register(self, reader: Actor, period: Period, zone: str) -> Iterator[Mapping[str, Any]]:
        """What there is to tell of each, in the same order; read part by part, so that many take no more memory."""
        found = told(frame(self._scope(reader), period, zone)).order_by(cases.c.opened_at, cases.c.id)
        # A cursor lives in a transaction, and does not say who calls: the statement before it does.
        with deciding(self._engine, self._caller(reader)) as connection:
            connection.execute(select(true()))
            streamed = connection.execution_options(yield_per=PART)
            for row in streamed.execute(found).mappings():
                yield dict(row)

    def register_page(
        self, reader: Actor, period: Period, zone: str, limit: int, cursor: str | None
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        """A page of the same, each with its status and the ground on which it is read."""
        found = told(frame(self._scope(reader), period, zone)).add_columns(
            cases.c.status, cases.c.opened_at, ground_of(reader, self._now())
        )
        with reading(self._engine, self._caller(reader)) as connection:
            rows, following = oldest_first(connection, found, cases.c.opened_at, cases.c.id, limit, cursor)
        return list(rows), following


def _under(rows: Any, key: Key) -> ColumnElement[bool]:
    part = rows.c.part == key[1] if key[1] is not None else true()
    return and_(rows.c.key == key[0], part)


def _named(figure_id: str, rows: Any) -> Any:
    its = rows.subquery()
    return select(literal(figure_id).label("figure"), its.c.key, its.c.part, its.c.counted, its.c.measure)


def _told(found: Any, ids: Collection[str]) -> Mapping[str, Counted]:
    cells: dict[str, dict[Key, Cell]] = defaultdict(dict)
    wholes: dict[str, int] = {}
    for row in found:
        if row["whole"]:
            wholes[row["figure"]] = row["count"]
        else:
            cell = Cell(row["count"], *(None if row[n] is None else float(row[n]) for n in ("mean", "median")))
            cells[row["figure"]][row["key"], row["part"]] = cell
    return {figure_id: Counted(cells[figure_id], wholes.get(figure_id, 0)) for figure_id in ids}
