"""A storm of SIGKILL over two workers and the engine, under callers that repeat, while clocks of seconds run out.

`python -m bench.storm [SECONDS] [SEED]`: 60 seconds by default. Then log and workflow are compared. It needs nothing
running, says how late rungs were, and exits 1 where a command or a rung was lost, doubled or put out of order, or a
command answered in two ways. A watch with no patience tells, beside the cases, what is due.
"""

import asyncio
import random
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig
from temporalio.service import RPCError

from bench import ladders
from bench.callers import Record, call
from casework.db.session import engine_for
from casework.db.watch import SqlWatch
from casework.models.people import ENGINE
from casework.pathways.in_force import InForce
from casework.rules.chain import CASE_LOG, first_break
from starter.cases import Cases
from tests.faults import POINTS, ROLL_POINTS, RUNG_POINTS, Ground, Temporal, WorkerProcess
from tests.postgres import Scratch, scratch_database
from tests.rungs import Found, found
from tests.stack import Stack

IN_SECONDS = Path(__file__).parent.parent / "examples" / "pathways" / "demonstration"
DYING = tuple(dict.fromkeys((*POINTS, *RUNG_POINTS, *ROLL_POINTS)))
CALLERS = 4
SETTLE_SECONDS = 120.0
ROLLOVER_EVENTS = 200
IMPATIENCE = timedelta(seconds=1)
"""How late a step may be before the storm's watch tells it; the product's waits longer."""


async def rage(
    engine: Temporal, workers: list[WorkerProcess], record: Record, until: float, dice: random.Random
) -> None:
    """Kill, one after the other, and start again what was killed, in either order."""
    while time.monotonic() < until:
        await asyncio.sleep(dice.uniform(1, 4))
        fault = dice.choice(["worker", "worker", "point", "point", "point", "engine", "both"])
        record.faults[fault] = record.faults.get(fault, 0) + 1
        worker = dice.choice(workers)
        if fault == "point":
            worker.trap.arm(dice.choice(DYING))
            await asyncio.sleep(dice.uniform(0.5, 3))
            worker.trap.disarm()
        if fault in ("worker", "both"):
            worker.kill()
        if fault in ("engine", "both"):
            engine.kill()
            await asyncio.sleep(dice.uniform(0, 4))
            if fault == "both" and dice.random() < 0.5:
                await worker.begin("engine_away")
            engine.start()
            await engine.ready()
        for one in workers:
            await (one.said("works") if one.alive else one.begin())


async def watch(app: Stack, scratch: Scratch, record: Record, enough: asyncio.Event) -> None:
    """Tell, again and again, what cases have not told."""
    engine = engine_for(scratch.app_url, size=1)
    tells = SqlWatch(engine, app.office.surroundings)
    while not enough.is_set():
        now = datetime.now(UTC)
        record.told_by_watch += await asyncio.to_thread(tells.tell, now - IMPATIENCE, now, 100)
        with suppress(TimeoutError):
            await asyncio.wait_for(enough.wait(), 0.3)
    engine.dispose()


async def at_rest(app: Stack, case_id: str, due: datetime) -> Found:
    """The case as soon as its workflow stands where its log ends and has told what was due; else as it is at last."""
    until = time.monotonic() + SETTLE_SECONDS
    case: Found | None = None
    while case is None or time.monotonic() < until:
        with suppress(RPCError):
            case = await found(app, case_id)
            waits = case.state.next_at is not None and case.state.next_at <= due
            if (case.state.revision, case.row_revision) == (len(case.log), len(case.log)) and not waits:
                return case
        await asyncio.sleep(0.3)
    return case


async def compare(app: Stack, record: Record, due: datetime) -> None:
    """Whatever was told is in the log once and in order, and every workflow stands where its log ends."""
    for case_id in record.cases:
        case = await at_rest(app, case_id, due)
        record.wrong += [*written_once(case, record), *ladders.wrong(case, due)]
        record.late += ladders.late(case)
        record.rungs += len(case.told)


def written_once(case: Found, record: Record) -> list[str]:
    """What is wrong with the log of a case, compared with what callers were told."""
    told = {r.command_id: r for _, r in record.told if r.case_id == case.case_id}
    written = {row["command_id"]: row["sequence"] for row in case.log}
    given = [row for row in case.log if row["account_id"] != ENGINE]
    lost = [r.sequence for r in told.values() if written.get(r.command_id) != r.sequence]
    broken = first_break(CASE_LOG, case.log)
    said = {
        f"the log ends at {len(case.log)}, the workflow at {case.state.revision}, the row at {case.row_revision}": (
            {case.state.revision, case.row_revision} != {len(case.log)}
        ),
        "the log is not in order": [r["sequence"] for r in case.log] != list(range(1, len(case.log) + 1)),
        f"the chain breaks: {broken}": broken is not None,
        f"lost or doubled: {lost}": bool(lost) or len(written) != len(case.log),
        f"{len(told)} commands, {len(given)} rows": len(told) != len(given),
    }
    return [f"{case.case_id}: {fault}" for fault, holds in said.items() if holds]


async def storm(seconds: float, seed: int) -> Record:
    """The whole of it."""
    record, dice = Record(), random.Random(seed)  # noqa: S311
    with scratch_database() as scratch, tempfile.TemporaryDirectory(prefix="tuntas-storm-") as home:
        ground = Ground(scratch, Path(home))
        engine = Temporal(Path(home))
        settings = ground.settings(engine)
        workers = [WorkerProcess(settings, Path(home), f"worker-{number}") for number in (1, 2)]
        try:
            engine.start()
            await engine.ready()
            for worker in workers:
                await worker.begin()
            async with ground.asking(settings) as app:
                in_seconds(app)
                enough = asyncio.Event()
                watching = asyncio.create_task(watch(app, scratch, record, enough))
                until = time.monotonic() + seconds
                calls = (call(app, record, until, dice) for _ in range(CALLERS))
                await asyncio.gather(rage(engine, workers, record, until, dice), *calls)
                await compare(app, record, datetime.now(UTC))
                enough.set()
                await watching
        finally:
            for worker in workers:
                worker.kill()
            engine.kill()
    return record


def in_seconds(app: Stack) -> None:
    """Give an office pathways whose clocks run out within seconds, and cases that move to a fresh run often."""
    own = replace(app.office, in_force=InForce(IN_SECONDS))
    app.cases = Cases(app.client, replace(app.desk, office=own), wait=5.0, rollover_events=ROLLOVER_EVENTS)


def main(seconds: float = 60.0, seed: int = 1) -> int:
    """Run it and say what came of it."""
    # That the engine is away is no news here.
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter="OFF"))))
    record = asyncio.run(storm(seconds, seed))
    faults = ", ".join(f"{count} {fault}" for fault, count in sorted(record.faults.items()))
    lines = [
        f"seed {seed}: {len(record.told)} commands in {len(record.cases)} cases; killed: {faults}",
        f"{record.unsure} answers of 503, slowest command {record.slowest:.1f} s",
        f"{record.rungs} steps of ladders; escalations {ladders.lateness(record.late)}; "
        f"the watch was first with {record.told_by_watch} notices",
        f"wrong: {len(record.wrong)}",
        *record.wrong,
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if record.wrong else 0


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(main(float(given[0]) if given else 60.0, int(given[1]) if given[1:] else 1))
