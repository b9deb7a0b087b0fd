"""`tuntas audit`: whether the record is what was written."""

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from starter.cli import screen
from starter.cli.environment import WHERE, failures, settings
from starter.cli.failures import Away, BadUsage, Refused

if TYPE_CHECKING:
    from temporalio.client import Client

    from casework.assembly import Adapters
    from casework.settings import Settings
    from starter.audit.findings import Verified

app = typer.Typer(help="The logs, checked.", no_args_is_help=True)
KEYS = ("name the public keys in TUNTAS_CHECKPOINT_KEYS, or give TUNTAS_SIGNING_KEY_FILE", WHERE)
AsJson = Annotated[bool, typer.Option("--json", help="What was found, as JSON.")]


@app.callback()
def group() -> None:
    """The logs, checked."""


@app.command()
def verify(
    case: Annotated[str | None, typer.Argument(metavar="CASE", help="A case's id or number; all without it.")] = None,
    root: Annotated[str | None, typer.Option(help="A checkpoint's root as the auditor was told it.")] = None,
    engine: Annotated[bool, typer.Option(help="Whether to compare with the engine's history.")] = True,
    json: AsJson = False,
) -> None:
    """Recompute every chain, open every sealed text, check every signature, and compare with the engine's history.

    On the machine, with its keys: it shows numbers, sequences and what is wrong there, and no content. Exits with 1
    where something is wrong, with 3 where a service is away that should have been asked.
    """
    own = settings()
    if own.checkpoints_url is None or not (own.checkpoint_keys or own.signing_key_file):
        raise BadUsage("Checkpoints cannot be read without CHECKPOINTS_URL, nor believed without their keys.", KEYS)
    with failures():
        verified = asyncio.run(_verify(own, case, root, engine))
    if json:
        screen.as_json(asdict(verified))
    conclude(verified, quiet=json)


def conclude(verified: "Verified", *, quiet: bool = False) -> None:
    """Say what a verification came to, the first thing that is wrong first, as a failure where it is one."""
    not_seen = tuple(f"not checked: {what}" for what in verified.unchecked)
    if verified.findings:
        raise Refused(f"{len(verified.findings)} found in {verified.looked}", (*map(str, verified.findings), *not_seen))
    if verified.away:
        raise Away(f"nothing wrong was found in {verified.looked}, but not all could be looked at", not_seen)
    if not quiet:
        screen.say(f"{verified.looked}: as they were written")
        for line in not_seen:
            screen.say(line)


@app.command()
def key(json: AsJson = False) -> None:
    """The public key by which checkpoints are believed; write it down where nobody can change it."""
    from casework.vault.signing import id_of
    from starter.notaries import signing_key_of

    with failures():
        public = signing_key_of(settings()).public
    if json:
        screen.as_json({"id": id_of(public), "public": public})
    else:
        screen.say(public)


async def _verify(own: "Settings", case: str | None, root: str | None, engine: bool) -> "Verified":
    from casework.assembly import adapters
    from casework.temporal.connect import connect

    outside = adapters(own)
    try:
        client = await connect(outside.settings, outside.keys, outside.root, lazy=True) if engine else None
        return await _shown(outside, client, case, root)
    finally:
        outside.close()


async def _shown(outside: "Adapters", client: "Client | None", case: str | None, root: str | None) -> "Verified":
    """The verification, with a bar on terminals once it takes long."""
    from starter.audit.sources import sources
    from starter.audit.verify import verify as run

    console = Console(stderr=True)
    with (
        sources(outside, client) as read,
        Progress(console=console, transient=True, disable=not console.is_terminal) as bar,
    ):
        task = bar.add_task("verifying", total=None)
        return await run(read, case, root, lambda done, total: bar.update(task, total=total, advance=done))
