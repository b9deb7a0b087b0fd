"""The sandbox of the workflows: what is shared with it, and what it may not call."""

import dataclasses

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxMatcher, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy

SHARED = (
    # Models must be one and the same on both sides, or a payload is an instance of a class that looks alike;
    # rules are pure, and too many to load again for every case.
    "casework.models",
    "casework.commands",
    "casework.events",
    "casework.errors",
    "casework.ids",
    "casework.opening",
    "casework.rules",
    "casework.temporal.names",
    "uuid_utils",
)

# A shared module is the real one, so its random ids are forbidden by name; workflows have workflow.uuid7().
# It holds where a workflow says `from casework.ids import new_id`; inside shared modules nothing is watched.
FORBIDDEN = SandboxMatcher(
    children={
        "casework": SandboxMatcher(children={"ids": SandboxMatcher(use={"new_id"}, only_runtime=True)}),
        "uuid_utils": SandboxMatcher.all_uses_runtime,
    }
)


def workflow_runner() -> SandboxedWorkflowRunner:
    """The runner for worker and replayer alike. It warns when a workflow loads a module while it runs."""
    default = SandboxRestrictions.default
    restrictions = dataclasses.replace(
        default.with_passthrough_modules(*SHARED),
        invalid_module_members=default.invalid_module_members | FORBIDDEN,
        import_notification_policy=SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT,
    )
    return SandboxedWorkflowRunner(restrictions=restrictions)
