"""`tuntas export-events`: event logs of past cases for process mining."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from starter.cli import screen
from starter.cli.environment import database, settings
from starter.cli.failures import BadUsage
from starter.cli.report import whole

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from casework.models.figure import Period
    from casework.settings import Settings
    from starter.exporting import Exporter, Take

Writing = Callable[[IO[bytes]], AbstractContextManager["Take"]]
DAYS = ["%Y-%m-%d"]
OpenedFrom = Annotated[
    datetime | None, typer.Option("--from", formats=DAYS, metavar="DAY", help="Cases opened on this day or later.")
]
OpenedTo = Annotated[
    datetime | None, typer.Option("--to", formats=DAYS, metavar="DAY", help="Cases opened on this day or earlier.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="export-events")(export_events)


def export_events(
    xes: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to, as XES (IEEE 1849-2016).")] = None,
    ocel: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to, as OCEL 2.0 JSON.")] = None,
    from_: OpenedFrom = None,
    to: OpenedTo = None,
    json: Annotated[bool, typer.Option("--json", help="How much was written, as JSON.")] = False,
) -> None:
    """Write what happened on cases as event logs for process mining: codes and times, nobody's name, number or address.

    On the machine, with its database; the access log says which cases were read. A file is there when it is whole.
    """
    from casework.event_logs.ocel import writing_ocel
    from casework.event_logs.xes import writing_xes

    wanted: list[tuple[Path, Writing]] = [
        (file, how) for file, how in ((xes, writing_xes), (ocel, writing_ocel)) if file
    ]
    _check([file for file, _ in wanted])
    own = settings()
    first, last = (day.date() if day else None for day in (from_, to))
    with database(own.database_url.get_secret_value(), walled=True) as engine:
        told = _export(engine, own, first, last, wanted)
    told |= {name: str(file) for name, file in (("xes", xes), ("ocel", ocel)) if file}
    if json:
        screen.as_json(told)
    else:
        screen.say(f"{told['cases']} cases, {told['events']} events: {', '.join(str(file) for file, _ in wanted)}")


def _check(files: list[Path]) -> None:
    if not files:
        raise BadUsage("Name a file, with --xes or --ocel or both.")
    if len({file.absolute() for file in files}) < len(files):
        raise BadUsage("Name a file of its own for each form.")
    for file in files:
        if not file.parent.is_dir():
            raise BadUsage(f"There is no directory {file.parent}.")


def _export(
    engine: "Engine", own: "Settings", first: date | None, last: date | None, wanted: list[tuple[Path, Writing]]
) -> dict[str, object]:
    from casework.rules.event_log import days_between

    exporter = exporter_of(engine, own)
    period = days_between(first, last, exporter.now(), own.timezone)
    with ExitStack() as files, _advancing(exporter, period) as advance:
        takers = [files.enter_context(how(files.enter_context(whole(file)))) for file, how in wanted]
        done = exporter.export(period, takers, advance)
    return {"from": str(period.first), "to": str(period.last), "cases": done.cases, "events": done.events}


def exporter_of(engine: "Engine", own: "Settings") -> "Exporter":
    """What reads this machine's record for a log."""
    from casework.assembly import surroundings, wall_clock
    from casework.db.access_log import SqlAccessLog
    from casework.db.event_logs import SqlEventLogs
    from casework.directory.agencies import load_agencies
    from casework.directory.calendar import working_calendar
    from casework.rules.event_log import Names
    from starter.exporting import Exporter

    agencies = load_agencies().values()
    year = wall_clock().year
    return Exporter(
        logs=SqlEventLogs(engine),
        access_log=SqlAccessLog(engine),
        named=Names(agencies, surroundings(agencies, own.lead_unit).ladders),
        calendar=working_calendar(range(year - 1, year + 4), own.timezone),
        now=wall_clock,
    )


@contextmanager
def _advancing(exporter: "Exporter", period: "Period") -> Iterator[Callable[[int], None]]:
    """A bar, on terminals."""
    console = Console(stderr=True)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("cases", total=exporter.logs.count(period))
        yield lambda done: progress.update(task, advance=done)
