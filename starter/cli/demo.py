"""`tuntas demo`: a scenario, months in seconds, with its timeline."""

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from starter.cli import screen
from starter.cli.failures import BadUsage

if TYPE_CHECKING:
    from starter.demo.scenario import Scenario
    from starter.demo.timeline import Entry

SCENARIOS = Path(__file__).parents[2] / "examples" / "scenarios"
DEFAULT = SCENARIOS / "okus-trafficking-2024.json"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    scenario: Annotated[Path, typer.Argument(metavar="SCENARIO.json", help="The one to play.")] = DEFAULT,
    json: Annotated[bool, typer.Option("--json", help="The timeline as JSON.")] = False,
) -> None:
    """Play a scenario through the real workflows and print what happened, when, by whom, and what was late."""
    from starter.demo.scenario import ScenarioError, read
    from starter.demo.timeline import show

    try:
        told = read(scenario)
    except ScenarioError as error:
        raise BadUsage(str(error)) from None
    logging.getLogger("temporalio").setLevel(logging.ERROR)
    entries = play(told)
    if json:
        screen.as_json([entry.as_json() for entry in entries])
    else:
        console = Console()
        show(entries, told.title, console if console.is_terminal else Console(width=120))


def play(told: "Scenario") -> "list[Entry]":
    """Play it, with a bar on terminals."""
    from starter.demo.run import run

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        total = len(told.steps) + sum(step.answer is not None for step in told.steps)
        task = progress.add_task(told.id, total=total)
        return asyncio.run(run(told, lambda what: progress.update(task, advance=1, description=what[:60])))
