"""Reading referrals and mandatory notifications."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, Text, func, select

from casework.db.pages import newest_first
from casework.db.reader import SqlReader
from casework.db.tables import cases, notifications, referrals
from casework.db.visible import ground_of, notification_visible_to, referral_visible_to
from casework.models.people import Actor
from casework.rules.access import referral_shown


class ReferralReads(SqlReader):
    """What agencies were asked and told, as far as a reader may see it. Rows carry `case_number` and `ground`."""

    def referrals(self, reader: Actor, case_id: str) -> list[Mapping[str, Any]]:
        """The case's referrals that the reader may see, oldest first."""
        found = self._referrals(reader).where(referrals.c.case_id == case_id)
        return self._all(reader, found.order_by(referrals.c.asked_at, referrals.c.id))

    def referral(self, reader: Actor, referral_id: str) -> Mapping[str, Any] | None:
        """One referral, or None where the reader may not see it. A pending one is unseen by its agency."""
        return next(iter(self._all(reader, self._referrals(reader).where(referrals.c.id == referral_id))), None)

    def inbox(
        self, reader: Actor, agency_id: str | None, status: str | None, limit: int, cursor: str | None
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        """An agency's referrals, newest first; without an agency, all that the reader may see."""
        found = self._referrals(reader)
        if agency_id is not None:
            found = found.where(referrals.c.agency_id == agency_id)
        if status is not None:
            found = found.where(referrals.c.status == status)
        with self._read_by(reader) as connection:
            rows, following = newest_first(connection, found, referrals.c.asked_at, referrals.c.id, limit, cursor)
        return [referral_shown(reader, row) for row in rows], following

    def told(
        self, reader: Actor, agency_id: str | None, limit: int, cursor: str | None
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        """Mandatory notifications told to an agency, newest first; without one, all that the reader may see."""
        found = self._notifications(reader)
        if agency_id is not None:
            found = found.where(notifications.c.agency_id == agency_id)
        with self._read_by(reader) as connection:
            at, id_ = notifications.c.made_at, notifications.c.id
            rows, following = newest_first(connection, found, at, id_, limit, cursor)
        return [referral_shown(reader, row) for row in rows], following

    def notifications(self, reader: Actor, case_id: str) -> list[Mapping[str, Any]]:
        """The case's mandatory notifications that the reader may see, newest first."""
        found = self._notifications(reader).where(notifications.c.case_id == case_id)
        return self._all(reader, found.order_by(notifications.c.made_at.desc(), notifications.c.id))

    def notification(self, reader: Actor, notification_id: str) -> Mapping[str, Any] | None:
        """One mandatory notification, or None where the reader may not see it."""
        found = self._notifications(reader).where(notifications.c.id == notification_id)
        return next(iter(self._all(reader, found)), None)

    def _all(self, reader: Actor, found: Select[Any]) -> list[Mapping[str, Any]]:
        with self._read_by(reader) as connection:
            return [referral_shown(reader, dict(row)) for row in connection.execute(found).mappings()]

    def _referrals(self, reader: Actor) -> Select[Any]:
        now = self._now()
        both = referrals.outerjoin(cases, referrals.c.case_id == cases.c.id)
        columns = select(referrals, _number(referrals), ground_of(reader, now)).select_from(both)
        return columns.where(referral_visible_to(reader, now), _number(referrals).is_not(None))

    def _notifications(self, reader: Actor) -> Select[Any]:
        now = self._now()
        both = notifications.outerjoin(cases, notifications.c.case_id == cases.c.id)
        columns = select(notifications, _number(notifications), ground_of(reader, now)).select_from(both)
        return columns.where(notification_visible_to(reader, now), _number(notifications).is_not(None))


def _number(part: Table) -> ColumnElement[str]:
    # An agency knows the number of a case that it sees no longer, or never did: what it was sent names it.
    # A case that was erased has none: what was sent of it is gone with it.
    return func.number_of(part.c.case_id, type_=Text).label("case_number")
