"""Reports of the public: taken once, read by their office, decided about once, and forgotten when they are settled."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, false, func, or_, select, true, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from casework.db.caller import ENGINE
from casework.db.pages import MOST, cursor_of, newest_first, place_of
from casework.db.reader import SqlReader
from casework.db.session import reading, writing
from casework.db.tables import cases, public_reports
from casework.db.visible import not_excluded
from casework.errors import AlreadyDecidedError, IdempotencyKeyReusedError
from casework.models.people import OFFICE_ROLES, Actor
from casework.models.public_report import Decision, Outcome, Taken

P = public_reports.c
WAITS = P.outcome.is_(None)
UNDONE = or_(WAITS, and_(P.outcome == Outcome.ADDED.value, P.settled_at.is_(None)))
"""Nobody has decided, or the case that it is to be added to does not have it yet."""
UNLISTED = ("sealed", "reason", "sent_as", "decided_under", "decided_digest", "told", "next_at")
LISTED = tuple(column for column in P if column.name not in UNLISTED)
OWED = (Outcome.OPENED.value, Outcome.ADDED.value)
DECIDED = ("outcome", "decided_at", "decided_by", "decided_role", "decided_under", "decided_digest")
ANEW: dict[str, Any] = dict.fromkeys((*DECIDED, "case_id"))
Row = Mapping[str, Any]


class SqlPublicReports(SqlReader):
    """Keeps the promises of `ports.PublicReports`."""

    def number_of(self, sent_as: str) -> str | None:
        """The number that was given for a form when it was first sent."""
        with reading(self._engine, ENGINE) as connection:
            return connection.scalar(select(P.number).where(P.sent_as == sent_as))

    def take(self, report: Taken) -> str | None:
        """Keep a report: its number, or that of the first of its repeats; None where the number was given before."""
        values = {**report.model_dump(), "next_at": report.taken_at}
        new = insert(public_reports).values(values).on_conflict_do_nothing().returning(P.number)
        with writing(self._engine, ENGINE) as connection:
            if kept := connection.scalar(new):
                return str(kept)
            return connection.scalar(select(P.number).where(P.sent_as == report.sent_as))

    def page(
        self, reader: Actor, *, waiting: bool, limit: int, cursor: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Those of the reader's office: what waits by how long it has, what is decided newest first."""
        found = select(*LISTED).where(_own(reader), UNDONE if waiting else ~UNDONE)
        with self._read_by(reader) as connection:
            if not waiting:
                return newest_first(connection, found, P.taken_at, P.id, limit, cursor)
            limit = max(1, min(limit, MOST))
            if cursor is not None:
                found = found.where(tuple_(P.taken_at, P.id) > tuple_(*place_of(cursor, datetime, str)))
            ordered = found.order_by(P.taken_at, P.id).limit(limit + 1)
            rows = [dict(row) for row in connection.execute(ordered).mappings()]
        last = rows[limit - 1] if len(rows) > limit else None
        return rows[:limit], cursor_of(last["taken_at"], last["id"]) if last else None

    def one(self, reader: Actor, report_id: str) -> Row | None:
        """One of the reader's office, with what is sealed of it."""
        found = select(*LISTED, P.sealed, P.reason, P.decided_under, P.decided_digest).where(
            P.id == report_id, _own(reader)
        )
        with self._read_by(reader) as connection:
            row = connection.execute(found).mappings().one_or_none()
        return dict(row) if row else None

    def counts(self, reader: Actor, now: datetime) -> tuple[int, int]:
        """How many wait in the reader's office, and how many of them too long."""
        counted = select(func.count(), func.count().filter(P.due_at < now)).where(_own(reader), UNDONE)
        with self._read_by(reader) as connection:
            waiting, late = connection.execute(counted).one()
        return int(waiting), int(late)

    def decide(self, decision: Decision) -> None:
        """Keep what was decided; a repeat of the command changes nothing. Raises AlreadyDecidedError after another."""
        with writing(self._engine, ENGINE) as connection:
            decide(connection, decision)

    def undo(self, report_id: str) -> None:
        """The case did not take what was to be added: the report waits as it did before."""
        added = (P.id == report_id) & (P.outcome == Outcome.ADDED.value) & P.settled_at.is_(None)
        with writing(self._engine, ENGINE) as connection:
            connection.execute(update(public_reports).where(added).values(**ANEW, new_incident=False))

    def owed(self, report_id: str | None = None, limit: int = 50) -> Sequence[Row]:
        """Decided, and still to be done: what is to be added to a case, and what became one that has begun.

        Of one report, or the oldest of all.
        """
        began = or_(P.outcome == Outcome.ADDED.value, exists().where(cases.c.id == P.case_id))
        mine = P.id == report_id if report_id else true()
        found = select(*P).where(P.outcome.in_(OWED), P.settled_at.is_(None), began, mine)
        with reading(self._engine, ENGINE) as connection:
            return [dict(row) for row in connection.execute(found.order_by(P.decided_at).limit(limit)).mappings()]

    def past(self, before: datetime, limit: int = 50) -> Sequence[str]:
        """What was closed as not confirmed before an instant, and can still be read."""
        closed = (P.outcome == Outcome.NOT_CONFIRMED.value) & P.settled_at.is_(None) & (P.decided_at < before)
        with reading(self._engine, ENGINE) as connection:
            return list(connection.scalars(select(P.id).where(closed).order_by(P.decided_at).limit(limit)))

    def settle(self, report_id: str, now: datetime) -> None:
        """Forget what a report said; its key is gone before."""
        mine = (P.id == report_id) & ~WAITS & P.settled_at.is_(None)
        with writing(self._engine, ENGINE) as connection:
            forgotten = {"sealed": None, "reason": None, "settled_at": now}
            connection.execute(update(public_reports).where(mine).values(**forgotten))


def decide(connection: Connection, decision: Decision) -> None:
    """Keep a decision in the transaction that is under way; a repeat of its command changes nothing.

    Raises AlreadyDecidedError where there is another, IdempotencyKeyReusedError where its key said something else.
    """
    before = connection.execute(select(P.id, P.decided_digest).where(P.decided_under == decision.under)).one_or_none()
    if before is not None:
        if before.decided_digest != decision.digest:
            raise IdempotencyKeyReusedError("This key was used for another request.")
        return
    values = {
        "outcome": decision.outcome.value,
        "decided_at": decision.at,
        "decided_by": decision.by.account_id,
        "decided_role": decision.by.role.value,
        "decided_under": decision.under,
        "decided_digest": decision.digest,
        "case_id": decision.case_id,
        "new_incident": decision.new_incident,
        "reason": decision.reason,
    }
    mine = (P.id == decision.report_id) & (P.agency_id == decision.by.agency_id) & WAITS
    if not connection.scalar(update(public_reports).where(mine).values(values).returning(P.id)):
        raise AlreadyDecidedError("Somebody has decided about this report already; look at it again.")


def _own(reader: Actor) -> ColumnElement[bool]:
    """The office's; not where it is part of a case from which the reader is excluded."""
    if reader.role not in OFFICE_ROLES:
        return false()
    return (P.agency_id == reader.agency_id) & or_(P.case_id.is_(None), not_excluded(reader, P.case_id))
