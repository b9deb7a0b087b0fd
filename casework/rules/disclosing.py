"""Need to know: what an agency is shown of a case because it was referred or notified, and until when."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from casework.models.base import Id
from casework.models.codes import NotificationKind, Part, ReferralStatus
from casework.models.notice import NoticeKind, Recipient
from casework.models.pathway import Length
from casework.models.state import CaseState, Referral
from casework.rules.clocks import due_at
from casework.rules.step import Told

WORKING = frozenset({ReferralStatus.SENT, ReferralStatus.ACKNOWLEDGED, ReferralStatus.ACCEPTED})
"""While a referral stands so, its receiver sees what it discloses."""
Row = Mapping[str, Any]


def discloses(referral: Row, now: datetime) -> bool:
    """Whether the receiver of a referral sees its parts now: while it works on it, and so long after its result."""
    until = referral["disclosed_until"]
    if referral["status"] == ReferralStatus.COMPLETED:
        return until is not None and now < until
    return referral["status"] in WORKING


def tells(notification: Row, now: datetime) -> bool:
    """Whether who was told by law sees the parts now: until the receipt, and so long after it."""
    if notification["received_at"] is None:
        return True
    until = notification["disclosed_until"]
    return until is not None and now < until


def shown_until(state: CaseState, referral: Referral, at: datetime) -> datetime:
    """Until when a referral with its result shows what it disclosed: the shortest that a pathway of the case says."""
    return _first(state, state.pinned.disclosed_after(referral.service), at)


def told_until(state: CaseState, kind: NotificationKind, at: datetime) -> datetime:
    """Until when a notification that was received shows its parts."""
    return _first(state, (telling.after for telling in state.pinned.tellings(kind)), at)


def parts_told(state: CaseState, kind: NotificationKind) -> tuple[Part, ...]:
    """The parts that a notification shows: those that every pathway of the case names."""
    named = [telling.discloses for telling in state.pinned.tellings(kind)]
    return tuple(part for part in Part if named and all(part in parts for parts in named))


def shown_after(state: CaseState, now: datetime, agency_id: Id | None = None) -> tuple[Referral, ...]:
    """The referrals on consent, of all agencies or one, that have their result and still show what they disclosed."""
    own = (r for r in state.referrals.values() if agency_id in (None, r.agency_id))
    return tuple(r for r in own if r.override_ground is None and shows_after(r, now))


def closed(state: CaseState, referrals: Iterable[Referral]) -> tuple[CaseState, tuple[Told, ...]]:
    """The state in which these referrals, which have their result, show nothing any more, and whom to tell."""
    # Not until now, but never: the clock of who reads may be behind.
    shut = {r.id: r.model_copy(update={"disclosed_until": None, "revision": r.revision + 1}) for r in referrals}
    told = (Told(NoticeKind.DISCLOSURE_ENDED, Recipient(agency_id=r.agency_id), r.id) for r in shut.values())
    return state.model_copy(update={"referrals": {**state.referrals, **shut}}), tuple(told)


def shows_after(referral: Referral, now: datetime) -> bool:
    """Whether it has its result and still shows what it disclosed."""
    until = referral.disclosed_until
    return referral.status is ReferralStatus.COMPLETED and until is not None and now < until


def _first(state: CaseState, lengths: Iterable[Length], at: datetime) -> datetime:
    """The end of the shortest; at once where no pathway says anything: none was pinned that did."""
    return min((due_at(at, each.clock, each.units, state.calendar) for each in lengths), default=at)
