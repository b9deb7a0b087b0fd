"""Alarms: what a case would tell by itself by now, from its record alone, for who watches over it while it cannot."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from casework.models.notice import Notice
from casework.models.state import Automatic, Deadline
from casework.rules.holds import resumed
from casework.rules.ladders import Holder, due_now, key, told


@dataclass(frozen=True)
class Watched:
    """A case as its record shows it: who it is and the clocks that still do something by themselves."""

    case_id: str
    number: str
    holder: Holder
    deadlines: tuple[Deadline, ...]


def alarms(watched: Watched, until: datetime, now: datetime) -> tuple[Notice, ...]:
    """The notices of every step that was due by `until`, under the ids and to the recipients of the case's own.

    What a step means beyond its ladder, a case conference say, is left to the case.
    """
    return tuple(_alarms(watched, until, now))


def _alarms(watched: Watched, until: datetime, now: datetime) -> Iterator[Notice]:
    standing = {deadline.id: deadline for deadline in watched.deadlines}
    while due := due_now(standing.values(), until):
        deadline, step = due
        about = _held_with(standing, deadline) if step.action == "release" else (deadline,)
        after = {each.id: _after(each, step) for each in about}
        # Of the end of a hold each owner is told when it is due now.
        subjects = after.values() if step.action == "release" else about
        tells = (tell for each in subjects for tell in told(watched.holder, each, step))
        yield from (tell.notice(key(deadline, step), watched.case_id, watched.number, now) for tell in tells)
        standing |= after


def _held_with(standing: dict[str, Deadline], deadline: Deadline) -> tuple[Deadline, ...]:
    """All that one hold holds: what it is about begins and ends in the same instants."""
    spans = {id_: (d.held_since, d.held_until) for id_, d in standing.items()}
    return tuple(standing[id_] for id_ in sorted(standing) if spans[id_] == spans[deadline.id])


def _after(deadline: Deadline, step: Automatic) -> Deadline:
    """The deadline after a step, as far as later ones are told by it."""
    steps = deadline.forecast[1:]
    if step.action == "release":
        return resumed(deadline, step.at).model_copy(update={"forecast": steps})
    rung = step.rung if step.action == "escalate" else deadline.rung
    return deadline.model_copy(update={"rung": rung, "forecast": steps})
