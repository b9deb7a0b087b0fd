"""When a clock that starts at an instant runs out: running hours, calendar days, working days."""

from datetime import UTC, date, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from casework.models.calendar import Calendar
from casework.models.pathway import ClockKind


def due_at(start: datetime, clock: ClockKind, units: float, calendar: Calendar) -> datetime:
    """The last instant at which it is still in time, in UTC.

    H runs on, weekends included. D ends that many days later at the same clock time in the office's zone. WD ends at
    the close of the n-th working day after the day of the start; a started working day counts as a whole one.
    """
    if start.tzinfo is None:
        raise ValueError("a clock starts at an instant, not at a naive time")
    if units < 0:
        raise ValueError("a clock does not run backwards")
    # A wall time that the zone skipped when its clock was put forward becomes the instant that it stands for.
    start = start.astimezone(UTC)
    match clock:
        case ClockKind.H:
            return start + timedelta(hours=units)
        case ClockKind.D:
            return _same_clock_time(start, units, ZoneInfo(calendar.zone))
        case ClockKind.WD:
            return _close_of_working_day(start, ceil(units), calendar)


def _same_clock_time(start: datetime, days: float, zone: ZoneInfo) -> datetime:
    # Arithmetic within one zone is on the wall clock, which is what "the same clock time" asks for.
    return (start.astimezone(zone) + timedelta(days=days)).astimezone(UTC)


def _close_of_working_day(start: datetime, days: int, calendar: Calendar) -> datetime:
    zone = ZoneInfo(calendar.zone)
    if days == 0:
        return start
    day = _working_day_after(start.astimezone(zone).date(), days, calendar)
    return datetime.combine(day, calendar.closes, tzinfo=zone).astimezone(UTC)


def _working_day_after(day: date, count: int, calendar: Calendar) -> date:
    while count:
        day += timedelta(days=1)
        count -= calendar.is_working_day(day)
    return day
