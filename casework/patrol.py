"""What the patrol makes of what it sees: findings from the record and the engine beside each other."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from casework.models.notice import Notice, NoticeKind, Recipient
from casework.models.patrol import Finding, FindingKind, Recorded, Run, Stand
from casework.models.people import Role

LATE = timedelta(minutes=15)
"""After which a step that was due by itself has been missed."""
INTAKE_LATE = timedelta(minutes=10)


def late(recorded: Recorded, now: datetime) -> bool:
    """Whether something was to happen by itself long ago."""
    return recorded.next_at is not None and recorded.next_at < now - LATE


def suspicious(recorded: Recorded, run: Run, now: datetime) -> bool:
    """Whether the workflow itself must be asked: it is late, or its lists say something else than the record."""
    return run.running and run.failing is None and (late(recorded, now) or run.shown != recorded.shown)


def of_run(recorded: Recorded, run: Run) -> Finding | None:
    """What is wrong with a case by what the engine says of its workflow."""
    if not run.running:
        return Finding(kind=FindingKind.WORKFLOW_MISSING, case_id=recorded.case_id, detail=run.status)
    if run.failing:
        return Finding(kind=FindingKind.STEP_FAILING, case_id=recorded.case_id, detail=run.failing)
    return None


def unerased(recorded: Recorded, now: datetime) -> Finding | None:
    """An erasure that was decided long ago and is not certified; of such a case no workflow runs any more."""
    if recorded.certified or recorded.erased_at is None or recorded.erased_at > now - LATE:
        return None
    return Finding(kind=FindingKind.STEP_FAILING, case_id=recorded.case_id, detail="erasure")


def differs(recorded: Recorded, stand: Stand) -> Finding | None:
    """What differs between the record and the workflow itself."""
    detail = None
    if stand.revision != recorded.revision:
        detail = "record_behind" if stand.revision > recorded.revision else "record_ahead"
    elif stand.next_at != recorded.next_at:
        detail = "clocks"
    return Finding(kind=FindingKind.RECORD_DIFFERS, case_id=recorded.case_id, detail=detail) if detail else None


def missed(recorded: Recorded, now: datetime, *, answers: bool) -> Finding | None:
    """A step that was due long ago: the workflow runs, and did not take it."""
    if not late(recorded, now):
        return None
    detail = "behind" if answers else "no_answer"
    return Finding(kind=FindingKind.TIMER_MISSED, case_id=recorded.case_id, detail=detail)


def digests(stalled: Mapping[str, int], day: date, now: datetime) -> Iterator[Notice]:
    """One digest a day to the supervisors of each office where cases stand still."""
    for agency_id, count in sorted(stalled.items()):
        if count:
            yield Notice(
                id=f"digest.{day.isoformat()}.{agency_id}.{Role.SUPERVISOR.value}",
                kind=NoticeKind.DIGEST,
                recipient=Recipient(role=Role.SUPERVISOR, agency_id=agency_id),
                waiting=count,
                created_at=now,
            )
