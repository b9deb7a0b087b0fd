"""How long who has failed must wait before trying again: longer each time, never for ever, and nobody else for it.

Tries that are refused while one waits count for nothing, so a wait ends by itself however hard somebody knocks.
"""

from datetime import datetime, timedelta

from casework.models.base import Instant, Model


class Limit(Model):
    """So many failures are `free`; then each is waited for, twice as long as the one before, up to the `longest`.

    What is `forgotten` after is time without a failure.
    """

    free: int
    first: timedelta
    longest: timedelta
    forgotten: timedelta


class Tries(Model):
    """What has failed so far."""

    failures: int = 0
    last_at: Instant


FROM_ONE_PLACE = Limit(free=5, first=timedelta(seconds=1), longest=timedelta(minutes=15), forgotten=timedelta(hours=24))
"""One account from one address: what a person who mistypes meets, and whoever guesses from there."""

OF_ONE_ACCOUNT = Limit(free=10, first=timedelta(seconds=1), longest=timedelta(minutes=5), forgotten=timedelta(hours=24))
"""One account from all addresses together. Who has signed in from theirs before does not wait for it."""

OF_ONE_ADDRESS = Limit(
    free=30, first=timedelta(seconds=2), longest=timedelta(seconds=2), forgotten=timedelta(minutes=15)
)
"""All accounts from one address, which a whole office may share: seldom, but always soon again."""

FORMS = Limit(free=10, first=timedelta(minutes=1), longest=timedelta(minutes=1), forgotten=timedelta(hours=1))
"""A form that needs no account, from one address; each sending counts."""

PUBLIC = Limit(free=20, first=timedelta(minutes=1), longest=timedelta(minutes=1), forgotten=timedelta(hours=1))
"""Reports of the public from one address, which everybody behind a telephone mast may share."""

ALL_PUBLIC = Limit(free=300, first=timedelta(seconds=2), longest=timedelta(seconds=2), forgotten=timedelta(minutes=10))
"""Reports of the public from everywhere together: what a flood may put into the database. It is soon over for each."""

COSTLY = Limit(free=9, first=timedelta(seconds=6), longest=timedelta(seconds=6), forgotten=timedelta(minutes=1))
"""What takes the machine about a second, by one account: ten a minute, however it goes about it."""

TOLD_AFTER = 11
"""Failures of one account, from wherever: with this one it has to be waited for, and its office is told."""


def opens_at(limit: Limit, tries: Tries, now: datetime) -> datetime:
    """When the next try is let through; now or earlier, where it is at once."""
    over = current(limit, tries, now).failures - limit.free
    if over <= 0:
        return now
    # Doubling without end would be a number nothing can hold.
    wait: timedelta = limit.first * 2 ** min(over - 1, 20)
    return tries.last_at + min(wait, limit.longest)


def current(limit: Limit, tries: Tries, now: datetime) -> Tries:
    """What of the tries still counts."""
    return Tries(last_at=now) if now - tries.last_at >= limit.forgotten else tries


def failed(limit: Limit, tries: Tries, now: datetime) -> Tries:
    """The tries with one more failure."""
    return Tries(failures=current(limit, tries, now).failures + 1, last_at=now)
