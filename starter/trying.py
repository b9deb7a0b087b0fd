"""Trying pathways on the past cases of the record."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from casework.models.calendar import Calendar
from casework.models.event_log import CaseRows, LoggedCase
from casework.models.figure import Period
from casework.ports import EventLogs
from casework.rules.event_log import Names, days_between, logged

YEAR = timedelta(days=365)
MOST = 500
"""Cases that a page tries a pathway on: the newest."""


@dataclass(frozen=True)
class PastCases:
    """Cases as logs tell of them, read as what happens by itself: what is made of them are counts."""

    logs: EventLogs
    named: Names
    calendar: Calendar

    def opened_in(self, period: Period) -> Iterator[LoggedCase]:
        """Those of a period, a page at a time."""
        return (case for page in self.logs.pages(period) for case in self._logged(page))

    def newest(self, now: datetime) -> Iterator[LoggedCase]:
        """The newest of the last twelve months, and no more than a page may ask for."""
        day = now.astimezone(ZoneInfo(self.calendar.zone)).date()
        return self._logged(self.logs.newest(days_between(day - YEAR, day, now, self.calendar.zone), MOST))

    def _logged(self, page: Iterable[CaseRows]) -> Iterator[LoggedCase]:
        for number, rows in enumerate(page, start=1):
            # Of a year of cases the clocks alone are kept in mind.
            yield replace(logged(number, rows, self.named, self.calendar), events=())
