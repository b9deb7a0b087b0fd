"""`tuntas pathways`: a district's own rules, checked before they are used."""

from pathlib import Path
from typing import Annotated

import typer

from starter.cli import screen
from starter.cli.failures import Refused

app = typer.Typer(help="The rules of each category, as data.", no_args_is_help=True)


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
