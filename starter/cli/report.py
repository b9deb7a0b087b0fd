"""`tuntas report`: the figures of a period, and the list for the national register."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from starter.cli import screen
from starter.cli.api import Api
from starter.cli.failures import BadUsage

COLUMNS = ("figure", "of", "count", "value", "source")
REASONS = {"no_input": "no input", "own_office": "the own office's"}


class Format(StrEnum):
    """How it is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(report)


def report(
    from_: Annotated[str | None, typer.Option("--from", metavar="DAY", help="The first day.")] = None,
    to: Annotated[str | None, typer.Option(metavar="DAY", help="The last day.")] = None,
    national_register: Annotated[
        bool, typer.Option("--register", help="What the national register is to be told, instead of figures.")
    ] = False,
    format_: Annotated[Format, typer.Option("--format", help="A table, or a file for others.")] = Format.TABLE,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to; the standard output unless told.")] = (
        None
    ),
    json: Annotated[bool, typer.Option("--json", help="As --format json.")] = False,
) -> None:
    """The figures of a period, by default the last quarter that is over, or the list for the national register."""
    wanted = Format.JSON if json else Format.CSV if national_register and format_ is Format.TABLE else format_
    if wanted is Format.XLSX and output is None:
        raise BadUsage("Name a file for a workbook, with --output.")
    if output and not output.parent.is_dir():
        raise BadUsage(f"There is no directory {output.parent}.")
    asked = {name: day for name, day in (("from", from_), ("to", to)) if day}
    path = "/reports/register" if national_register else "/reports/indicators"
    with Api.of_environment() as api:
        if wanted is Format.TABLE:
            _show(api.get(path, **asked))
        elif output is None:
            api.save(path, sys.stdout.buffer, **asked, format=wanted.value)
        else:
            with whole(output) as file:
                api.save(path, file, **asked, format=wanted.value)


@contextmanager
def whole(output: Path) -> Iterator[IO[bytes]]:
    """A file that is there when all of it was written, and not before; what was there stays until then."""
    beside = output.with_name(f".{output.name}.part")
    try:
        with beside.open("wb") as file:
            yield file
        beside.replace(output)
    finally:
        beside.unlink(missing_ok=True)


def _show(answer: Mapping[str, Any]) -> None:
    rows = [row for figure in answer["figures"] for row in _rows(figure)]
    screen.table(f"figures from {answer['from']} to {answer['to']}", COLUMNS, rows)


def _rows(figure: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    title = figure["title"]["en"]
    if figure["reason"]:
        yield title, "", REASONS[figure["reason"]], "", figure["source"]
        return
    for cell in figure["cells"]:
        of = " ".join(filter(None, (cell["key"], cell["part"])))
        yield title, of, "–" if cell["count"] is None else cell["count"], cell["value"], figure["source"]
    if figure["total"] is not None:
        yield title, "all", figure["total"], figure["value"], figure["source"]
