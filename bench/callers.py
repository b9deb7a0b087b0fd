"""Callers in a storm: each opens cases and works on them, and repeats every command until it is answered."""

import asyncio
import random
import time
from dataclasses import dataclass, field

from casework.commands import Command, OpenCase, RecordAssessment, RecordService
from casework.errors import CaseworkError
from casework.models.state import Receipt
from starter.asking import Asking
from starter.cases import Queued
from tests.short_pathways import report
from tests.stack import Stack
from tests.test_once import service

PAUSE = 0.4
"""Between two commands of one caller: the storm is to show losses, not queues."""
REPEATED, OPENED, ASSESSED = 0.1, 0.05, 0.05
LEFT_ALONE = 3
"""Every third case is; in the others its clocks race with commands."""


@dataclass
class Record:
    """What callers were told, what was done to the servers, and what came of it."""

    told: list[tuple[Asking, Receipt]] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    unsure: int = 0
    slowest: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    told_by_watch: int = 0
    late: list[float] = field(default_factory=list)
    rungs: int = 0
    wrong: list[str] = field(default_factory=list)


async def insist(app: Stack, record: Record, asked: Asking, body: Command, dice: random.Random) -> Receipt:
    """Repeat one command under its key until there is a receipt."""
    since = time.monotonic()
    while True:
        try:
            receipt = await give(app, asked, body)
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


async def give(app: Stack, asked: Asking, body: Command) -> Receipt:
    """Give one command."""
    match body:
        case OpenCase():
            return await app.cases.open(asked, body)
        case RecordAssessment():
            return await app.cases.assess(asked, body)
        case RecordService():
            return await app.cases.record_service(asked, body)
    raise TypeError(type(body))


async def same_again(app: Stack, record: Record, asked: Asking, body: Command, receipt: Receipt) -> None:
    """Ask once more for what was answered."""
    try:
        if await give(app, asked, body) != receipt:
            record.wrong.append(f"{receipt.case_id}: command {receipt.sequence} was answered in two ways")
    except CaseworkError as error:
        if error.status != 503:
            raise


async def call(app: Stack, record: Record, until: float, dice: random.Random) -> None:
    """One caller: opens cases, and works on those that are not left alone."""
    while time.monotonic() < until:
        worked_on = [id_ for number, id_ in enumerate(record.cases) if number % LEFT_ALONE]
        new = not worked_on or dice.random() < OPENED
        body: Command = report() if new else service()
        if not new and dice.random() < ASSESSED:
            body = RecordAssessment.model_validate({"risk": dice.choice(["high", "medium", "low"])})
        asked = app.ask(app.caseworker, "" if new else dice.choice(worked_on))
        receipt = await insist(app, record, asked, body, dice)
        if new:
            record.cases.append(receipt.case_id)
        await asyncio.sleep(dice.uniform(0, 2 * PAUSE))
