"""The clock of a case: many deadlines, one timer."""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from casework.rules.waking import Ring, ring, stands


class Alarm:
    """One timer; `casework.rules.waking` says when it is set anew."""

    def __init__(self) -> None:
        self._timer: asyncio.Task[None] | None = None
        self._ring: Ring | None = None

    @property
    def rings(self) -> bool:
        """Whether its time has come."""
        return self._timer is not None and self._timer.done()

    def set(self, at: datetime | None, now: datetime) -> None:
        """Ring at an instant, or after the longest sleep where that is sooner."""
        if self._timer and self._ring and not self._timer.done():
            if stands(self._ring, at, now):
                return
            self._timer.cancel()
        self._ring = ring(at, now)
        self._timer = asyncio.create_task(_sleep(self._ring.rings_at - now))


async def _sleep(span: timedelta) -> None:
    await workflow.sleep(span, summary="next deadline")
