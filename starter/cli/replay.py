"""`tuntas replay`: whether this code would have written the histories that there are."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from starter.cli import screen
from starter.cli.environment import failures, settings
from starter.cli.failures import Refused

if TYPE_CHECKING:
    from starter.replay import Mismatch


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(replay)


def replay(
    everything: Annotated[bool, typer.Option("--all", help="All open cases, not a sample of 150.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The result as JSON.")] = False,
) -> None:
    """Replay the recorded histories and a sample of the open ones, or all, against this code."""
    with failures():
        count, found = asyncio.run(_replay(everything))
    if json:
        screen.as_json({"replayed": count, "mismatches": [{"case": m.case, "detail": m.detail} for m in found]})
    if found:
        lines = tuple(f"{m.case}: {m.detail}" for m in found)
        raise Refused(f"{len(found)} of {count} histories would go another way", lines)
    if not json:
        screen.say(f"{count} histories replayed: this code takes the same course")


async def _replay(everything: bool) -> "tuple[int, list[Mismatch]]":
    from casework.assembly import adapters
    from casework.temporal.connect import connect
    from starter.replay import SAMPLE, SECONDS, open_histories, recorded, recorded_converter
    from starter.replay import replay as run

    outside = adapters(settings())
    try:
        count, found = await run(recorded(), recorded_converter())
        client = await connect(outside.settings, outside.keys, outside.root)
        limits = (None, None) if everything else (SAMPLE, SECONDS)
        more, wrong = await run(open_histories(client, *limits), client.data_converter)
    finally:
        outside.close()
    return count + more, [*found, *wrong]
