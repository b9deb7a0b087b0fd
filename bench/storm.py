"""A storm of SIGKILL over two workers and the engine, under callers that repeat; then log and workflow are compared.

`python -m bench.storm [SECONDS] [SEED]`: 60 seconds by default. It needs nothing running, and exits 1 where a
command was lost, doubled, put out of order, or answered in two ways.
"""

import asyncio
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from temporalio.service import RPCError

from casework.commands import RecordService
from casework.db.chain import verify_chain
from casework.errors import CaseworkError
from casework.models.state import Receipt
from starter.asking import Asking
from starter.cases import Queued
from tests.faults import POINTS, Ground, Temporal, WorkerProcess, revision
from tests.postgres import scratch_database
from tests.stack import Stack
from tests.test_once import service
from tests.test_walk import walk_in

CALLERS = 4
PAUSE = 0.4
"""Between two commands of one caller: the storm is to show losses, not queues."""
SETTLE_SECONDS = 120.0
REPEATED = 0.1
OPENED = 0.05


@dataclass
class Record:
    """What callers were told, and what was done to the servers."""

    told: list[tuple[Asking, Receipt]] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    unsure: int = 0
    slowest: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


async def insist(app: Stack, record: Record, asked: Asking, dice: random.Random) -> Receipt:
    """Repeat one command under its key until there is a receipt: an opening where no case is named."""
    since, opening, body = time.monotonic(), walk_in(), service()
    while True:
        try:
            asking = app.cases.record_service(asked, body) if asked.case_id else app.cases.open(asked, opening)
            receipt = await asking
        except (CaseworkError, Queued) as error:
            if isinstance(error, CaseworkError) and error.status != 503:
                raise
            record.unsure += 1
            await asyncio.sleep(0.3)
            continue
        record.slowest = max(record.slowest, time.monotonic() - since)
        record.told.append((asked, receipt))
        if dice.random() < REPEATED and asked.case_id:
            await same_again(app, record, asked, body, receipt)
        return receipt


async def same_again(app: Stack, record: Record, asked: Asking, body: RecordService, receipt: Receipt) -> None:
    """Ask once more for what was answered."""
    try:
        if await app.cases.record_service(asked, body) != receipt:
            record.wrong.append(f"{receipt.case_id}: command {receipt.sequence} was answered in two ways")
    except CaseworkError as error:
        if error.status != 503:
            raise


async def call(app: Stack, record: Record, until: float, dice: random.Random) -> None:
    """One caller: opens cases, and records services in any of them."""
    while time.monotonic() < until:
        new = not record.cases or dice.random() < OPENED
        asked = app.ask(app.caseworker, "" if new else dice.choice(record.cases))
        receipt = await insist(app, record, asked, dice)
        if new:
            record.cases.append(receipt.case_id)
        await asyncio.sleep(dice.uniform(0, 2 * PAUSE))


async def rage(
    engine: Temporal, workers: list[WorkerProcess], record: Record, until: float, dice: random.Random
) -> None:
    """Kill, one after the other, and start again what was killed."""
    while time.monotonic() < until:
        await asyncio.sleep(dice.uniform(1, 4))
        fault = dice.choice(["worker", "worker", "point", "point", "engine", "both"])
        record.faults[fault] = record.faults.get(fault, 0) + 1
        worker = dice.choice(workers)
        if fault == "point":
            worker.trap.arm(dice.choice(POINTS))
            await asyncio.sleep(dice.uniform(0.5, 3))
            worker.trap.disarm()
        if fault in ("worker", "both"):
            worker.kill()
        if fault in ("engine", "both"):
            engine.kill()
            await asyncio.sleep(dice.uniform(0, 4))
            engine.start()
            await engine.ready()
        for one in workers:
            if not one.alive:
                await one.begin()


async def compare(app: Stack, record: Record) -> None:
    """Whatever was told is in the log once and in order, and every workflow stands where its log ends."""
    for case_id in record.cases:
        log = app.outside.reads.log(case_id)
        until = time.monotonic() + SETTLE_SECONDS
        stands = -1
        while stands != len(log) and time.monotonic() < until:
            try:
                stands = await revision(app, case_id)
            except RPCError:
                await asyncio.sleep(0.5)
            log = app.outside.reads.log(case_id)
        if stands != len(log):
            record.wrong.append(f"{case_id}: the log ends at {len(log)}, the workflow stands at {stands}")
        if [row["sequence"] for row in log] != list(range(1, len(log) + 1)):
            record.wrong.append(f"{case_id}: the log is not in order")
        broken = verify_chain(log)
        if broken is not None:
            record.wrong.append(f"{case_id}: the chain breaks at {broken}")
        told = {r.command_id: r for _, r in record.told if r.case_id == case_id}
        written = {row["command_id"]: row["sequence"] for row in log}
        lost = [r.sequence for r in told.values() if written.get(r.command_id) != r.sequence]
        if lost or len(written) != len(log):
            record.wrong.append(f"{case_id}: lost or doubled: {lost}")
        if len(log) != len(told):
            record.wrong.append(f"{case_id}: {len(told)} commands, {len(log)} rows")


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
                app.cases = app.asking(wait=5.0)
                until = time.monotonic() + seconds
                calls = (call(app, record, until, dice) for _ in range(CALLERS))
                await asyncio.gather(rage(engine, workers, record, until, dice), *calls)
                await compare(app, record)
        finally:
            for worker in workers:
                worker.kill()
            engine.kill()
    return record


def main(seconds: float = 60.0, seed: int = 1) -> int:
    """Run it and say what came of it."""
    record = asyncio.run(storm(seconds, seed))
    faults = ", ".join(f"{count} {fault}" for fault, count in sorted(record.faults.items()))
    lines = [
        f"seed {seed}: {len(record.told)} commands in {len(record.cases)} cases; killed: {faults}",
        f"{record.unsure} answers of 503, slowest command {record.slowest:.1f} s, wrong: {len(record.wrong)}",
        *record.wrong,
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if record.wrong else 0


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(main(float(given[0]) if given else 60.0, int(given[1]) if given[1:] else 1))
