"""Whether something may be sent to a contact: where it is safe, confirmed lately, in its hours, and no suspect's.

What may not be used becomes a task; it is never used after all.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from casework.models.base import Codes
from casework.models.notice import Contact, Hours

CONFIRMED_FOR = timedelta(days=30)
"""After that somebody else may hold the telephone."""
OWN_SCREEN = "console"
"""The office's own channel: it reaches nobody's telephone or mailbox."""


class Unfit(Codes):
    """Why nothing is sent to a contact."""

    NOT_SAFE = "not_safe"
    SHARED = "shared_with_suspect"
    NOT_CONFIRMED = "not_confirmed"


def unfit(contact: Contact, now: datetime, *, shared: bool) -> Unfit | None:
    """Why nothing may be sent to a contact; None where something may be. `shared`: a suspect has the number."""
    if not contact.safe:
        return Unfit.NOT_SAFE
    if shared:
        return Unfit.SHARED
    confirmed = contact.confirmed_at
    if contact.medium != OWN_SCREEN and (confirmed is None or now - confirmed >= CONFIRMED_FOR):
        return Unfit.NOT_CONFIRMED
    return None


def opens_at(hours: Hours | None, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When the hours of a contact begin again; None where it may be used now. Hours may go over midnight."""
    if hours is None or _within(hours, now.astimezone(zone).time()):
        return None
    local = now.astimezone(zone)
    begins = datetime.combine(local.date(), hours.begins, tzinfo=zone)
    return begins if begins > local else datetime.combine(local.date() + timedelta(days=1), hours.begins, tzinfo=zone)


def _within(hours: Hours, at: time) -> bool:
    if hours.begins <= hours.ends:
        return hours.begins <= at < hours.ends
    return at >= hours.begins or at < hours.ends
