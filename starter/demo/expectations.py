"""What a scenario expects of its cases at an instant, held against what they are."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from casework.models.codes import OPEN_REFERRALS
from casework.models.state import CaseState, Deadline
from starter.demo.scenario import ARMED, NOT_OVERDUE, OVERDUE, Expectation, ScenarioStep


@dataclass(frozen=True)
class Check:
    """One thing expected of one case, and what was found."""

    letter: str
    expected: str
    found: str
    met: bool


@dataclass(frozen=True)
class Looked:
    """One `expect` of a scenario, looked at."""

    at: datetime
    step: ScenarioStep
    expect: Expectation
    checks: tuple[Check, ...]

    @property
    def unmet(self) -> tuple[Check, ...]:
        """What was found otherwise."""
        return tuple(check for check in self.checks if not check.met)


def checks(letter: str, expect: Expectation, state: CaseState, rungs: int, now: datetime) -> Iterator[Check]:
    """Everything expected of one case, with what was found."""
    for word, names in expect.clocks.items():
        for name in names:
            clocks = _named(state, name)
            met = _known(state, name) and _holds(word, clocks, now)
            yield Check(letter, f"{word}: {name}", _shown(state, clocks, name), met)
    if expect.rungs is not None:
        yield Check(letter, f"rungs: at least {expect.rungs}", str(rungs), rungs >= expect.rungs)
    for name, wanted, found in _equal(expect, state):
        if wanted is not None:
            yield Check(letter, f"{name}: {_text(wanted)}", _text(found), wanted == found)


def _equal(expect: Expectation, state: CaseState) -> Iterator[tuple[str, Any, Any]]:
    yield "stage", expect.stage, state.stage
    yield "categories", expect.categories, frozenset(state.categories)
    yield "open referrals", expect.open_referrals, sum(r.status in OPEN_REFERRALS for r in state.referrals.values())


def _text(value: object) -> str:
    return ", ".join(sorted(value)) if isinstance(value, frozenset) else str(value)


def _named(state: CaseState, name: str) -> list[Deadline]:
    """The clocks of a kind; of a referral's, those of one service where the name says which."""
    kind, _, service = name.partition(":")
    about = {id_ for id_, referral in state.referrals.items() if referral.service == service}
    return [d for d in state.deadlines.values() if d.kind == kind and (not service or d.referral_id in about)]


def _holds(word: str, clocks: Iterable[Deadline], now: datetime) -> bool:
    running = [deadline for deadline in clocks if deadline.running]
    late = any(deadline.due_at < now and not deadline.held for deadline in running)
    return {OVERDUE: late, NOT_OVERDUE: not late, ARMED: bool(running)}[word]


def _known(state: CaseState, name: str) -> bool:
    """Whether the pathways have such a clock: of a kind they do not have, everything negative is true."""
    kind = name.partition(":")[0]
    return any(policy.kind == kind for pathway in state.pathways for policy in pathway.deadlines)


def _shown(state: CaseState, found: list[Deadline], name: str) -> str:
    if not _known(state, name):
        return "no pathway of the case has such a clock"
    return "; ".join(_told(state, deadline) for deadline in found) or "never started"


def _told(state: CaseState, deadline: Deadline) -> str:
    due = f"due {_local(state, deadline.due_at)}"
    if deadline.ended_at is None:
        return f"{due}, on hold" if deadline.held else f"{due}, running"
    return f"{due}, {'met' if deadline.met else 'lifted'} {_local(state, deadline.ended_at)}"


def _local(state: CaseState, instant: datetime) -> str:
    return f"{instant.astimezone(ZoneInfo(state.calendar.zone)):%Y-%m-%d %H:%M}"
