"""Who sees which case, in SQL. `casework.rules.access` says the same in Python; a test holds both equal."""

from typing import Any

from sqlalchemy import ColumnElement, Label, Text, and_, case, cast, exists, false, null, or_, true

from casework.db.tables import cases, notifications, referrals, reservations
from casework.models.access import Ground
from casework.models.codes import ReferralStatus
from casework.models.people import DECIDING_ROLES, OFFICE_ROLES, Actor, Role

_UNSEEN = (ReferralStatus.PENDING.value, ReferralStatus.REVOKED.value)


def visible_to(reader: Actor) -> ColumnElement[bool]:
    """Which rows of `cases` a reader may know of."""
    return or_(false(), *(seen for seen, _ in _grounds(reader)))


def ground_of(reader: Actor) -> Label[Any]:
    """On what ground a reader sees a row of `cases`, as `ground`; NULL where there is none."""
    found = [(seen, ground.value) for seen, ground in _grounds(reader)]
    return (case(*found) if found else cast(null(), Text)).label("ground")


def _grounds(reader: Actor) -> list[tuple[ColumnElement[bool], Ground]]:
    """Each way to see a row that a reader's role knows, the strongest first."""
    own_office = cases.c.agency_id == reader.agency_id
    opened = cases.c.opened_by == reader.account_id
    match reader.role:
        case Role.CASEWORKER:
            assigned = own_office & (cases.c.assigned_to == reader.account_id)
            unassigned_and_mine = and_(own_office, cases.c.assigned_to.is_(None), opened)
            return [(assigned, Ground.ASSIGNMENT), (unassigned_and_mine, Ground.OPENED_BY)]
        case Role.SUPERVISOR | Role.HEAD:
            return [(own_office, Ground.OWN_OFFICE)]
        case Role.AGENCY_OFFICER:
            reported = cases.c.reported_by_agency == reader.agency_id
            return [(reported, Ground.REPORTED_BY), (_asks(reader), Ground.REFERRAL)]
        case Role.SYSTEM:
            return [(opened, Ground.OPENED_BY)]
        case Role.COORDINATOR:
            return [(true(), Ground.COORDINATION)]
    return []


def _asks(reader: Actor) -> ColumnElement[bool]:
    asked = (referrals.c.agency_id == reader.agency_id) & referrals.c.status.not_in(_UNSEEN)
    return exists().where(referrals.c.case_id == cases.c.id, asked).correlate(cases)


def referral_visible_to(reader: Actor) -> ColumnElement[bool]:
    """Which rows of `referrals` joined with `cases` a reader may see.

    A receiver sees what was sent to it, a revoked one too, so that nobody acts on it; one revoked while
    pending was never sent.
    """
    if reader.role is Role.AGENCY_OFFICER:
        sent = (referrals.c.status != ReferralStatus.PENDING.value) & referrals.c.sent_at.is_not(None)
        return and_(referrals.c.agency_id == reader.agency_id, sent)
    return _office_or_coordinator(reader)


def notification_visible_to(reader: Actor) -> ColumnElement[bool]:
    """Which rows of `notifications` joined with `cases` a reader may see: the office's, and who was told."""
    if reader.role is Role.AGENCY_OFFICER:
        return notifications.c.agency_id == reader.agency_id
    return _office_or_coordinator(reader)


def reservation_visible_to(reader: Actor) -> ColumnElement[bool]:
    """Which rows of `reservations` a reader may know of: a report that waits has no caseworker yet."""
    own_office = (reservations.c.agency_id == reader.agency_id) & (true() if reader.role in DECIDING_ROLES else false())
    return or_(reservations.c.account_id == reader.account_id, own_office)


def _office_or_coordinator(reader: Actor) -> ColumnElement[bool]:
    return visible_to(reader) if reader.role in {*OFFICE_ROLES, Role.COORDINATOR} else false()
