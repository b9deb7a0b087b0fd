"""What is done on one case, written down in order: each step comes after the one it builds on."""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

OPENS, CLOSES = 8, 16
SATURDAY = 5
SPREAD = 0.7
"""Of how long things take, around their median: most take about it, a few take many times as long."""
SOON = timedelta(minutes=5)
OFFICE = ("caseworker", "caseworker2", "supervisor", "head")


@dataclass(frozen=True)
class Step:
    """One command: when, by whom, with which fields, and of which service's referral where it is of one."""

    at: datetime
    command: str
    by: str
    fields: dict[str, Any]
    about: str | None = None


@dataclass
class Diary:
    """The steps of one case so far."""

    dice: Random
    zone: ZoneInfo
    steps: list[Step] = field(default_factory=list)

    def after(self, moment: datetime, median: timedelta, *, at_work: bool = True, spread: float = SPREAD) -> datetime:
        """A moment that comes about so long after another; the office works on weekdays, from eight to four."""
        span = median * math.exp(self.dice.gauss(0, spread))
        then = moment + max(span, SOON)
        return self._at_work(then) if at_work else then

    def write(self, at: datetime, command: str, by: str, about: str | None = None, **fields: Any) -> datetime:
        """Enter a step; the moment it is done."""
        self.steps.append(Step(at, command, by, fields, about))
        return at

    def happens(self, share: float) -> bool:
        """Whether what happens so often happens here."""
        return self.dice.random() < share

    def _at_work(self, moment: datetime) -> datetime:
        local = moment.astimezone(self.zone)
        if local.hour >= CLOSES:
            local = self._opening(local + timedelta(days=1))
        elif local.hour < OPENS:
            local = self._opening(local)
        while local.weekday() >= SATURDAY:
            local = self._opening(local + timedelta(days=1))
        return local

    def _opening(self, local: datetime) -> datetime:
        return local.replace(hour=OPENS, minute=self.dice.randrange(60), second=0, microsecond=0)
