"""What follows from decisions about reports of the public: done at once, and where that was cut off, by the keeper.

An addition is given again under the same key until the case has it or refuses it. Then the key of the report is
destroyed, so that what it said is read in the case and nowhere else.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from casework.errors import CaseworkError
from casework.models.people import Actor, Role
from casework.models.public_report import Outcome, PublicEntry
from casework.rules.public_reports import addition
from casework.vault.errors import KeyMissingError
from starter.asking import Asking
from starter.cases import Cases
from starter.desk import Desk

SERVER_ERROR = 500
Row = Mapping[str, Any]

log = structlog.get_logger()


def entry_of(desk: Desk, row: Row) -> PublicEntry | None:
    """What a report says; None where it is settled."""
    try:
        opened = desk.vault.open(row["id"], row["id"], row["sealed"]) if row["sealed"] else None
    except KeyMissingError:
        return None
    return PublicEntry.model_validate_json(opened) if opened else None


@dataclass(frozen=True)
class Settling:
    """Whoever does it, and how many at once: each step may be done again."""

    desk: Desk
    cases: Cases

    async def settle(self) -> int:
        """Do what is still owed, and forget what has been kept long enough; how many are settled now."""
        settled = 0
        for row in await asyncio.to_thread(self.desk.public_reports.owed):
            try:
                await self._settle(row)
                settled += 1
            except CaseworkError as error:
                log.warning("public_report_waits", report_id=row["id"], code=error.code)
            except Exception as error:  # noqa: BLE001  whatever it is, it stands in no other's way
                log.error("public_report_not_settled", report_id=row["id"], error_type=type(error).__name__)
        before = self.desk.office.now() - timedelta(days=self.desk.office.public_form.kept_days)
        for report_id in await asyncio.to_thread(self.desk.public_reports.past, before):
            await asyncio.to_thread(self._forget, report_id)
            settled += 1
        return settled

    async def finish(self, report_id: str) -> None:
        """Settle one report at once; where a part is away, the keeper does it. Raises what its case refuses."""
        try:
            for row in await asyncio.to_thread(self.desk.public_reports.owed, report_id):
                await self._settle(row)
        except CaseworkError as error:
            if error.status < SERVER_ERROR:
                raise
            log.warning("public_report_waits", report_id=report_id, code=error.code)

    async def _settle(self, row: Row) -> None:
        if row["outcome"] == Outcome.ADDED.value:
            await self._give(row)
        await asyncio.to_thread(self._forget, row["id"])

    async def _give(self, row: Row) -> None:
        """Give the command that adds a report, always under the same key; one that is refused undoes the decision."""
        entry = await asyncio.to_thread(entry_of, self.desk, row)
        if entry is None:  # somebody else has just settled it
            return
        actor = Actor(account_id=row["decided_by"], role=Role(row["decided_role"]), agency_id=row["agency_id"])
        form, asked = self.desk.office.public_form, (entry, row["number"], row["taken_at"])
        body = addition(*asked, form, new_incident=row["new_incident"])
        try:
            await self.cases.add_report(Asking(actor, case_id=row["case_id"], key=f"public-report {row['id']}"), body)
        except CaseworkError as refused:
            if refused.status < SERVER_ERROR:
                await asyncio.to_thread(self.desk.public_reports.undo, row["id"])
            raise

    def _forget(self, report_id: str) -> None:
        """The key first: what is then still in the row opens no more."""
        self.desk.vault.destroy_key(report_id)
        self.desk.public_reports.settle(report_id, self.desk.office.now())
