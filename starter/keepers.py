"""Keepers: what a process does again and again beside its tasks, for as long as it lives."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from casework.errors import CaseworkError

log = structlog.get_logger()


@dataclass(frozen=True)
class Keeper:
    """A step, and how long after its end it is done again."""

    name: str
    seconds: float
    step: Callable[[], Awaitable[None]]

    async def keep(self) -> None:
        """Do it for ever, at once for the first time; one that fails is done again at its next time."""
        while True:
            try:
                await self.step()
            except CaseworkError as error:
                log.warning("keeper_waits", keeper=self.name, code=error.code)
            except Exception as error:  # noqa: BLE001  whatever it is, the next time may go well
                log.error("keeper_failed", keeper=self.name, error_type=type(error).__name__)
            await asyncio.sleep(self.seconds)


@asynccontextmanager
async def kept(*keepers: Keeper) -> AsyncIterator[None]:
    """Keepers at work while this is open."""
    tasks = [asyncio.create_task(keeper.keep()) for keeper in keepers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
