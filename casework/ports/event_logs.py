"""Past cases, as process mining reads them."""

from typing import Protocol

from casework.models.event_log import CaseRows, Pages
from casework.models.figure import Period


class EventLogs(Protocol):
    """The record as it goes into event logs: of every office, without what was erased."""

    def count(self, period: Period) -> int:
        """How many cases there are to be read."""
        ...

    def pages(self, period: Period) -> Pages:
        """The cases that were opened in a period, oldest first, a page of them at a time and no more."""
        ...

    def newest(self, period: Period, most: int) -> tuple[CaseRows, ...]:
        """The last that were opened in a period, the newest first."""
        ...
