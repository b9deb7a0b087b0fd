"""The clock of a case: many deadlines, one timer."""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow

LONGEST_SLEEP = timedelta(days=14)
"""A case that sleeps wakes at least so often: it then runs on the code of today."""


class Alarm:
    """One timer, armed anew only for an earlier instant: a later one lets it ring in vain, which costs less."""

    def __init__(self) -> None:
        self._timer: asyncio.Task[None] | None = None
        self._at: datetime | None = None

    @property
    def rings(self) -> bool:
        """Whether its time has come."""
        return self._timer is not None and self._timer.done()

    def set(self, at: datetime | None, now: datetime) -> None:
        """Ring at an instant, or after the longest sleep where that is sooner."""
        wanted = min(at or now + LONGEST_SLEEP, now + LONGEST_SLEEP)
        if self._timer and not self._timer.done():
            if self._at is not None and self._at <= wanted:
                return
            self._timer.cancel()
        self._at = wanted
        self._timer = asyncio.create_task(_sleep(wanted - now))


async def _sleep(span: timedelta) -> None:
    await workflow.sleep(max(span, timedelta(seconds=1)), summary="next deadline")
