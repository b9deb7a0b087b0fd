"""What is written of the ladders of cases: read from the record, compared with what must be, and how late it was."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, Self

from sqlalchemy import Engine, select

from casework.db.caller import ENGINE
from casework.db.session import engine_for, reading
from casework.db.tables import case_log, cases, deadlines, notices
from casework.ids import workflow_id
from casework.models.state import CaseState
from casework.rules.chain import CASE_LOG, first_break
from tests.short_pathways import Expected
from tests.stack import Stack
from workflows.case import CaseWorkflow

LADDER = ("ReminderSent", "CaseEscalated")
LOOK = 0.2


@dataclass(frozen=True)
class Found:
    """One case as the database and its workflow have it."""

    case_id: str
    log: Sequence[Mapping[str, Any]]
    row_revision: int
    deadlines: Mapping[str, tuple[bool, int, int, datetime | None]]
    told_of: Sequence[str]
    """The keys of steps that somebody was told of, once for each notice."""
    state: CaseState

    @property
    def opened_at(self) -> datetime:
        """When its clocks began."""
        at: datetime = self.log[0]["at"]
        return at

    @property
    def told(self) -> Sequence[Mapping[str, Any]]:
        """The rows its ladders wrote."""
        return [row for row in self.log if row["kind"] in LADDER]


async def found(app: Stack, case_id: str) -> Found:
    """Read it."""
    state = await app.client.get_workflow_handle(workflow_id(case_id)).query(CaseWorkflow.state)
    assert isinstance(state, CaseState)
    of_ladders = notices.c.kind.in_(("reminder", "escalation"))
    told = select(notices.c.id).where(notices.c.case_id == case_id, of_ladders)
    steps = (deadlines.c.reminded, deadlines.c.rung, deadlines.c.arming, deadlines.c.told_at)
    climbed = select(deadlines.c.id, *steps)
    with reading(app.outside.engine, ENGINE) as connection:
        rows = connection.execute(climbed.where(deadlines.c.case_id == case_id)).all()
        return Found(
            case_id=case_id,
            log=app.log(case_id),
            row_revision=connection.scalars(select(cases.c.revision).where(cases.c.id == case_id)).one(),
            deadlines={row.id: (row.reminded, row.rung, row.arming, row.told_at) for row in rows},
            told_of=[notice_id.rpartition(".")[0] for notice_id in connection.scalars(told)],
            state=state,
        )


def revisions(app: Stack, case_ids: Sequence[str]) -> Sequence[int]:
    """How far the database has come with each case."""
    with reading(app.outside.engine, ENGINE) as connection:
        return connection.scalars(select(cases.c.revision).where(cases.c.id.in_(case_ids))).all()


def agrees(case: Found) -> None:
    """The log is whole and in order, and log, row and workflow say the same."""
    assert first_break(CASE_LOG, case.log) is None
    assert [row["sequence"] for row in case.log] == list(range(1, len(case.log) + 1))
    assert len({row["command_id"] for row in case.log}) == len(case.log)
    assert (case.state.revision, case.row_revision) == (len(case.log), len(case.log))
    assert case.deadlines == {d.id: (d.reminded, d.rung, d.arming, d.told_at) for d in case.state.deadlines.values()}
    assert list(case.log) == sorted(case.log, key=lambda row: row["at"])


def told_once(case: Found, expected: Sequence[Expected]) -> None:
    """Every step once and in order, none before its time, and each of its notices once."""
    agrees(case)
    assert [(row["kind"], row["command_id"]) for row in case.told] == [(e.kind, e.command_id) for e in expected]
    for row, step in zip(case.told, expected, strict=True):
        assert row["at"] >= step.at - timedelta(milliseconds=1)
    assert sorted(case.told_of) == sorted(id_ for step in expected for id_ in step.told_of)


@dataclass
class Lateness:
    """How late rungs are: by the time the record gives them, and by when somebody who keeps looking sees them."""

    seen: dict[str, datetime] = field(default_factory=dict)
    of: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    @asynccontextmanager
    async def looking(self, database_url: str) -> AsyncIterator[Self]:
        """Keep looking at a database."""
        engine, enough = engine_for(database_url, size=1), asyncio.Event()
        looks = asyncio.create_task(self._look(engine, enough))
        try:
            yield self
        finally:
            enough.set()
            await looks  # not cancelled: its thread may be reading
            engine.dispose()

    async def _look(self, engine: Engine, enough: asyncio.Event) -> None:
        while not enough.is_set():
            for id_ in await asyncio.to_thread(_told_in, engine):
                self.seen.setdefault(id_, datetime.now(UTC))
            with suppress(TimeoutError):
                await asyncio.wait_for(enough.wait(), LOOK)

    def add(self, name: str, told: Iterable[Mapping[str, Any]], expected: Iterable[Expected]) -> None:
        """The rungs of one case, with when each was due."""
        rows = {row["command_id"]: row for row in told}
        for step in expected:
            if row := rows.get(step.command_id):
                seen = self.seen.get(step.command_id, datetime.now(UTC))
                late = ((row["at"] - step.at).total_seconds(), (seen - step.at).total_seconds())
                self.of.setdefault(name, []).append(late)

    def lines(self) -> list[str]:
        """One line for each name: most and median, of both."""
        return [self._line(name, late) for name, late in self.of.items()]

    def _line(self, name: str, late: Sequence[tuple[float, float]]) -> str:
        by, seen = ([pair[which] for pair in late] for which in (0, 1))
        return (
            f"{name}: {len(late)} rungs, late by at most {max(by):.1f} s, median {median(by):.1f} s; "
            f"seen after at most {max(seen):.1f} s, median {median(seen):.1f} s"
        )


def _told_in(engine: Engine) -> Sequence[str]:
    told = select(case_log.c.command_id).where(case_log.c.kind.in_(LADDER))
    with reading(engine, ENGINE) as connection:
        return connection.scalars(told).all()
