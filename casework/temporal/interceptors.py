"""What surrounds every update handler and every activity. The replayer needs the same ones as the worker."""

import traceback
from pathlib import Path
from typing import Any

import structlog
from temporalio import activity, workflow
from temporalio.exceptions import ApplicationError, FailureError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from casework.errors import BrokenStepError

BROKEN = "A defect stopped this step. Nothing was changed; please report it."


def interceptors() -> list[Interceptor]:
    """All interceptors, for the worker and for the replayer."""
    return [OneUpdateFails(), ActivityContext()]


class OneUpdateFails(Interceptor):
    """A defect in an update handler fails that update only.

    Without this a plain exception fails the workflow task again and again, and the case takes no command any
    more. A defect in `run` still does that, as it should: the case waits for a corrected worker.
    """

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002 - the name is Temporal's
    ) -> type[WorkflowInboundInterceptor]:
        """The guard of every workflow."""
        return _UpdateGuard


class _UpdateGuard(WorkflowInboundInterceptor):
    def handle_update_validator(self, input: HandleUpdateInput) -> None:  # noqa: A002
        try:
            super().handle_update_validator(input)
        except (FailureError, workflow.NondeterminismError):
            raise
        except Exception as error:  # noqa: BLE001
            raise _broken(input, error) from None

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:  # noqa: A002
        try:
            return await super().handle_update_handler(input)
        except (FailureError, workflow.NondeterminismError):
            raise  # an answer, or the engine's own alarm; cancellation is no Exception and passes as well
        except Exception as error:  # noqa: BLE001 - it is raised again, as something that ends the update only
            raise _broken(input, error) from None


class ActivityContext(Interceptor):
    """Every log line of an activity says for which workflow, which activity and which attempt it is."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """The binding of every activity."""
        return _BoundActivity(next)


class _BoundActivity(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        info = activity.info()
        with structlog.contextvars.bound_contextvars(
            workflow_id=info.workflow_id, activity=info.activity_type, attempt=info.attempt
        ):
            return await super().execute_activity(input)


def _broken(input: HandleUpdateInput, error: Exception) -> ApplicationError:  # noqa: A002
    found = {"update": input.update, "error_type": type(error).__name__, "where": _where(error)}
    workflow.logger.error("update_broken", extra=found)
    # No cause and no text of the error: either may quote what a person wrote.
    return ApplicationError(BROKEN, type=BrokenStepError.code, non_retryable=True)


def _where(error: BaseException) -> str:
    """File and line of a defect: enough to find it, and free of what it was working on."""
    frames = [*traceback.walk_tb(error.__traceback__)]
    if not frames:
        return "unknown"
    frame, line = frames[-1]
    return f"{Path(frame.f_code.co_filename).name}:{line}"
