"""`tuntas patrol`: the record and the engine compared now, not only at night."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from starter.cli import screen
from starter.cli.environment import failures, settings
from starter.cli.failures import Away, Refused

if TYPE_CHECKING:
    from casework.models.patrol import PatrolReport

COLUMNS = ("finding", "case", "detail", "since")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(patrol)


def patrol(
    json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
    wait: Annotated[float, typer.Option(metavar="SECONDS", min=1, help="How long to wait for it.")] = 600,
) -> None:
    """Compare record and engine now, queue lost notices again, and show what is wrong."""
    with failures():
        report = asyncio.run(_patrol(wait))
    if json:
        screen.as_json(report.model_dump(mode="json"))
    else:
        _show(report)
    if report.wrong:
        raise Refused(f"{report.wrong} findings hold")


def _show(report: "PatrolReport") -> None:
    screen.say(
        f"{report.looked} cases compared, {report.requeued} notices queued again, {report.told} digests queued, "
        f"{report.wrong} findings hold"
    )
    if report.findings:
        rows = ((f.kind, f.case_number or f.case_id, f.detail, f.found_at.isoformat()) for f in report.findings)
        screen.table("Findings", COLUMNS, rows)


async def _patrol(wait: float) -> "PatrolReport":
    from temporalio.client import WorkflowFailureError
    from temporalio.service import RPCError

    from casework.assembly import adapters
    from casework.temporal.connect import connect
    from starter.patrolling import go_round

    outside = adapters(settings())
    try:
        client = await connect(outside.settings, outside.keys, outside.root)
        async with asyncio.timeout(wait):
            return await go_round(client)
    except TimeoutError:
        raise Away(f"No report within {wait:g} seconds: is a worker there? The patrol goes on by itself.") from None
    except RPCError:
        raise Away("engine_unavailable: the engine does not answer.") from None
    except WorkflowFailureError:
        raise Refused("The patrol could not be ended; the engine's lists say why.") from None
    finally:
        outside.close()
