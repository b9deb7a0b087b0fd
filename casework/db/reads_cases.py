"""Reading cases and what hangs on them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, false, func, select

from casework.db import search
from casework.db.caller import ENGINE
from casework.db.filters import check_shown
from casework.db.pages import newest_first
from casework.db.reader import SqlReader
from casework.db.session import reading
from casework.db.tables import cases, deadlines, reservations
from casework.db.visible import NOT_ERASED, ground_of, parts_visible_to, reservation_visible_to, visible_to
from casework.errors import ForbiddenError, InvalidInputError
from casework.models.people import OFFICE_ROLES, Actor
from casework.ports import Stalled, Tokens
from casework.rules.access import shown

FILTERS = frozenset({"stage", "category", "risk", "assigned_to", "agency_id", "status", "number"})


class CaseReads(SqlReader):
    """Cases, as far as a reader may see them."""

    def case(self, reader: Actor, case_id: str) -> Mapping[str, Any] | None:
        """The case's row, or None where it does not exist, was erased, or may not be seen: these cannot be told apart.

        What the reader's role has no ground to see is blank: None, or [] for a list. `ground` says why it is seen.
        """
        return self._one(reader, cases.c.id == case_id, NOT_ERASED)

    def skeleton(self, reader: Actor, case_id: str) -> Mapping[str, Any] | None:
        """The row of a case that was erased, under the same rule; None for any other."""
        return self._one(reader, cases.c.id == case_id, ~NOT_ERASED)

    def _one(self, reader: Actor, *wanted: ColumnElement[bool]) -> Mapping[str, Any] | None:
        now = self._now()
        with self._read_by(reader) as connection:
            found = select(cases, ground_of(reader, now)).where(visible_to(reader, now), *wanted)
            row = connection.execute(found).mappings().one_or_none()
        return shown(reader, dict(row)) if row else None

    def case_id_of_number(self, reader: Actor, number: str) -> str | None:
        """The case of a number, under the same rule."""
        found = select(cases.c.id).where(cases.c.number == number, visible_to(reader, self._now()), NOT_ERASED)
        with self._read_by(reader) as connection:
            return connection.scalar(found)

    def cases(
        self,
        reader: Actor,
        filters: Mapping[str, str],
        limit: int,
        cursor: str | None,
        stalled: Stalled | None = None,
        about: Sequence[Tokens] = (),
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        """Case rows, newest first, and the next cursor.

        Filters: stage category risk assigned_to agency_id status number, whether they stand still, and what their
        client is found by. A filter on what the reader's role may not see is refused: the answer would tell it.
        """
        now = self._now()
        wanted = [_filter(reader, name, value) for name, value in filters.items()]
        wanted += [_standing(reader, stalled)] if stalled else []
        wanted += _about(reader, about)
        # An offered case is no answer to a question about what is not shown of it.
        hidden = about or "assigned_to" in filters
        seen = parts_visible_to(reader, now) if hidden else visible_to(reader, now)
        found = select(cases, ground_of(reader, now)).where(seen, NOT_ERASED, *wanted)
        with self._read_by(reader) as connection:
            rows, following = newest_first(connection, found, cases.c.opened_at, cases.c.id, limit, cursor)
        return [shown(reader, row) for row in rows], following

    def queued(self, reader: Actor, case_id: str) -> Mapping[str, Any] | None:
        """The reservation of a case that has not started, for who reported it and the deciders of its office."""
        columns = [column for column in reservations.c if column is not reservations.c.opening]
        mine = (reservations.c.case_id == case_id) & ~reservations.c.started
        with self._read_by(reader) as connection:
            found = select(*columns).where(mine, reservation_visible_to(reader))
            row = connection.execute(found).mappings().one_or_none()
        return dict(row) if row else None

    def deadlines(self, reader: Actor, case_id: str) -> list[Mapping[str, Any]]:
        """The case's deadlines, by due time."""
        found = select(deadlines).where(deadlines.c.case_id == case_id)
        with self._read_by(reader) as connection:
            rows = connection.execute(found.order_by(deadlines.c.due_at, deadlines.c.id)).mappings()
            return [dict(row) for row in rows]

    def facts_of_client(self, case_id: str) -> Mapping[str, Any] | None:
        """The row of any case, for checks that answer yes or no only."""
        with reading(self._engine, ENGINE) as connection:
            row = connection.execute(select(cases).where(cases.c.id == case_id)).mappings().one_or_none()
        return dict(row) if row else None


def _filter(reader: Actor, name: str, value: str) -> ColumnElement[bool]:
    if name not in FILTERS:
        errors = [{"pointer": f"/{name}", "code": "unknown_filter", "detail": "Not a filter of this list."}]
        raise InvalidInputError("The list knows no such filter.", errors=errors)
    check_shown(reader, "categories" if name == "category" else name, name)
    return cases.c.categories.contains([value]) if name == "category" else cases.c[name] == value


def _standing(reader: Actor, stalled: Stalled) -> ColumnElement[bool]:
    check_shown(reader, "stalls_at", "stalled")
    # Of a case that nothing stalls the time is NULL: it is not among those that stand still.
    stands = func.coalesce(cases.c.stalls_at < stalled.at, false())
    return cases.c.stalls_at < stalled.at if stalled.wanted else ~stands


def _about(reader: Actor, about: Sequence[Tokens]) -> list[ColumnElement[bool]]:
    if about and reader.role not in OFFICE_ROLES:
        raise ForbiddenError("Your role may not search for a client.")
    return search.about(about)
