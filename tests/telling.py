"""What a case told by itself, and whom: read from what was recorded, for the tests of ladders and what moves them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from casework import commands as c
from casework.events import Recording
from casework.models.notice import Recipient
from casework.models.people import ENGINE
from casework.models.state import Deadline
from tests.play import SUPERVISOR, Play

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
CASES, OFFICERS = "caseworker", "rsud-muaradua"
OURS, HEADS, COORDINATOR = "supervisor@dinas-pppappkb", "head@dinas-pppappkb", "coordinator@setda-asisten-1"
GIVEN = {"facts": {"agency_gives_service": True}, "consent": {"given_by": "self"}}
Climb = list[tuple[float, list[str]]]


def by_itself(recordings: Iterable[Recording]) -> list[tuple[Recording, c.Lapse]]:
    """What a case did by itself, with what it says of it."""
    own = (each for each in recordings if each.event.actor.account_id == ENGINE)
    return [(each, c.Lapse.model_validate(each.event.body)) for each in own]


def name(to: Recipient) -> str:
    """A recipient in one word."""
    return to.account_id or (f"{to.role}@{to.agency_id}" if to.role else str(to.agency_id))


def told(recording: Recording) -> list[str]:
    """Whom a recording tells."""
    return [name(notice.recipient) for notice in recording.notices]


def climb(recordings: list[Recording], deadline: Deadline, due: datetime | None = None) -> Climb:
    """What one deadline did by itself: in days from its due time, and who was told."""
    own = [recording for recording, lapse in by_itself(recordings) if lapse.deadline_id == deadline.id]
    since = due or deadline.due_at
    return [((recording.event.at - since) / DAY, told(recording)) for recording in own]


def waits(play: Play, kind: str, days: float = 100) -> Climb:
    """What the deadline of a kind does by itself in so many days."""
    return climb(play.wait(play.now + days * DAY), only(play, kind))


def kinds(recordings: list[Recording], kind: str) -> list[str]:
    """The steps of the deadlines of a kind, in order."""
    return [lapse.action for _, lapse in by_itself(recordings) if lapse.kind == kind]


def hold(play: Play, *kinds: str, days: float = 2, **more: Any) -> str:
    """A hold on the running clocks of these kinds; its id."""
    ids = [deadline.id for kind in kinds for deadline in play.running(kind)]
    body = {"deadline_ids": ids, "reason": "Klien dirawat.", "until": play.now + days * DAY}
    return play.do(c.HoldClock, SUPERVISOR, **{**body, **more})


def only(play: Play, kind: str) -> Deadline:
    """The running clock of a kind."""
    [deadline] = play.running(kind)
    return deadline
