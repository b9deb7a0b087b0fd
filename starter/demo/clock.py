"""The one clock of a playing: it stands on the scenario's year and is moved from act to act."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

STRIDE = timedelta(days=1)
"""One call moves no further: it answers when all that fell due is recorded, and may not take longer than any call."""


@dataclass
class Clock:
    """The engine's clock, shifted to the scenario's year."""

    environment: WorkflowEnvironment
    shift: timedelta
    reads: datetime

    async def move_to(self, instant: datetime) -> None:
        """Let time pass until an instant; one already past is now. What falls due on the way happens on the way."""
        while (now := await self._now()) < instant:
            with suppress(RPCError):  # what was not moved is moved in the next round; the clock says how far it came
                await self.environment.sleep(min(instant - now, STRIDE))
        self.reads = max(instant, now)

    def now(self) -> datetime:
        """The clock port of the demonstration."""
        return self.reads + timedelta(seconds=30)

    async def _now(self) -> datetime:
        return await self.environment.get_current_time() + self.shift
