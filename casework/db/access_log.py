"""The access log: written before anything is shown, and read by who watches over it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, insert, or_, select, tuple_

from casework.db.access_chain import HEAD
from casework.db.caller import ENGINE
from casework.db.pages import MOST, cursor_of, place_of
from casework.db.reader import SqlReader
from casework.db.session import reading
from casework.db.tables import access_log, cases, notices
from casework.db.visible import excluded_from, not_excluded
from casework.models.checkpoint import AccessHead, Attested
from casework.models.notice import NoticeKind
from casework.models.people import Actor, Role
from casework.models.sight import Sight, SightKind
from casework.ports import SightQuery

PLACE = (access_log.c.at, access_log.c.id)


class SqlAccessLog(SqlReader):
    """Keeps the promises of `ports.AccessLog`."""

    def write(self, sights: Sequence[Sight]) -> None:
        """Keep what is about to be shown; it is durable when this returns, and chained within a second or two."""
        with reading(self._engine, ENGINE) as connection:
            connection.execute(insert(access_log).values([_values(sight) for sight in sights]))

    def sights(self, reader: Actor, query: SightQuery) -> tuple[list[Mapping[str, Any]], str | None]:
        """What was seen, newest first, and the next cursor: all of it for the auditor, of the own office otherwise;
        nothing of a case that the reader is excluded from.

        Of the own office is what was seen of its cases, and what its accounts were refused. Cases of other offices
        are left out of `case_ids`, also where they were seen in one list with the own.
        """
        limit = max(1, min(query.limit, MOST))
        found = select(*_columns(reader)).where(*_wanted(reader, query))
        if query.cursor is not None:
            found = found.where(tuple_(*PLACE) < tuple_(*place_of(query.cursor, datetime, int)))
        newest = found.order_by(*(each.desc() for each in PLACE)).limit(limit + 1)
        with self._read_by(reader) as connection:
            rows = [dict(row) for row in connection.execute(newest).mappings()]
        last = rows[limit - 1] if len(rows) > limit else None
        return list(rows[:limit]), cursor_of(last["at"], last["id"]) if last else None

    def numbers(self, case_ids: Collection[str]) -> Mapping[str, str]:
        """The numbers of cases by their ids."""
        if not case_ids:
            return {}
        found = select(cases.c.id, cases.c.number).where(cases.c.id.in_(sorted(case_ids)))
        with reading(self._engine, ENGINE) as connection:
            return {row.id: row.number for row in connection.execute(found)}

    def case_of(self, number: str) -> str | None:
        """The case of a number, whoever may see it."""
        with reading(self._engine, ENGINE) as connection:
            return connection.scalar(select(cases.c.id).where(cases.c.number == number))

    def told(self, reader: Actor) -> Attested | None:
        """The checkpoint that the reader was told of last."""
        mine = notices.c.recipient["account_id"].astext == reader.account_id
        found = select(notices.c.checkpoint).where(notices.c.kind == NoticeKind.CHECKPOINT.value, mine)
        with reading(self._engine, ENGINE) as connection:
            last = connection.scalar(found.order_by(notices.c.created_at.desc()).limit(1))
        return Attested.model_validate(last) if last else None

    def head(self) -> AccessHead:
        """How far the chain of the access log has come."""
        with reading(self._engine, ENGINE) as connection:
            row = connection.execute(HEAD).one_or_none()
        return AccessHead(sequence=row.sequence, digest=row.digest) if row else AccessHead()


def _values(sight: Sight) -> dict[str, Any]:
    return {
        "at": sight.at,
        "account_id": sight.actor.account_id,
        "role": sight.actor.role.value,
        "agency_id": sight.actor.agency_id,
        "thing": sight.thing,
        "kind": sight.kind.value,
        "case_ids": list(sight.case_ids),
        "subject_id": sight.subject_id,
        "ground": sight.ground,
    }


def _columns(reader: Actor) -> list[ColumnElement[Any]]:
    own = [each for each in access_log.c if each is not access_log.c.case_ids]
    if reader.role is Role.AUDITOR:
        return [*own, access_log.c.case_ids]
    theirs = select(cases.c.id).where(*_its_cases(reader)).correlate(access_log)
    return [*own, func.array(theirs.scalar_subquery()).label("case_ids")]


def _wanted(reader: Actor, query: SightQuery) -> list[ColumnElement[bool]]:
    wanted = [_not_of_excluded(reader) if reader.role is Role.AUDITOR else _of_office(reader)]
    if query.case_id is not None:
        wanted.append(access_log.c.case_ids.contains([query.case_id]))
    if query.account_id is not None:
        wanted.append(access_log.c.account_id == query.account_id)
    if query.since is not None:
        wanted.append(access_log.c.at >= query.since)
    if query.until is not None:
        wanted.append(access_log.c.at < query.until)
    if query.kind is not None:
        wanted.append(access_log.c.kind == query.kind.value)
    return wanted


def _of_office(reader: Actor) -> ColumnElement[bool]:
    its = exists().where(*_its_cases(reader)).correlate(access_log)
    refused = and_(access_log.c.kind == SightKind.REFUSED.value, access_log.c.agency_id == reader.agency_id)
    return or_(its, refused)


def _its_cases(reader: Actor) -> tuple[ColumnElement[bool], ...]:
    own = cases.c.agency_id == reader.agency_id
    return cases.c.id == func.any(access_log.c.case_ids), own, not_excluded(reader, cases.c.id)


def _not_of_excluded(reader: Actor) -> ColumnElement[bool]:
    shut: ColumnElement[bool] = access_log.c.case_ids.overlap(excluded_from(reader))
    return ~shut
