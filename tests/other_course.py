"""A case workflow that goes another way than the recorded ones: what a careless change would be."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from casework.opening import CaseInput


@workflow.defn(name="CaseWorkflow")
class OtherCourse:
    """Sleeps where a case is recorded."""

    @workflow.run
    async def run(self, start: CaseInput) -> None:
        """Another first command."""
        await workflow.sleep(timedelta(days=1))
