"""Notices that reached nobody and will not by themselves: shown to the office, queued again when it can help."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, exists, or_, select, update

from casework.db.presence import people_around, with_safe_contact
from casework.db.standing import LOST
from casework.db.tables import accounts, cases, notices, outreach
from casework.models.notice import NoticeKind, Recipient
from casework.rules.standing_in import reached

WANTING = ("no_contact", "not_safe", "not_confirmed", "shared_with_suspect", "medium_not_configured")
"""Why a notice was skipped that a contact entered or a channel set up since can carry. What a channel refused for good
or did not confirm is left to a person: it might be told twice."""

MENDABLE = or_(notices.c.state == "failed", and_(notices.c.state == "skipped", notices.c.last_error.in_(WANTING)))
TOLD_WITHIN = timedelta(days=14)
"""What was lost for longer is news no more: it is not queued again, and is let go once its recipient was told of
something later."""
OLDEST = (notices.c.created_at, notices.c.id)


def lost_of(connection: Connection, agency_id: str) -> list[Mapping[str, Any]]:
    """The lost notices on an office's cases and of its outreach, and its lost digests, oldest first."""
    members = select(accounts.c.id).where(accounts.c.agency_id == agency_id)
    to = notices.c.recipient
    to_office = or_(to["agency_id"].astext == agency_id, to["account_id"].astext.in_(members))
    of_outreach = notices.c.about_id.in_(select(outreach.c.id).where(outreach.c.agency_id == agency_id))
    of_office = or_(cases.c.agency_id == agency_id, and_(notices.c.case_id.is_(None), or_(to_office, of_outreach)))
    found = select(notices).select_from(notices.outerjoin(cases)).where(LOST, of_office)
    return [dict(row) for row in connection.execute(found.order_by(*OLDEST)).mappings()]


def queue_again(connection: Connection, now: datetime, limit: int) -> int:
    """Queue again what was lost and can reach a safe contact now, oldest first; how many. What is outdated is let go.

    Asked by recipient, of whom there are few: what cannot be mended never stands in the way of what can.
    """
    found = connection.scalars(select(notices.c.recipient).where(MENDABLE).distinct()).all()
    if found:
        _let_go(connection, now)
    lost = [(kept, Recipient.model_validate(kept)) for kept in found]
    people = people_around(connection, [recipient for _, recipient in lost], now) if lost else ()
    told = [(kept, reached(recipient, people)) for kept, recipient in lost]
    asked = {account_id for _, each in told for account_id in each}
    safe = with_safe_contact(connection, asked, now) if told else ()
    reachable = [kept for kept, each in told if not set(each).isdisjoint(safe)]
    if not reachable:
        return 0
    fresh = notices.c.created_at >= now - TOLD_WITHIN
    mine = notices.c.recipient.in_(reachable)
    oldest = select(notices.c.id).where(MENDABLE, fresh, mine).order_by(*OLDEST).limit(limit)
    mended = notices.c.id.in_(oldest.with_for_update(skip_locked=True))
    again = update(notices).where(mended).values(state="queued", attempts=0, next_try=None)
    return connection.execute(again).rowcount


def withdraw(connection: Connection, case_id: str) -> None:
    """Tell nobody any more of a case that was erased, but that it was: what a notice leads to is not there."""
    waits = notices.c.state.in_(("queued", "failed", "skipped"))
    mine = and_(notices.c.case_id == case_id, notices.c.kind != NoticeKind.CASE_ERASED.value, waits)
    connection.execute(update(notices).where(mine).values(state="outdated", next_try=None))


def _let_go(connection: Connection, now: datetime) -> None:
    later = notices.alias("later")
    reached_since = and_(
        later.c.state == "delivered",
        later.c.recipient == notices.c.recipient,
        later.c.created_at > notices.c.created_at,
    )
    old = and_(MENDABLE, notices.c.created_at < now - TOLD_WITHIN, exists().where(reached_since).correlate(notices))
    connection.execute(update(notices).where(old).values(state="outdated"))
