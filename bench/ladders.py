"""What must hold of the ladders of a case after any storm, and how late its rungs were."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from statistics import median
from typing import Any

from casework.commands import Lapse
from casework.models.pathway import Risk, level_of
from casework.models.state import CaseState, Deadline
from casework.rules.clocks import due_at
from casework.rules.rungs import ladder_of
from tests.rungs import Found

Row = Mapping[str, Any]
ENDS = {"assessment": {"AssessmentRecorded"}, "first_contact": {"AssessmentRecorded", "ServiceRecorded"}}
"""Clocks by the facts of the storm that end them."""


def wrong(case: Found, until: datetime) -> Iterator[str]:
    """What is wrong with the ladders of a case at rest: what was due by then is told once, in order, and no more."""
    if case.state.next_at and case.state.next_at <= until:
        yield f"{case.case_id}: a step of {case.state.next_at} was not told"
    for deadline in case.state.deadlines.values():
        for arming in range(deadline.arming + 1):
            rows = [row for row in case.told if row["command_id"].startswith(f"{deadline.id}.{arming}.")]
            yield from _climb(deadline, arming, [Lapse.model_validate(row["body"]) for row in rows])
        yield from _after_end(deadline, case.log)
    told = {row["command_id"] for row in case.told}
    if missing := told.difference(case.told_of):
        yield f"{case.case_id}: nobody was told of {sorted(missing)}"


def _climb(deadline: Deadline, arming: int, steps: list[Lapse]) -> Iterator[str]:
    """At most one reminder, before the rungs; each rung once, none left out, as many as the state says."""
    told = [(step.action, step.rung) for step in steps]
    reminders, rungs = told.count(("remind", 0)), [rung for action, rung in told if action == "escalate"]
    # One that was late when it became known is told of once, for all the rungs whose time has passed.
    late = deadline.due_at <= deadline.armed_at or any(step.due_at <= deadline.armed_at for step in steps)
    first = rungs[0] if rungs and late else 1
    in_order = [("remind", 0)] * min(reminders, 1) + [("escalate", first + number) for number in range(len(rungs))]
    last = rungs[-1] if rungs else 0
    stands = deadline.arming != arming or (deadline.reminded, deadline.rung) == (bool(reminders), last)
    if told != in_order or not stands:
        yield f"{deadline.id} ({arming}): told {told}; it stands at {deadline.rung}, reminded: {deadline.reminded}"


def _after_end(deadline: Deadline, log: Iterable[Row]) -> Iterator[str]:
    ended = False
    for row in log:
        if ended and row["command_id"].startswith(f"{deadline.id}."):
            yield f"{deadline.id}: told in {row['sequence']}, after its end"
        ended = ended or row["kind"] in ENDS.get(deadline.kind, ())


def late(case: Found) -> Iterator[float]:
    """By how many seconds each rung was late: from when it was due to the time its row bears."""
    for row in case.told:
        step = Lapse.model_validate(row["body"])
        if step.action == "escalate":
            due = _due(case.state, case.state.deadlines[step.deadline_id], step, Risk(row["case_after"]["risk"]))
            yield (row["at"] - due).total_seconds()


def _due(state: CaseState, deadline: Deadline, step: Lapse, risk: Risk) -> datetime:
    after = ladder_of(state, deadline).rungs[step.rung - 1].after[level_of(risk)]
    due = due_at(step.due_at, after.clock, after.units, state.calendar)
    return max(due, deadline.armed_at) if step.due_at <= deadline.armed_at else due


def lateness(seconds: Iterable[float]) -> str:
    """Most and median, in words."""
    late = sorted(seconds)
    return f"late by at most {late[-1]:.1f} s, median {median(late):.1f} s" if late else "none was told"
