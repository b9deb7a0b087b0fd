"""Pathways of two clocks that run out within seconds, and what a case under them comes to if it is left alone."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from casework import commands as c
from casework.models.pathway import Category, ClockKind, Ladder, Length, Pathway, Rung
from casework.models.people import Role
from casework.pathways import load
from starter.cases import Cases
from tests.stack import Stack

WHO = {
    "assessment": (Role.CASEWORKER, ("supervisor", "head", "coordinator")),
    "supervisor_review": (Role.SUPERVISOR, ("head", "coordinator")),
}
"""The clocks, by the owner and who stands on the rungs: both start with the opening."""
BUILT_IN = load()


@dataclass(frozen=True)
class Short:
    """Lengths, in seconds: how long both clocks run, from when on they remind, how far apart the rungs are."""

    runs: float = 8.0
    reminds: float = 6.0
    apart: float = 1.0

    def steps(self, case_id: str, opened_at: datetime) -> list["Expected"]:
        """Each step of a case left alone, in the order in which it must be recorded."""
        steps = []
        for kind, (_, to) in WHO.items():
            id_ = f"{case_id}.1.{kind}"
            steps.append(Expected(opened_at + timedelta(seconds=self.reminds), id_, "remind", 0, 1))
            for rung in range(1, len(to) + 1):
                at = opened_at + timedelta(seconds=self.runs + self.apart * (rung - 1))
                # The first rung tells the owner too.
                steps.append(Expected(at, id_, "escalate", rung, 2 if rung == 1 else 1))
        return sorted(steps, key=lambda step: (step.at, step.deadline_id))

    def pathways(self) -> dict[Category, Pathway]:
        """The built-in pathways with these two clocks and no other."""
        return {category: self._short(pathway) for category, pathway in BUILT_IN.items()}

    def _short(self, pathway: Pathway) -> Pathway:
        policies = {p.kind: p for p in reversed(pathway.deadlines) if p.kind in WHO}
        ladders = tuple(self._ladder(name, to) for name, (_, to) in WHO.items())
        changes = {"start": "case_opened", "length": {"any": _seconds(self.runs)}, "urgent_length": None}
        short = (policy.model_copy(update={**changes, "ladder": kind}) for kind, policy in policies.items())
        spared = {"matrix": (), "special_steps": (), "legal_basis": ()}
        return pathway.model_copy(update={**spared, "deadlines": tuple(short), "ladders": ladders})

    def _ladder(self, name: str, to: Iterable[str]) -> Ladder:
        rungs = (Rung(to=each, after=self._after(number)) for number, each in enumerate(to))
        return Ladder(name=name, remind_at_share=self.reminds / self.runs, rungs=tuple(rungs))

    def _after(self, number: int) -> dict[Any, Length]:
        return {level: _seconds(self.apart * number) for level in ("high", "medium", "low")}


@dataclass(frozen=True)
class Expected:
    """One step of a ladder: when it is due, how it stands in the log, and how many notices it writes."""

    at: datetime
    deadline_id: str
    action: str
    rung: int
    notices: int

    @property
    def command_id(self) -> str:
        """Its key: deadline, arming, and rung."""
        return f"{self.deadline_id}.0.{self.action}.{self.rung}"

    @property
    def kind(self) -> str:
        """What the log calls it."""
        return "ReminderSent" if self.action == "remind" else "CaseEscalated"

    @property
    def told_of(self) -> list[str]:
        """Its key, once for each notice it writes."""
        return [self.command_id] * self.notices


def shortened(app: Stack, short: Short, **changes: Any) -> Cases:
    """The asking side of an office with short pathways."""
    desk = replace(app.desk, office=replace(app.office, in_force=short.pathways))
    return Cases(app.client, desk, **{"wait": 60.0, **changes})


def report() -> c.OpenCase:
    """A report of this moment."""
    body = {
        "channel": "walk_in",
        "reported_at": datetime.now(UTC),
        "categories": ["child_violence"],
        "risk": "high",
        "reporter": {"kind": "family"},
        "client": {"kind": "child", "age_years": 12},
        "consent": {"given_by": "caregiver", "services": True, "sharing": True},
    }
    return c.OpenCase.model_validate(body)


async def left_alone(app: Stack, cases: Cases) -> str:
    """A case opened and assigned, on which nobody will do anything more."""
    opened = await cases.open(app.ask(app.caseworker), report())
    assign = c.AssignCase(caseworker_id=app.caseworker.account_id)
    await cases.assign(app.ask(app.supervisor, opened.case_id), assign)
    return opened.case_id


def _seconds(count: float) -> Length:
    return Length(clock=ClockKind.H, units=count / 3600)


def hurried(text: str) -> str:
    """The common rules with a shorter time for assessments, under another number."""
    entry = text[text.index('kind = "assessment"') :]
    length = re.search(r"length = \{[^}]*\}", entry)
    assert length is not None
    return text.replace(entry, entry.replace(length[0], 'length = { any = "PT1H" }', 1)).replace(
        "version = 1", "version = 2", 1
    )
