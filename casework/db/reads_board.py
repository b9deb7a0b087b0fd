"""Reading how cases stand: one of them, and the board of those that stand still. One statement each."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, case, literal, select, true

from casework.db.called import NOW
from casework.db.filters import check_shown
from casework.db.pages import MOST, cursor_of, place_of
from casework.db.reader import SqlReader
from casework.db.stalling import PLACE, Asked, candidates
from casework.db.standing import columns, standing_of
from casework.db.tables import cases, heartbeats, reservations
from casework.db.visible import NOT_ERASED, visible_to
from casework.models.codes import Status
from casework.models.people import Actor
from casework.ports import Board, BoardQuery, Standing

WATCH, PATROL = "watch", "patrol"
"""The names under which the watch beside the worker, and the patrol, give their signs of life."""
_waits = [column.label(f"queued_{column.name}") for column in reservations.c if column.name != "opening"]


class BoardReads(SqlReader):
    """Where cases stand, as far as a reader may see it."""

    def standing(self, reader: Actor, case_id: str) -> Standing | None:
        """How a case stands, or None where the reader may not see it."""
        now = self._now()
        found = select(cases, *columns(reader, now)).where(cases.c.id == case_id, visible_to(reader, now), NOT_ERASED)
        with self._read_by(reader) as connection:
            row = connection.execute(found).mappings().one_or_none()
        return standing_of(reader, dict(row)) if row else None

    def board(self, reader: Actor, query: BoardQuery) -> Board:
        """The cases that stand still, most urgent first: by urgency, then by how long, then by id.

        Reports that have waited a minute for the engine stand among them, for the deciders of their office.
        """
        limit = max(1, min(query.limit, MOST))
        urgency, at, id_ = place_of(query.cursor, *PLACE) if query.cursor else (None, None, None)
        if query.assigned_to:
            check_shown(reader, "assigned_to", "assigned_to")
        filters = (query.agency_id, query.reason, query.assigned_to, query.risk)
        statement = _statement(reader, Asked(*filters, urgency))
        # One more than asked for tells whether there is a next page.
        given = {"now": query.now, "many": limit + 1, "after_at": at, "after_id": id_}
        with self._read_by(reader) as connection:
            rows = [dict(row) for row in connection.execute(statement, given).mappings()]
        found = [row for row in rows if row["page_id"] is not None]
        last = found[limit - 1] if len(found) > limit else None
        return Board(
            items=tuple(_item(reader, row) for row in found[:limit]),
            next_cursor=cursor_of(last["page_urgency"], last["page_at"], last["page_id"]) if last else None,
            watched_at=rows[0]["watched_at"],
            well=bool(rows[0]["well"]),
            patrolled_at=rows[0]["patrolled_at"],
        )


@lru_cache(maxsize=128)
def _statement(reader: Actor, asked: Asked) -> Select[Any]:
    """A page with everything that is shown of it, and the sign of life: that too where the page is empty.

    Kept for who looks again: putting it together costs more than running it.
    """
    page = candidates(reader, asked).subquery("page")
    always = select(literal(1).label("one")).subquery("always")
    joined = (
        always.outerjoin(heartbeats, heartbeats.c.name == WATCH)
        .outerjoin(page, true())
        .outerjoin(cases, cases.c.id == case((~page.c.queued, page.c.id)))
        .outerjoin(reservations, reservations.c.case_id == case((page.c.queued, page.c.id)))
    )
    place = [page.c[name].label(f"page_{name}") for name in ("urgency", "at", "id", "queued")]
    patrols = heartbeats.alias("patrols")
    patrolled = select(patrols.c.at).where(patrols.c.name == PATROL).scalar_subquery()
    alive = (
        heartbeats.c.at.label("watched_at"),
        heartbeats.c.well.label("well"),
        patrolled.label("patrolled_at"),
    )
    found = select(*alive, *place, *_waits, cases, *columns(reader, NOW)).select_from(joined)
    return found.order_by(page.c.urgency, page.c.at, page.c.id)


def _item(reader: Actor, row: Mapping[str, Any]) -> Standing:
    if not row["page_queued"]:
        return standing_of(reader, row)
    reserved = {column.name.removeprefix("queued_"): row[column.name] for column in _waits}
    return Standing(case={**reserved, "status": Status.QUEUED.value})
