"""When the patrol goes round: every night by a schedule of the engine, and whenever somebody asks."""

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.common import WorkflowIDConflictPolicy

from casework.models.patrol import PatrolReport
from casework.temporal.names import CASES
from workflows.patrol import PatrolWorkflow

PATROL = "patrol"
"""The schedule, and the patrol that somebody asked for; those of the schedule have their time behind it."""
NIGHTLY = "30 1 * * *"
CAUGHT_UP = timedelta(days=1)
"""A night on which the engine was away is made up for within a day."""
LONGEST = timedelta(hours=20)
"""So that one that cannot end keeps off one night only."""


async def keep_scheduled(client: Client, zone: str) -> None:
    """See to it that the patrol goes round every night at half past one in the office's zone, one at a time."""
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            PatrolWorkflow.run, id=PATROL, task_queue=CASES, execution_timeout=LONGEST, static_summary="patrol"
        ),
        spec=ScheduleSpec(cron_expressions=[NIGHTLY], time_zone_name=zone),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CAUGHT_UP),
    )

    def renewed(found: ScheduleUpdateInput) -> ScheduleUpdate:
        # Whether somebody has paused it is theirs to say.
        schedule.state = found.description.schedule.state
        return ScheduleUpdate(schedule)

    try:
        await client.create_schedule(PATROL, schedule)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(PATROL).update(renewed)


async def go_round(client: Client) -> PatrolReport:
    """Go round now, or with the one that somebody asked for a moment ago; what it came to."""
    return await client.execute_workflow(
        PatrolWorkflow.run,
        id=PATROL,
        task_queue=CASES,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        execution_timeout=LONGEST,
    )
