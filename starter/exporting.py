"""Writing event logs: the cases of a period, page by page, each page noted as read before any of it is in a file."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from casework.models.calendar import Calendar
from casework.models.event_log import LoggedCase
from casework.models.figure import Period
from casework.models.people import ITSELF
from casework.models.sight import OtherGround, Sight, SightKind
from casework.ports import AccessLog, EventLogs
from casework.rules.event_log import Names, logged

Take = Callable[[LoggedCase], None]
THING = "event_log"


@dataclass
class Exported:
    """How much was written."""

    cases: int = 0
    events: int = 0


@dataclass(frozen=True)
class Exporter:
    """Reads the record as whoever has the machine does."""

    logs: EventLogs
    access_log: AccessLog
    named: Names
    calendar: Calendar
    now: Callable[[], datetime]

    def export(self, period: Period, takers: Iterable[Take], advance: Callable[[int], None]) -> Exported:
        """Give each case to all takers; `advance` hears of how many were given. Never holds more than a page."""
        takers, done = tuple(takers), Exported()
        for page in self.logs.pages(period):
            self._note([rows.case["id"] for rows in page])
            for rows in page:
                done.cases += 1
                case = logged(done.cases, rows, self.named, self.calendar)
                done.events += len(case.events)
                for take in takers:
                    take(case)
            advance(len(page))
        return done

    def _note(self, case_ids: list[str]) -> None:
        sight = Sight(
            at=self.now(),
            actor=ITSELF,
            thing=THING,
            kind=SightKind.LISTED,
            case_ids=tuple(case_ids),
            ground=OtherGround.EXPORT,
        )
        self.access_log.write([sight])
