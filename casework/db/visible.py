"""Who sees which case, in SQL. `casework.rules.access` says the same in Python; a test holds both equal."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Label,
    Select,
    Text,
    all_,
    and_,
    any_,
    case,
    cast,
    exists,
    false,
    func,
    null,
    or_,
    select,
    true,
)

from casework.db.tables import break_glass, cases, exclusions, notifications, referrals, reservations
from casework.models.access import Ground
from casework.models.codes import ReferralStatus
from casework.models.people import DECIDING_ROLES, OFFICE_ROLES, Actor, Role

Now = datetime | ColumnElement[datetime]
_UNSEEN = (ReferralStatus.PENDING.value, ReferralStatus.REVOKED.value)
_OFFERED = frozenset({Ground.TRANSFER_OFFER})
_OF_OTHERS = _OFFERED | {Ground.BREAK_GLASS}
NOT_ERASED = cases.c.erased_at.is_(None)
"""Beside every rule of who sees what: of an erased case nobody sees anything but its skeleton."""


def visible_to(reader: Actor, now: Now) -> ColumnElement[bool]:
    """Which rows of `cases` a reader may know of."""
    return _seen(reader, now)


def own_visible_to(reader: Actor, now: Now) -> ColumnElement[bool]:
    """Which of them are of the reader's own office: what shows those of others is left out, for the planner's sake."""
    return and_(cases.c.agency_id == reader.agency_id, _seen(reader, now, _OF_OTHERS))


def parts_visible_to(reader: Actor, now: Now) -> ColumnElement[bool]:
    """Of which rows of `cases` a reader may know more than the row: not of those that are only offered."""
    return _seen(reader, now, _OFFERED)


def ground_of(reader: Actor, now: Now) -> Label[Any]:
    """On what ground a reader sees a row of `cases`, as `ground`; NULL where there is none."""
    found = [(seen, ground.value) for ground, seen in _grounds(reader, now)]
    return (case(*found) if found else cast(null(), Text)).label("ground")


def referral_visible_to(reader: Actor, now: Now) -> ColumnElement[bool]:
    """Which rows of `referrals` joined with `cases` a reader may see.

    A receiver sees what was sent to it, a revoked one too, so that nobody acts on it; one revoked while
    pending was never sent.
    """
    if reader.role is Role.AGENCY_OFFICER:
        sent = (referrals.c.status != ReferralStatus.PENDING.value) & referrals.c.sent_at.is_not(None)
        return and_(referrals.c.agency_id == reader.agency_id, sent, not_excluded(reader, referrals.c.case_id))
    return _office_or_coordinator(reader, now)


def notification_visible_to(reader: Actor, now: Now) -> ColumnElement[bool]:
    """Which rows of `notifications` joined with `cases` a reader may see: the office's, and who was told."""
    if reader.role is Role.AGENCY_OFFICER:
        return and_(notifications.c.agency_id == reader.agency_id, not_excluded(reader, notifications.c.case_id))
    return _office_or_coordinator(reader, now)


def reservation_visible_to(reader: Actor) -> ColumnElement[bool]:
    """Which rows of `reservations` a reader may know of: a report that waits has no caseworker yet."""
    own_office = (reservations.c.agency_id == reader.agency_id) & (true() if reader.role in DECIDING_ROLES else false())
    return or_(reservations.c.account_id == reader.account_id, own_office)


def glass_visible_to(reader: Actor) -> ColumnElement[bool]:
    """Which rows of `break_glass` joined with `cases` a reader may see: the own, and those the own office reviews."""
    mine = break_glass.c.account_id == reader.account_id
    return and_(or_(mine, _decided_by(reader)), not_excluded(reader, cases.c.id))


def exclusion_visible_to(reader: Actor) -> ColumnElement[bool]:
    """Which rows of `exclusions` joined with `cases` a reader may see: those of the office the reader decides in."""
    return _decided_by(reader) & not_excluded(reader, cases.c.id)


def not_excluded(reader: Actor, case_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether nobody has excluded the reader from a case."""
    return case_id != all_(excluded_from(reader))


def excluded_from(reader: Actor) -> ColumnElement[list[str]]:
    """The cases that the reader is excluded from."""
    mine = (exclusions.c.account_id == reader.account_id) & exclusions.c.lifted_at.is_(None)
    return _array(select(exclusions.c.case_id).where(mine))


def _array(found: Select[tuple[str]]) -> ColumnElement[list[str]]:
    # Read once a statement; of an array PostgreSQL also guesses well how few rows it means.
    return func.array(found.scalar_subquery(), type_=ARRAY(Text))


def _decided_by(reader: Actor) -> ColumnElement[bool]:
    return cases.c.agency_id == reader.agency_id if reader.role in DECIDING_ROLES else false()


def _office_or_coordinator(reader: Actor, now: Now) -> ColumnElement[bool]:
    return parts_visible_to(reader, now) if reader.role in {*OFFICE_ROLES, Role.COORDINATOR} else false()


def _seen(reader: Actor, now: Now, but: Collection[Ground] = ()) -> ColumnElement[bool]:
    found = [seen for ground, seen in _grounds(reader, now) if ground not in but]
    return and_(or_(*found), not_excluded(reader, cases.c.id)) if found else false()


def _grounds(reader: Actor, now: Now) -> list[tuple[Ground, ColumnElement[bool]]]:
    """Each way to see a row that a reader's role knows, the one that shows most first."""
    own_office = cases.c.agency_id == reader.agency_id
    opened = cases.c.opened_by == reader.account_id
    match reader.role:
        case Role.CASEWORKER:
            assigned = own_office & (cases.c.assigned_to == reader.account_id)
            unassigned_and_mine = and_(own_office, cases.c.assigned_to.is_(None), opened)
            return [(Ground.ASSIGNMENT, assigned), (Ground.OPENED_BY, unassigned_and_mine)]
        case Role.SUPERVISOR | Role.HEAD:
            offered = cases.c.transfer_to == reader.agency_id
            broken = (Ground.BREAK_GLASS, _broken(reader, now))
            return [(Ground.OWN_OFFICE, own_office), broken, (Ground.TRANSFER_OFFER, offered)]
        case Role.AGENCY_OFFICER:
            reported = cases.c.reported_by_agency == reader.agency_id
            return [(Ground.REPORTED_BY, reported), (Ground.REFERRAL, _asks(reader))]
        case Role.SYSTEM:
            return [(Ground.OPENED_BY, opened)]
        case Role.COORDINATOR:
            return [(Ground.COORDINATION, true())]
    return []


def _asks(reader: Actor) -> ColumnElement[bool]:
    asked = (referrals.c.agency_id == reader.agency_id) & referrals.c.status.not_in(_UNSEEN)
    return exists().where(referrals.c.case_id == cases.c.id, asked).correlate(cases)


def _broken(reader: Actor, now: Now) -> ColumnElement[bool]:
    mine = (break_glass.c.account_id == reader.account_id) & (break_glass.c.until > now)
    return cases.c.id == any_(_array(select(break_glass.c.case_id).where(mine)))
