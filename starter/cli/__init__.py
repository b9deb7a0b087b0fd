"""The command line: cases through the API, as any other program; the machine it runs on, directly.

Exit status: 0 done, 1 refused or found wrong, 2 bad usage, 3 a service is away.
"""

import sys
from collections.abc import Sequence

import typer

from starter.cli import (
    audit,
    demo,
    exporting,
    keys,
    machine,
    outreach,
    pathways,
    patrol,
    people,
    reading,
    replay,
    report,
    seeding,
    ways_in,
    writing,
)
from starter.cli.failures import Failure
from starter.cli.screen import complain

app = typer.Typer(
    name="tuntas",
    help="A durable workflow engine for multi-agency case handling.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its frames would print what a case holds
    add_completion=False,
)
for module in (reading, report, exporting, writing, machine, people, demo, seeding, replay, patrol):
    module.register(app)
app.add_typer(ways_in.app, name="account")
app.add_typer(pathways.app, name="pathways")
app.add_typer(outreach.app, name="outreach")
app.add_typer(audit.app, name="audit")
app.add_typer(keys.app, name="keys")


def main(words: Sequence[str] | None = None) -> None:
    """Run one command and exit with its status."""
    try:
        app(list(words) if words is not None else None, prog_name="tuntas")
    except Failure as failure:
        complain(failure)
        sys.exit(failure.status)
