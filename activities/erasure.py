"""Erasing: what no case's own workflow can do, because it destroys the key that its history is sealed under."""

import asyncio
from typing import Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.patrol_ports import Runs
from casework.models.erasure import Certificate


class Erasures(Protocol):
    """Where keys and certificates are."""

    def erase(self, case_id: str) -> Certificate:
        """Destroy the keys of a case and certify it; once more changes nothing."""
        ...


class ErasureActivities:
    """The last step of a case, on the queue of what may be slow."""

    def __init__(self, erasures: Erasures, runs: Runs) -> None:
        self._erasures = erasures
        self._runs = runs

    @activity.defn
    async def erase(self, case_id: str) -> Certificate:
        """Erase a case once its workflow has ended: before that the engine could not write down how it ends."""
        run = await self._runs.look(case_id)
        if run.running:
            raise ApplicationError("the workflow of the case has not ended yet", type="case_still_runs")
        return await asyncio.to_thread(self._erasures.erase, case_id)
