"""The working calendar of an office in Indonesia: public holidays, and collective leave by decree."""

from collections.abc import Iterable
from datetime import date
from functools import cache

import holidays

from casework.datafile import built_in
from casework.models.base import Model, Text
from casework.models.calendar import Calendar

LEAVE_FILE = "collective_leave.toml"


class LeaveYear(Model):
    """One year's collective leave. `source` is the joint decree of three ministers."""

    year: int
    days: tuple[date, ...]
    source: Text


class LeaveFile(Model):
    """`collective_leave.toml`."""

    years: tuple[LeaveYear, ...]


@cache
def collective_leave() -> frozenset[date]:
    """The built-in days on which offices close besides public holidays (cuti bersama)."""
    return frozenset(day for year in built_in("casework.directory", LEAVE_FILE, LeaveFile).years for day in year.days)


def working_calendar(years: Iterable[int], timezone: str, extra: Iterable[date] | None = None) -> Calendar:
    """The calendar of the years. `extra` are days off beside public holidays: collective leave where none are given.

    Islamic holidays of a coming year are estimates until they are decreed.
    """
    wanted = frozenset(years)
    public = holidays.country_holidays("ID", years=sorted(wanted))
    off = {day for day in (collective_leave() if extra is None else extra) if day.year in wanted}
    return Calendar(zone=timezone, holidays=tuple(sorted(off.union(public))))
