"""The patrol: the record and the engine compared part by part, lost notices queued again, the offices told.

Each activity does a bounded part and may be repeated: a finding is kept once, a digest has the id of its day.
"""

import asyncio
from datetime import datetime

from temporalio import activity

from activities.comparing import Comparison, each
from activities.patrol_ports import Ground
from casework.models.patrol import Finding, FindingKind, Page, PatrolReport
from casework.models.people import Actor, Role
from casework.patrol import INTAKE_LATE, digests
from casework.ports import BoardQuery

PAGE = 200
MOST_FINDINGS = 1000
SHOWN = 200


class PatrolActivities:
    """The parts of a patrol, on the queue of what may be slow."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    @activity.defn(name="patrol_cases")
    async def cases(self, after: str | None) -> Page:
        """Compare the next cases of the record with their workflows."""
        ground = self._ground
        rows = await asyncio.to_thread(ground.record.page, after, PAGE)
        found = await Comparison(ground.record, ground.runs, ground.now).findings(rows)
        case_ids = [row.case_id for row in rows]
        await asyncio.to_thread(ground.findings.settle_cases, case_ids, found, ground.now())
        return Page(looked=len(rows), following=case_ids[-1] if len(rows) == PAGE else None)

    @activity.defn(name="patrol_runs")
    async def runs(self) -> None:
        """Look for workflows that have no case in the record."""
        ground, found = self._ground, list[Finding]()
        async for case_ids in ground.runs.running(ground.now() - INTAKE_LATE):
            activity.heartbeat()
            unknown = await asyncio.to_thread(ground.record.unknown, case_ids)
            found += filter(None, await each(sorted(unknown)[:MOST_FINDINGS], self._unrecorded))
        await asyncio.to_thread(ground.findings.settle_unrecorded, found[:MOST_FINDINGS], ground.now())

    @activity.defn(name="patrol_intakes")
    async def intakes(self) -> None:
        """Look for reports that wait for the engine though it is there."""
        ground, now = self._ground, self._ground.now()
        waiting = await asyncio.to_thread(ground.record.waiting_intakes, now - INTAKE_LATE, MOST_FINDINGS)
        found = [Finding(kind=FindingKind.INTAKE_WAITING, case_id=case_id) for case_id in waiting]
        await asyncio.to_thread(ground.findings.settle_intakes, found, now)

    @activity.defn(name="patrol_report")
    async def report(self, looked: int) -> PatrolReport:
        """Queue lost notices again, tell the offices what stands still, and say what holds."""
        return await asyncio.to_thread(self._report, looked)

    def _report(self, looked: int) -> PatrolReport:
        ground, now = self._ground, self._ground.now()
        requeued = ground.outbox.requeue(now)
        stalled = {agency_id: self._stalled(agency_id, now) for agency_id in ground.record.offices()}
        told = ground.outbox.queue(tuple(digests(stalled, now.astimezone(ground.zone).date(), now)))
        wrong, shown = ground.findings.holding(SHOWN)
        ground.heartbeats.beat("patrol", now, well=not wrong)
        return PatrolReport(at=now, looked=looked, wrong=wrong, requeued=requeued, told=told, findings=shown)

    def _stalled(self, agency_id: str, now: datetime) -> int:
        """How much stands on the board of an office as its supervisors read it, with late reports of the public."""
        reader = Actor(account_id="patrol", role=Role.SUPERVISOR, agency_id=agency_id)
        _, count = self._ground.public_reports.counts(reader, now)
        cursor = None
        while True:
            board = self._ground.boards.board(reader, BoardQuery(now=now, limit=PAGE, cursor=cursor))
            count, cursor = count + len(board.items), board.next_cursor
            if cursor is None:
                return count

    async def _unrecorded(self, case_id: str) -> Finding | None:
        run = await self._ground.runs.look(case_id)
        if not run.running:
            return None
        if run.failing:
            return Finding(kind=FindingKind.STEP_FAILING, case_id=case_id, detail=run.failing)
        return Finding(kind=FindingKind.RECORD_DIFFERS, case_id=case_id, detail="no_row")
