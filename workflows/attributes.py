"""What the engine's own lists show of a case: codes and times, in the clear, never who it is about."""

from typing import Any

from temporalio.common import SearchAttributeUpdate

from casework.models.state import CaseState
from casework.temporal.names import CASE_AGENCY, CASE_CATEGORIES, CASE_DUE, CASE_RISK, CASE_STAGE, CASE_WAITING_ON

NOBODY = "nobody"


def waiting_on(state: CaseState) -> str:
    """The owner of the clock that runs out first: an agency's id or a role."""
    running = [d for d in state.deadlines.values() if d.running and d.binding and not d.held]
    first = min(running, key=lambda deadline: deadline.due_at, default=None)
    return (first.owner.agency_id or first.owner.role or NOBODY) if first else NOBODY


def attributes(state: CaseState) -> list[SearchAttributeUpdate[Any]]:
    """The search attributes of a case."""
    return [
        CASE_STAGE.value_set(state.stage.value),
        CASE_CATEGORIES.value_set([category.value for category in state.categories]),
        CASE_RISK.value_set(state.risk.value),
        CASE_AGENCY.value_set(state.agency_id),
        CASE_WAITING_ON.value_set(waiting_on(state)),
        CASE_DUE.value_set(state.due_at) if state.due_at else CASE_DUE.value_unset(),
    ]
