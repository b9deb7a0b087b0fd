"""`tuntas seed-demo`: a district's year of made-up cases, to look at and to measure on."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from starter.cli import screen
from starter.cli.demo import quiet
from starter.cli.environment import failures
from starter.cli.failures import Refused

if TYPE_CHECKING:
    from casework.settings import Settings
    from starter.up.applications import Ground
    from starter.year.run import Asked


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="seed-demo")(seed_demo)


def seed_demo(
    cases: Annotated[int, typer.Option(min=1, max=100_000, help="How many are reported in the year.")] = 300,
    seed: Annotated[int, typer.Option(help="Another number makes another year.")] = 1,
    data: Annotated[
        Path, typer.Option(metavar="DIR", help="The data directory of a `tuntas up` that does not run.")
    ] = (Path("var")),
    port: Annotated[int, typer.Option(help="As for `tuntas up`.")] = 8000,
) -> None:
    """Make up the year of a district that ends now, and play it through the real commands on a clock that is moved.

    Nobody in it is real, and nobody is told of it. It goes into a data directory without cases.
    """
    from starter.up import Refused as NotUp
    from starter.up import stopped
    from starter.year.run import Asked, OccupiedError

    asked = Asked(cases, seed, datetime.now(UTC))
    try:
        with stopped(data, port, screen.say) as ground, failures():
            count = _play(ground, asked)
    except NotUp as reason:
        raise Refused(str(reason)) from None
    except OccupiedError:
        raise Refused(f"{data} holds cases already.", ("name another directory, with --data",)) from None
    screen.say(f"{count} cases; look at them with `tuntas up --data {data}`")


def _play(ground: "Ground", asked: "Asked") -> int:
    """Play it, with a bar on terminals."""
    from starter.year.run import run

    settings = _settings(ground)
    console = Console(stderr=True)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("commands", total=None)

        def advance(done: int, total: int) -> None:
            progress.update(task, advance=done, total=total)

        with quiet("temporalio"):
            return len(asyncio.run(run(settings, asked, advance)))


def _settings(ground: "Ground") -> "Settings":
    """Those of the directory's own servers, whatever the environment names."""
    from casework.settings import Settings
    from starter.up.applications import reaching

    return Settings.model_validate(reaching(ground, None))
