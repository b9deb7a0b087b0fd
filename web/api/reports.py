"""Reports: the figures of a period, the cases behind a number, and what the national register is to be told."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import IO, Annotated, Any, Literal

from fastapi import Depends, Query
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from casework.errors import ForbiddenError, NotFoundError
from casework.figures import definition, definitions
from casework.models.figure import Definition, Figure, Period, Shown, Words
from casework.models.people import Actor
from casework.rules.figures import READERS, of_own_office, period_of, shown_to
from casework.rules.register import RegisterEntry, entry
from web.api.answers import CaseSummary, Page, summary
from web.api.door import Door
from web.api.lists import Pages
from web.api.routing import V1, read, read_list
from web.exports import Row, exported, spooled
from web.site import Site

HEAD = ("figure", "number", "title_id", "title_en", "key", "part", "count", "value", "total", "source")
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


class NumberAnswer(BaseModel):
    key: str
    part: str | None
    count: Annotated[int | None, Field(description="null where it is not told: it is below five, or would tell of one")]
    value: float | None


class FigureAnswer(BaseModel):
    id: str
    number: str
    title: Words
    definition: Words
    source: str
    counts: str
    unit: str
    total: int | None
    value: float | None
    reason: Annotated[
        Literal["no_input", "own_office"] | None, Field(description="Why there is no number, where there is none")
    ]
    missing: Words | None
    cells: tuple[NumberAnswer, ...]


class IndicatorsAnswer(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    from_: Annotated[date, Field(alias="from")]
    to: date
    figures: tuple[FigureAnswer, ...]


class RegisterAnswer(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    from_: Annotated[date, Field(alias="from")]
    to: date
    items: tuple[RegisterEntry, ...]


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

    def figures(self, reader: Actor, period: Period) -> tuple[Figure, ...]:
        """Every figure, as its reader is shown it."""
        counted = self._reads.counted(reader, period, self._office.timezone, [each.id for each in definitions()])
        return tuple(shown_to(reader, each, counted.get(each.id)) for each in definitions())

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

    def page_of_register(
        self, reader: Actor, days: Days, limit: int, cursor: str | None
    ) -> tuple[Period, list[Mapping[str, Any]], str | None]:
        """A page of the same list for who looks at it, of which no more is noted than it shows: rows of the record."""
        period = self._keyed_in(reader, days)
        return period, *self._reads.register_page(reader, period, self._office.timezone, limit, cursor)

    def _keyed_in(self, reader: Actor, days: Days) -> Period:
        if not of_own_office(reader):
            raise ForbiddenError("The register list is the own office's.")
        return self.period(reader, days)


def routes(site: Site, door: Door, reports: Reports) -> list[APIRoute]:
    """Three lists of a period."""
    actor_ = Depends(door.actor)

    def indicators(query: Annotated[ReportQuery, Query()], actor: Actor = actor_) -> Any:
        period = reports.period(actor, query)
        figures = reports.figures(actor, period)
        if query.format == "json":
            return answer_of(period, figures, actor)
        return exported(f"indicators-{period.first}-{period.last}", query.format, HEAD, rows_of(figures))

    def behind(figure_id: str, query: Annotated[BehindQuery, Query()], actor: Actor = actor_) -> Any:
        return reports.behind(actor, reports.period(actor, query), figure_id, query)

    def register(query: Annotated[ReportQuery, Query()], actor: Actor = actor_) -> Any:
        return register_of(reports, actor, reports.to_register(actor, query), query.format)

    at = f"{V1}/reports"
    return [
        read(f"{at}/indicators", indicators, IndicatorsAnswer, "The figures of a period", query=True),
        read_list(f"{at}/indicators/{{figure_id}}/cases", behind, CaseSummary, "The cases behind a number"),
        read(f"{at}/register", register, RegisterAnswer, "What the national register is to be told", query=True),
    ]


def answer_of(period: Period, figures: tuple[Figure, ...], reader: Actor) -> IndicatorsAnswer:
    """The figures with their definitions and sources beside them."""
    shown = tuple(_figure(figure, reader) for figure in figures)
    return IndicatorsAnswer(from_=period.first, to=period.last, figures=shown)


def reason_of(figure: Figure, reader: Actor) -> Literal["no_input", "own_office"] | None:
    """Why a figure has no number."""
    if figure.definition.missing:
        return "no_input"
    return None if figure.definition.shared or of_own_office(reader) else "own_office"


def _figure(figure: Figure, reader: Actor) -> FigureAnswer:
    own = figure.definition.model_dump(include={"id", "number", "title", "definition", "source", "counts", "unit"})
    return FigureAnswer(
        **own,
        total=figure.total,
        value=figure.value,
        reason=reason_of(figure, reader),
        missing=figure.definition.missing,
        cells=tuple(NumberAnswer(**vars(cell)) for cell in figure.cells),
    )


def rows_of(figures: tuple[Figure, ...]) -> Iterator[Row]:
    """The figures as a table: a row for each number, and one for what has none."""
    for figure in figures:
        its = figure.definition
        for cell in figure.cells or (Shown("", None, None, figure.value),):
            named = (its.id, its.number, its.title.id, its.title.en)
            yield (*named, cell.key, cell.part, cell.count, cell.value, figure.total, its.source)


def register_of(reports: Reports, reader: Actor, period: Period, format_: str) -> Response:
    """The register list as a file."""
    entries = reports.entries(reader, period)
    name = f"register-{period.first}-{period.last}"
    if format_ == "json":
        return spooled(f"{name}.json", "application/json", lambda file: _as_json(file, period, entries))
    rows = (tuple(_cell(value) for value in each.model_dump(mode="json").values()) for each in entries)
    return exported(name, format_, tuple(RegisterEntry.model_fields), rows)


def _cell(value: Any) -> str | None:
    return "; ".join(value) if isinstance(value, list) else value


def _as_json(file: IO[bytes], period: Period, entries: Iterator[RegisterEntry]) -> None:
    file.write(f'{{"from":"{period.first}","to":"{period.last}","items":['.encode())
    for number, each in enumerate(entries):
        file.write((b"," if number else b"") + each.model_dump_json().encode())
    file.write(b"]}")
