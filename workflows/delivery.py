"""Delivering notices: one workflow for all of them, so that no case's history grows with them.

Its activity takes what is queued until its time is up; attempts and back-off of each notice are kept with the notice.
A batch costs this workflow no event of its own, and a case none at all (docs/decisions/0006).
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.notices import NoticesActivities
    from casework.temporal.names import NOTICES

SHIFT = timedelta(minutes=10)
ROUNDS = 100


@workflow.defn
class DeliveryWorkflow:
    """Keeps notices going out for as long as there is a worker."""

    @workflow.run
    async def run(self) -> None:
        """Deliver shift after shift, then in a fresh run."""
        for _ in range(ROUNDS):
            await workflow.execute_activity_method(
                NoticesActivities.deliver_for,
                SHIFT.total_seconds(),
                task_queue=NOTICES,
                start_to_close_timeout=SHIFT * 2,
                heartbeat_timeout=timedelta(seconds=30),
                retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=30)),
                summary="notices",
            )
        workflow.continue_as_new()
