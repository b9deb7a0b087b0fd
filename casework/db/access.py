"""Broken glass and exclusions: who sees a case beyond its row for an hour, and who never does."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from casework.db.caller import ENGINE
from casework.db.notices import queue
from casework.db.pages import newest_first
from casework.db.reader import SqlReader
from casework.db.repeats import first
from casework.db.rows import values_of
from casework.db.session import reading, writing
from casework.db.tables import accounts, break_glass, cases, documents, exclusions
from casework.db.visible import NOT_ERASED, exclusion_visible_to, glass_visible_to, ground_of, not_excluded
from casework.models.access import BrokenGlass, Exclusion
from casework.models.notice import Notice
from casework.models.people import DECIDING_ROLES, Actor
from casework.ports import Keyed

STANDS = exclusions.c.lifted_at.is_(None)


class SqlAccess(SqlReader):
    """Keeps the promises of `ports.Access`."""

    def behind_glass(self, actor: Actor, number: str, now: datetime) -> Mapping[str, Any] | None:
        """The `id`, `number` and `agency_id` of a case that nobody excludes the actor from, and the `ground` on which
        it is seen already; None for any other."""
        columns = (cases.c.id, cases.c.number, cases.c.agency_id, ground_of(actor, now))
        found = select(*columns).where(cases.c.number == number, NOT_ERASED, not_excluded(actor, cases.c.id))
        with reading(self._engine, ENGINE) as connection:
            row = connection.execute(found).mappings().one_or_none()
        return dict(row) if row else None

    def break_glass(self, broken: BrokenGlass, told: Collection[Notice], command: Keyed) -> BrokenGlass:
        """Keep it with its reason and queue its notices, at once; where glass of the case runs already, that.

        A repeat of the command changes nothing and gives what it gave.
        """
        mine = (break_glass.c.account_id == broken.account_id) & (break_glass.c.case_id == broken.case_id)
        with writing(self._engine, ENGINE) as connection:
            # Of two that break at once, the second waits here and finds the first.
            connection.execute(select(accounts.c.id).where(accounts.c.id == broken.account_id).with_for_update())
            if first(connection, command, broken.begun_at):
                mine &= break_glass.c.until > broken.begun_at
            if earlier := _last(connection, _glass().where(mine).order_by(break_glass.c.begun_at.desc())):
                return BrokenGlass.model_validate(earlier)
            kept = update(documents).where(documents.c.id == broken.reason_document_id).values(state="kept")
            connection.execute(kept)
            values = values_of(broken)
            connection.execute(insert(break_glass).values({c.name: values[c.name] for c in break_glass.c}))
            queue(connection, tuple(told))
        return broken

    def broken(
        self, reader: Actor, reviewed: bool | None, limit: int, cursor: str | None
    ) -> tuple[list[BrokenGlass], str | None]:
        """What the reader broke, and what was broken of the cases whose office the reader decides in; newest first."""
        found = _glass().where(glass_visible_to(reader))
        if reviewed is not None:
            reviewed_at = break_glass.c.reviewed_at
            found = found.where(reviewed_at.is_not(None) if reviewed else reviewed_at.is_(None))
        with self._read_by(reader) as connection:
            rows, following = newest_first(connection, found, break_glass.c.begun_at, break_glass.c.id, limit, cursor)
        return [BrokenGlass.model_validate(row) for row in rows], following

    def broken_one(self, reader: Actor, glass_id: str) -> BrokenGlass | None:
        """One of them."""
        found = _glass().where(glass_visible_to(reader), break_glass.c.id == glass_id)
        with self._read_by(reader) as connection:
            row = connection.execute(found).mappings().one_or_none()
        return BrokenGlass.model_validate(dict(row)) if row else None

    def review(self, reviewed: BrokenGlass, command: Keyed) -> bool:
        """Keep what a review came to; False where another reviewed it before."""
        waits = (break_glass.c.id == reviewed.id) & break_glass.c.reviewed_at.is_(None)
        review = {name: getattr(reviewed, name) for name in ("reviewed_at", "reviewed_by", "justified")}
        with writing(self._engine, ENGINE) as connection:
            repeat = not first(connection, command, reviewed.reviewed_at or reviewed.begun_at)
            return repeat or connection.execute(update(break_glass).where(waits).values(review)).rowcount == 1

    def exclude(
        self, exclusion: Exclusion, agency_id: str, told: Collection[Notice], command: Keyed
    ) -> Exclusion | None:
        """Keep it and queue its notices, at once; where one stands already, that. None, and nothing, where nobody
        would be left to decide in the office of the case.

        A repeat of the command changes nothing and gives what it gave.
        """
        mine = (exclusions.c.case_id == exclusion.case_id) & (exclusions.c.account_id == exclusion.account_id)
        with writing(self._engine, ENGINE) as connection:
            # Of two that exclude at once from the same case, the second counts without whom the first took out.
            case = select(cases.c.id).where(cases.c.id == exclusion.case_id)
            connection.execute(case.with_for_update(key_share=True))
            if first(connection, command, exclusion.excluded_at):
                mine &= STANDS
            if earlier := _last(connection, select(exclusions).where(mine).order_by(exclusions.c.excluded_at.desc())):
                return Exclusion.model_validate(earlier)
            connection.execute(insert(exclusions).values(values_of(exclusion)))
            if not connection.scalar(select(_somebody_decides(exclusion.case_id, agency_id))):
                connection.rollback()
                return None
            queue(connection, tuple(told))
        return exclusion

    def lift(self, lifted: Exclusion, command: Keyed) -> bool:
        """End an exclusion; False where another lifted it before."""
        ending = update(exclusions).where(exclusions.c.id == lifted.id, STANDS)
        ending = ending.values(lifted_by=lifted.lifted_by, lifted_at=lifted.lifted_at)
        with writing(self._engine, ENGINE) as connection:
            repeat = not first(connection, command, lifted.lifted_at or lifted.excluded_at)
            return repeat or connection.execute(ending).rowcount == 1

    def exclusions(self, reader: Actor, case_id: str) -> list[Exclusion]:
        """Who is or was excluded from a case, for who decides in its office, oldest first."""
        found = select(exclusions).join(cases).where(exclusions.c.case_id == case_id, exclusion_visible_to(reader))
        with self._read_by(reader) as connection:
            rows = connection.execute(found.order_by(exclusions.c.excluded_at, exclusions.c.id)).mappings()
            return [Exclusion.model_validate(dict(row)) for row in rows]

    def is_excluded(self, case_id: str, account_id: str) -> bool:
        """Whether an account is excluded from a case."""
        mine = (exclusions.c.case_id == case_id) & (exclusions.c.account_id == account_id)
        with reading(self._engine, ENGINE) as connection:
            return bool(connection.scalar(select(exists().where(mine, STANDS))))


def exclude_related(connection: Connection, related: Collection[Exclusion], agency_id: str) -> None:
    """Keep exclusions with the command they follow from, one by one; none that would leave nobody to decide there:
    the office is told of it all the same."""
    for exclusion in related:
        attempt = connection.begin_nested()
        connection.execute(insert(exclusions).on_conflict_do_nothing(), values_of(exclusion))
        left = or_(_somebody_decides(exclusion.case_id, agency_id), ~_decides(exclusion.account_id, agency_id))
        if connection.scalar(select(left)):
            attempt.commit()
        else:
            attempt.rollback()


def _glass() -> Select[Any]:
    return select(break_glass, cases.c.number.label("case_number")).join(cases)


def _last(connection: Connection, found: Select[Any]) -> dict[str, Any] | None:
    row = connection.execute(found.limit(1)).mappings().one_or_none()
    return dict(row) if row else None


def _decides(account_id: str, agency_id: str) -> ColumnElement[bool]:
    roles = [role.value for role in DECIDING_ROLES]
    mine = (accounts.c.id == account_id) & (accounts.c.agency_id == agency_id)
    return exists().where(mine, accounts.c.role.in_(roles))


def _somebody_decides(case_id: str, agency_id: str) -> ColumnElement[bool]:
    excluded = select(exclusions.c.account_id).where(exclusions.c.case_id == case_id, STANDS)
    roles = [role.value for role in DECIDING_ROLES]
    return exists().where(
        accounts.c.agency_id == agency_id,
        accounts.c.role.in_(roles),
        ~accounts.c.disabled,
        accounts.c.id.not_in(excluded),
    )
