"""A district's year as plans of its cases: a pure function of how many, of which year, and of a seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from starter.year.diary import Diary, Step
from starter.year.lives import lived
from starter.year.proportions import Proportions, proportions
from starter.year.reports import Report, drawn, moment

DAYS = 365


@dataclass(frozen=True)
class Plan:
    """One case: its report, and what is then done, in order."""

    number: int
    report: Report
    steps: tuple[Step, ...]


def district_year(cases: int, ends: datetime, seed: int, zone: ZoneInfo) -> tuple[Plan, ...]:
    """The cases reported in the year that ends at an instant, the first report first. Nothing is later than that.

    The same numbers give the same year, whatever the machine.
    """
    plans = sorted(_drawn(cases, ends, seed, zone), key=lambda plan: (plan.report.entered, plan.number))
    return tuple(plans)


def _drawn(cases: int, ends: datetime, seed: int, zone: ZoneInfo) -> Iterator[Plan]:
    begins = ends.astimezone(zone).date() - timedelta(days=DAYS)
    for number in range(1, cases + 1):
        dice = Random(f"{seed}:{number}")  # noqa: S311  made up, not secret
        yield _plan(dice, proportions(), number, moment(dice, proportions(), begins, DAYS, zone), ends, zone)


def _plan(dice: Random, of: Proportions, number: int, at: datetime, ends: datetime, zone: ZoneInfo) -> Plan:
    report, diary = drawn(dice, of, at, number), Diary(dice, zone)
    lived(diary, report, of)
    steps = sorted((step for step in diary.steps if step.at < ends), key=lambda step: step.at)
    return Plan(number, report, tuple(steps))
