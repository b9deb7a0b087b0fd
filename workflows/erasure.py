"""Erasing a case, after its own workflow: in a history of its own, which knows nothing of the case but its id."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.erasure import ErasureActivities
    from casework.models.erasure import Certificate
    from casework.temporal.names import NOTICES


@workflow.defn
class ErasureWorkflow:
    """Started by the case as the last thing it does; tried until it is done."""

    @workflow.run
    async def run(self, case_id: str) -> Certificate:
        """Destroy the keys, and give the certificate."""
        return await workflow.execute_activity_method(
            ErasureActivities.erase,
            case_id,
            task_queue=NOTICES,
            start_to_close_timeout=timedelta(minutes=1),
            retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)),
        )
