"""`tuntas demo`: a scenario, months in seconds, with its timeline."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from starter.cli import screen
from starter.cli.failures import BadUsage, Refused

if TYPE_CHECKING:
    from starter.demo.report import Played
    from starter.demo.scenario import Scenario

SCENARIOS = Path(__file__).parents[2] / "examples" / "scenarios"
DEFAULT = SCENARIOS / "okus-trafficking-2024.json"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    scenario: Annotated[Path, typer.Argument(metavar="SCENARIO.json", help="The one to play.")] = DEFAULT,
    json: Annotated[bool, typer.Option("--json", help="The timeline as JSON.")] = False,
) -> None:
    """Play a scenario through the real workflows and print what happened, when, by whom, and what was late.

    Exits with 1 where something is not as the scenario expects.
    """
    from starter.demo.report import as_json, show
    from starter.demo.scenario import ScenarioError, read

    try:
        told = read(scenario)
    except ScenarioError as error:
        raise BadUsage(str(error)) from None
    with quiet("temporalio"):
        played = play(told)
    if json:
        screen.as_json(as_json(played))
    else:
        console = Console()
        show(played, console if console.is_terminal else Console(width=120))
    if played.mismatches:
        raise Refused(f"{told.id}: not as expected", played.mismatches)


@contextmanager
def quiet(name: str) -> Iterator[None]:
    """Only errors of a logger while this is open; what it said before it says again."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def play(told: "Scenario") -> "Played":
    """Play it, with a bar on terminals."""
    from starter.demo.run import run
    from starter.demo.scenario import ScenarioError

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(told.id, total=told.length)
        advance = partial(progress.update, task, advance=1)
        try:
            return asyncio.run(run(told, lambda what: advance(description=what[:60])))
        except ScenarioError as error:
            raise Refused(f"{told.id}: {error}") from None
