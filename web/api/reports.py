"""Reports: the figures of a period, the cases behind a number, and what the national register is to be told."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from casework.models.figure import Figure, Period, Words
from casework.models.people import Actor
from casework.rules.figures import of_own_office
from casework.rules.register import RegisterEntry
from web.api.answers import CaseSummary
from web.api.door import Door
from web.api.report_files import figures_as, register_of
from web.api.reporting import BehindQuery, ReportQuery, Reports
from web.api.routing import V1, read, read_list
from web.exports import saved_as
from web.site import Site


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


def figures_file(figures: tuple[Figure, ...], period: Period, reader: Actor, format_: str) -> Response:
    """Figures to be saved: as the answer has them, or as a table."""
    if format_ != "json":
        return figures_as(figures, period, format_)
    answer = answer_of(period, figures, reader).model_dump_json(by_alias=True).encode()
    name = f"indicators-{period.first}-{period.last}.json"
    return Response(answer, media_type="application/json", headers=saved_as(name))


def routes(site: Site, door: Door, reports: Reports) -> list[APIRoute]:
    """Three lists of a period."""
    actor_ = Depends(door.actor)

    def indicators(query: Annotated[ReportQuery, Query()], actor: Actor = actor_) -> Any:
        period = reports.period(actor, query)
        figures = reports.figures(actor, period)
        if query.format == "json":
            return answer_of(period, figures, actor)
        return figures_as(figures, period, query.format)

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
