"""Figures and the register list as files."""

from collections.abc import Iterator
from typing import IO, Any

from starlette.responses import Response

from casework.models.figure import Figure, Period, Shown
from casework.models.people import Actor
from casework.rules.register import RegisterEntry
from web.api.reporting import Reports
from web.exports import Row, exported, spooled

HEAD = ("figure", "number", "title_id", "title_en", "key", "part", "count", "value", "total", "source")


def figures_as(figures: tuple[Figure, ...], period: Period, format_: str) -> Response:
    """Figures as a table to be saved."""
    return exported(f"indicators-{period.first}-{period.last}", format_, HEAD, rows_of(figures))


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
