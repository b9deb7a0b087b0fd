"""What the API and the pages are asked of figures, and what they read of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from casework.errors import ForbiddenError, NotFoundError
from casework.figures import definition, definitions
from casework.models.codes import Status
from casework.models.figure import Definition, Figure, Period
from casework.models.people import Actor
from casework.rules.figures import READERS, of_own_office, period_of, shown_to
from casework.rules.register import RegisterEntry, entry
from web.api.answers import CaseSummary, Page, summary
from web.api.lists import Pages
from web.site import Site

Name = Annotated[str, Field(max_length=300)]


class Days(BaseModel):
    """The days a report is of; the last quarter that is over, where none are given."""

    model_config = ConfigDict(extra="forbid")

    from_: Annotated[date | None, Field(alias="from", description="The first day")] = None
    to: Annotated[date | None, Field(description="The last day")] = None


class ReportQuery(Days):
    format: Literal["json", "csv", "xlsx"] = "json"


class BehindQuery(Days, Pages):
    key: Name | None = None
    part: Name | None = None


@dataclass(frozen=True)
class Listed:
    """An entry of a register list, and whether its case still takes commands."""

    entry: RegisterEntry
    is_open: bool


@dataclass(frozen=True)
class RegisterPage:
    """A page of such a list."""

    period: Period
    items: tuple[Listed, ...]
    next_cursor: str | None


class Reports:
    """What the API and the pages show of figures."""

    def __init__(self, site: Site) -> None:
        self._reads = site.desk.reads
        self._office = site.desk.office

    def period(self, reader: Actor, days: Days) -> Period:
        """The period asked for, for who reads figures."""
        if reader.role not in READERS:
            raise ForbiddenError("Figures are read by the office, the coordinator and viewers.")
        return period_of(reader, days.from_, days.to, self._office.now(), self._office.timezone)

    def figures(self, reader: Actor, period: Period, of: Sequence[Definition] = ()) -> tuple[Figure, ...]:
        """Some figures as their reader is shown them, or every one."""
        wanted = of or definitions()
        counted = self._reads.counted(reader, period, self._office.timezone, [each.id for each in wanted])
        return tuple(shown_to(reader, each, counted.get(each.id)) for each in wanted)

    def behind(self, reader: Actor, period: Period, figure_id: str, query: BehindQuery) -> Page[CaseSummary]:
        """A page of the cases behind one number of the own office, or behind all of a figure."""
        if not of_own_office(reader):
            raise ForbiddenError("Only the own office is led from a number to its cases.")
        its = self.counting(figure_id)
        zone, now = self._office.timezone, self._office.now()
        key = None if query.key is None else (query.key, query.part)
        rows, following = self._reads.cases_of(reader, period, zone, its.id, key, query.limit, query.cursor)
        items = tuple(CaseSummary.model_validate(summary(row, now)) for row in rows)
        return Page[CaseSummary](items=items, next_cursor=following)

    def counting(self, figure_id: str) -> Definition:
        """The definition of a figure that has an input; raises NotFoundError for every other."""
        found = definition(figure_id)
        if found is None or found.missing:
            raise NotFoundError("There is no such figure, or no case behind it.")
        return found

    def to_register(self, reader: Actor, days: Days) -> Period:
        """The period of a register list, noted with all its cases; raises ForbiddenError for who keys in nothing."""
        period = self._keyed_in(reader, days)
        self._reads.to_register(reader, period, self._office.timezone)
        return period

    def entries(self, reader: Actor, period: Period) -> Iterator[RegisterEntry]:
        """The entries of a list that was noted, one after the other."""
        return map(entry, self._reads.register(reader, period, self._office.timezone))

    def page_of_register(self, reader: Actor, days: Days, limit: int, cursor: str | None) -> RegisterPage:
        """A page of such a list, of which no more is noted than it shows."""
        period = self._keyed_in(reader, days)
        rows, following = self._reads.register_page(reader, period, self._office.timezone, limit, cursor)
        return RegisterPage(period, tuple(Listed(entry(row), row["status"] == Status.OPEN) for row in rows), following)

    def _keyed_in(self, reader: Actor, days: Days) -> Period:
        if not of_own_office(reader):
            raise ForbiddenError("The register list is the own office's.")
        return self.period(reader, days)
