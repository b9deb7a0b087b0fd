"""`tuntas pathways`: a district's own rules, checked and tried on past cases before they are used."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from starter.cli import screen
from starter.cli.environment import database, failures, settings
from starter.cli.exporting import OpenedFrom, OpenedTo, exporter_of
from starter.cli.failures import BadUsage, Refused

if TYPE_CHECKING:
    from casework.models.dry_run import DryRun, Tally
    from casework.rules.dry_run import Pathways

app = typer.Typer(help="The rules of each category, as data.", no_args_is_help=True)
COLUMNS = ("clock", "of", "how many", "late", "would be", "escalations", "would be", "")
WIDTH = 20
SAME = "nothing would have been otherwise"


@app.callback()
def group() -> None:
    """The rules of each category, as data."""


@app.command()
def check(
    directory: Annotated[Path | None, typer.Argument(metavar="DIR", help="A district's pathways.")] = None,
    json: Annotated[bool, typer.Option("--json", help="What was found, as JSON.")] = False,
) -> None:
    """Check a directory of pathway files, or the built-in ones."""
    from casework.pathways import check as problems_of

    problems = problems_of(directory)
    if json:
        screen.as_json([problem.model_dump(mode="json") for problem in problems])
    if problems:
        raise Refused(f"{len(problems)} found in {directory or 'the built-in pathways'}", tuple(map(str, problems)))
    if not json:
        screen.say(f"{directory or 'the built-in pathways'}: nothing wrong")


@app.command(name="try")
def try_(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A district's pathways, as they might be.")],
    against: Annotated[
        Path | None, typer.Option(metavar="LOG", help="A log of `tuntas export-events --ocel`, instead of the record.")
    ] = None,
    from_: OpenedFrom = None,
    to: OpenedTo = None,
    json: Annotated[bool, typer.Option("--json", help="All counts, as JSON.")] = False,
) -> None:
    """What changed deadlines and ladders would have done to past cases: what late, and how often somebody told.

    On the record it is compared with what is in force on this machine; on a log, with the files of TUNTAS_PATHWAYS or
    the built-in ones.
    """
    if against and (from_ or to):
        raise BadUsage("A log holds the cases that it was exported with; leave out --from and --to.")
    after = _loaded(directory)
    with failures():
        run = _on_log(against, after) if against else _on_record(after, from_, to)
    if json:
        screen.as_json(run.model_dump(mode="json"))
        return
    if run.tallies:
        screen.table(f"past cases under {directory}", COLUMNS, list(_rows(run)))
    told = f"{run.cases} cases, {run.clocks} clocks: " + ("" if run.tallies else SAME)
    screen.say(told if not run.tallies else f"{told}{_sum(run)}")
    if run.untold:
        screen.say(f"{run.untold} clocks are known to one of the two alone, and were not tried")


def _loaded(directory: Path | None) -> "Pathways":
    from casework.pathways import load
    from casework.pathways.loader import PathwayFileError

    try:
        return load(directory)
    except PathwayFileError as error:
        raise Refused(f"{len(error.problems)} found in {directory}", tuple(map(str, error.problems))) from None


def _on_log(log: Path, after: "Pathways") -> "DryRun":
    from casework.directory.calendar import working_calendar
    from casework.event_logs.reading import cases_in
    from casework.rules.dry_run import Ground, tried
    from casework.settings import Settings

    own = os.environ.get("TUNTAS_PATHWAYS")
    cases, until = cases_in(log)
    zone = os.environ.get("TUNTAS_TIMEZONE", Settings.model_fields["timezone"].default)
    calendar = working_calendar(range(until.year - 4, until.year + 4), zone)
    return tried(cases, _loaded(Path(own) if own else None), after, Ground(calendar, until))


def _on_record(after: "Pathways", first: datetime | None, last: datetime | None) -> "DryRun":
    from casework.db.pathways import SqlPathwayVersions
    from casework.pathways.in_force import InForce
    from casework.rules.dry_run import Ground, tried
    from casework.rules.event_log import days_between
    from starter.trying import PastCases

    own = settings()
    with database(own.database_url.get_secret_value(), walled=True) as engine:
        reads = exporter_of(engine, own)
        before = InForce(own.pathways_dir, SqlPathwayVersions(engine))()
        period = days_between(first and first.date(), last and last.date(), reads.now(), own.timezone)
        cases = PastCases(reads.logs, reads.named, reads.calendar).opened_in(period)
        return tried(cases, before, after, Ground(reads.calendar, reads.now()))


def _rows(run: "DryRun") -> Iterator[tuple[object, ...]]:
    most = max(max(tally.late_before or 0, tally.late_after or 0) for tally in run.tallies)
    for tally in run.tallies:
        counts = (tally.late_before, tally.late_after, tally.steps_before, tally.steps_after)
        yield tally.kind, tally.owner, tally.clocks, *counts, _bar(tally, most)


def _bar(tally: "Tally", most: int) -> str:
    """What is late, before and after, drawn: what would be too is full, what only was or would be is not."""
    before, after = (round(WIDTH * (count or 0) / (most or 1)) for count in (tally.late_before, tally.late_after))
    return "█" * min(before, after) + ("░" if before > after else "▒") * abs(before - after)


def _sum(run: "DryRun") -> str:
    late, climbed = (
        sum((getattr(tally, f"{of}_after") or 0) - (getattr(tally, f"{of}_before") or 0) for tally in run.tallies)
        for of in ("late", "steps")
    )
    return f"{late:+} late, {climbed:+} escalations"
