"""What the patrol compares and what it comes to: ids, codes, times and counts only."""

from pydantic import Field

from casework.models.base import Code, Codes, Id, Instant, Model
from casework.models.codes import Stage
from casework.models.pathway import Risk


class FindingKind(Codes):
    """What can be wrong between the record and the engine."""

    WORKFLOW_MISSING = "workflow_missing"
    RECORD_DIFFERS = "record_differs"
    TIMER_MISSED = "timer_missed"
    STEP_FAILING = "step_failing"
    INTAKE_WAITING = "intake_waiting"


class Finding(Model):
    """One thing that is wrong with one case, and a code that says more."""

    kind: FindingKind
    case_id: Id
    detail: Code | None = None


class Shown(Model):
    """What both the record and the engine's own lists say of a case."""

    stage: Stage
    risk: Risk
    agency_id: Id
    due_at: Instant | None


class Recorded(Model):
    """A case as the database has it."""

    case_id: Id
    revision: int
    shown: Shown
    next_at: Instant | None
    erased_at: Instant | None = None
    certified: bool = False
    """Whether its erasure has its certificate."""


class Run(Model):
    """The workflow of a case as the engine has it."""

    status: Code
    """`running`, or how it ended; `not_found` where there is none."""
    failing: Code | None = None
    """The step that keeps failing: an activity, or `workflow_task`."""
    shown: Shown | None = None
    """None where its lists say nothing, or nothing that can be read."""

    @property
    def running(self) -> bool:
        """Whether it can still act."""
        return self.status == "running"


class Stand(Model):
    """Where a workflow itself takes its case to be."""

    revision: int
    next_at: Instant | None


class Page(Model):
    """A part of a patrol that was done: how many cases, and where the next begins; None at the end."""

    looked: int
    following: Id | None


class Open(Model):
    """A finding that holds, as a patrol reports it."""

    kind: FindingKind
    case_id: Id
    case_number: Id | None
    detail: Code | None
    found_at: Instant


class PatrolReport(Model):
    """What a patrol came to."""

    at: Instant
    looked: int
    """Cases compared."""
    wrong: int
    """Findings that hold now."""
    requeued: int
    """Lost notices that can reach somebody by now, and were queued again."""
    told: int
    """Digests queued: one an office a day, and none where nothing stands still."""
    findings: tuple[Open, ...] = Field(default=(), max_length=200)
    """The first of those that hold, the oldest first."""
