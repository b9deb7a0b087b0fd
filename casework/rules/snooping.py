"""Who looks at more than work asks for: many cases in an hour, or one refusal after the other.

What counts once counts for a while; an account is in an episode for as long as too much counts at once.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

from casework.models.base import Instant, Model
from casework.models.notice import NoticeKind
from casework.models.people import Role
from casework.models.sight import OtherGround, Sight, SightKind

LISTS = frozenset(
    {
        *("home", "cases", "stalled", "stalled_rows", "stalled_events", "caseload", "break_glass"),
        *("reports_indicators", "reports_register", "figures", "figure", "register"),
    }
)
"""What shows a few facts of each case, also where it happens to have one only."""
NO_CURIOSITY = frozenset({OtherGround.AUDIT, OtherGround.COMMAND})
"""Watching over the logs, and the answer to one's own command."""
TOLD = {
    Role.CASEWORKER: (Role.SUPERVISOR, Role.HEAD, Role.AUDITOR),
    Role.SUPERVISOR: (Role.HEAD, Role.AUDITOR),
    Role.AUDITOR: (Role.HEAD, Role.AUDITOR),
}
"""Who hears of somebody of a role: the first of these that there is anybody of. Of every other role the auditors do."""
OTHERS = (Role.AUDITOR,)


class Measure(Model):
    """More than so many at once are too much; each counts for so long."""

    kind: NoticeKind
    most: int
    within: timedelta


CASES = Measure(kind=NoticeKind.MANY_CASES_SEEN, most=30, within=timedelta(hours=1))
REFUSALS = Measure(kind=NoticeKind.REFUSED_REPEATEDLY, most=4, within=timedelta(minutes=10))


class Episode(Model):
    """From when until when it was too much, as far as is known, and how many it came to at once."""

    kind: NoticeKind
    began_at: Instant
    until: Instant
    count: int


def episodes(sights: Iterable[Sight]) -> tuple[Episode, ...]:
    """The episodes of one account, by what it saw and was refused; of each kind the oldest first."""
    known = [sight for sight in sights if sight.ground not in NO_CURIOSITY]
    return (*stretches(CASES, _cases(known)), *stretches(REFUSALS, _refusals(known)))


def stretches(measure: Measure, moments: Iterable[tuple[datetime, str]]) -> list[Episode]:
    """The stretches of time in which more distinct things count than may; a thing is a moment and what it is of."""
    found: list[Episode] = []
    latest: dict[str, datetime] = {}
    for at, together in groupby(sorted(moments), key=itemgetter(0)):
        latest = {what: when for what, when in latest.items() if when > at - measure.within}
        latest.update((what, at) for _, what in together)
        if len(latest) > measure.most:
            ends = sorted(latest.values(), reverse=True)[measure.most] + measure.within
            _add(found, Episode(kind=measure.kind, began_at=at, until=ends, count=len(latest)))
    return found


def _add(found: list[Episode], more: Episode) -> None:
    """What begins before the last one has ended goes on with it."""
    if found and more.began_at <= found[-1].until:
        last = found.pop()
        more = more.model_copy(update={"began_at": last.began_at, "count": max(last.count, more.count)})
    found.append(more)


def _cases(sights: Iterable[Sight]) -> Iterator[tuple[datetime, str]]:
    for sight in sights:
        if sight.kind is SightKind.SHOWN and sight.thing not in LISTS:
            yield from ((sight.at, case_id) for case_id in sight.case_ids)


def _refusals(sights: Iterable[Sight]) -> Iterator[tuple[datetime, str]]:
    """Each counts, also of the same case."""
    refused = (sight for sight in sights if sight.kind is SightKind.REFUSED)
    yield from ((sight.at, str(number)) for number, sight in enumerate(refused))
