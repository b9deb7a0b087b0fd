"""The patrol: once a night, and whenever asked, record and engine are compared and every office is told what stands.

It holds no state but how far it has come, so that a long one goes on in a fresh run.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.patrol import PatrolActivities
    from casework.models.patrol import Page, PatrolReport
    from casework.temporal.names import NOTICES

PART_WITHIN = timedelta(minutes=15)
GIVEN_UP_AFTER = timedelta(hours=6)
SIGN_OF_LIFE = timedelta(minutes=1)
PAGES = 100
"""Of one run: some six events each."""


@workflow.defn
class PatrolWorkflow:
    """One round over everything."""

    @workflow.run
    async def run(self, so_far: Page | None = None) -> PatrolReport:
        """Compare page after page, then what has no page, then report."""
        looked, after = (so_far.looked, so_far.following) if so_far else (0, None)
        for _ in range(PAGES):
            page: Page = await _do(PatrolActivities.cases, after)
            looked, after = looked + page.looked, page.following
            if after is None:
                break
        else:
            workflow.continue_as_new(Page(looked=looked, following=after))
        await _do(PatrolActivities.runs)
        await _do(PatrolActivities.intakes)
        report: PatrolReport = await _do(PatrolActivities.report, looked)
        return report


async def _do(part: Callable[..., Any], *words: Any) -> Any:
    return await workflow.execute_activity_method(
        part,
        args=words,
        task_queue=NOTICES,
        start_to_close_timeout=PART_WITHIN,
        schedule_to_close_timeout=GIVEN_UP_AFTER,
        heartbeat_timeout=SIGN_OF_LIFE,
        retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=1)),
    )
