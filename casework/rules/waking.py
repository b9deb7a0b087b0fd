"""When a case's one timer rings, and when it is worth setting anew: each event counts against a year's thousand."""

from datetime import datetime, timedelta

from casework.models.base import Model

LONGEST_SLEEP = timedelta(days=14)
"""A case that sleeps wakes at least so often: it then runs on the code of today."""
SETTLED = timedelta(hours=1)
"""A timer younger than this is left to ring in vain: steps come in bursts, and each would move it again."""
SOONEST = timedelta(seconds=1)


class Ring(Model):
    """A timer under way: since when, until when, and for which instant of the case, if for one."""

    set_at: datetime
    rings_at: datetime
    wanted_at: datetime | None


def ring(at: datetime | None, now: datetime) -> Ring:
    """The timer for an instant, or for the longest sleep where that is sooner."""
    longest = now + LONGEST_SLEEP
    if at is None or at > longest:
        return Ring(set_at=now, rings_at=longest, wanted_at=None)
    return Ring(set_at=now, rings_at=max(at, now + SOONEST), wanted_at=at)


def stands(under_way: Ring, at: datetime | None, now: datetime) -> bool:
    """Whether a timer under way will do for an instant.

    An earlier one never waits. For a later one it is set anew once it has settled: that costs two events, to ring in
    vain five. A sleep that ends before is sleep enough.
    """
    if at is not None and at < under_way.rings_at:
        return at == under_way.wanted_at
    sleeps = under_way.wanted_at is None
    return sleeps or at == under_way.wanted_at or now - under_way.set_at < SETTLED
