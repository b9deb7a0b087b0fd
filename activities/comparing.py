"""Comparing cases with their workflows: by what the engine lists of each, and by asking those it lists strangely."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from temporalio import activity

from activities.patrol_ports import Record, Runs
from casework.models.patrol import Finding, Recorded, Run
from casework.patrol import differs, late, missed, of_run, suspicious, unerased

ASKED = 50
"""Workflows of a page that are asked themselves, where their lists give a reason: it may cost a replay each."""
SAMPLE = 20
"""And so many for which nothing speaks, taken at random."""
AT_ONCE = 10
LOOKS = (0.0, 0.5, 1.5)
"""Seconds before each look at a difference: a command under way is none."""

T = TypeVar("T")
R = TypeVar("R")


class Comparison:
    """Finds what is wrong between the record and the engine."""

    def __init__(self, record: Record, runs: Runs, now: Callable[[], datetime]) -> None:
        self._record = record
        self._runs = runs
        self._now = now

    async def findings(self, rows: Sequence[Recorded]) -> list[Finding]:
        """All that is wrong with these cases."""
        erased = [unerased(row, self._now()) for row in rows if row.erased_at]
        rows = [row for row in rows if not row.erased_at]
        runs = await each(rows, lambda row: self._runs.look(row.case_id))
        pairs = list(zip(rows, runs, strict=True))
        found = (of_run(row, run) for row, run in pairs)
        return [finding for finding in (*erased, *found, *await self._asked(pairs)) if finding]

    async def _asked(self, pairs: Sequence[tuple[Recorded, Run]]) -> list[Finding | None]:
        """What workflows say of themselves: those for which something speaks, and a sample of the others."""
        now = self._now()
        wrong = sorted((row for row, run in pairs if suspicious(row, run, now)), key=lambda row: not late(row, now))
        sound = [row for row, run in pairs if of_run(row, run) is None and not suspicious(row, run, now)]
        sample = random.sample(sound, min(SAMPLE, len(sound)))
        found = await each([*wrong[:ASKED], *sample], self._compared)
        return [*found, *(missed(row, now, answers=True) for row in wrong[ASKED:])]

    async def _compared(self, row: Recorded) -> Finding | None:
        """What is wrong between record and workflow, if it still is after a while.

        The workflow is asked first, so that each look at a case that takes one command after the other may find its
        record ahead; but a record that has diverged takes no command.
        """
        found, revision = None, None
        for seconds in LOOKS:
            await asyncio.sleep(seconds)
            stand = await self._runs.stand(row.case_id)
            recorded = await asyncio.to_thread(self._record.recorded, row.case_id)
            if recorded is None:
                return None
            found = differs(recorded, stand) if stand else None
            if found is None:
                return missed(recorded, self._now(), answers=stand is not None)
            if revision not in (None, recorded.revision):
                return None
            revision = recorded.revision
        return found


async def each(items: Iterable[T], do: Callable[[T], Awaitable[R]]) -> list[R]:
    """Do it for each, a few at once, with a sign of life for each."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(item: T) -> R:
        async with slots:
            activity.heartbeat()
            return await do(item)

    return await asyncio.gather(*map(one, items))
