"""Reports of the public, for the office that answers for them: what waits, what one says, and the three ways it ends.

They come in by the form alone (`web.pages.report_form`); nobody sends one here, and who sent one reads nothing of it.
"""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from casework.commands import OpenCase
from casework.errors import ForbiddenError, NotFoundError
from casework.models.access import Ground
from casework.models.people import DECIDING_ROLES, OFFICE_ROLES, Actor
from casework.models.public_report import AddTo, CloseReport, Outcome, PublicEntry
from casework.rules.public_reports import categories_of
from starter.asking import Asking
from starter.cases import Queued
from starter.public_reports import PublicDesk
from web.api.answers import Answer, Page
from web.api.bodies import body_of
from web.api.door import Door, Key, asking, given_id
from web.api.lists import Pages
from web.api.routing import V1, read, read_list, write
from web.api.shown import reply
from web.noting import note
from web.site import Site

BODIES = (AddTo, CloseReport)
AT = f"{V1}/public-reports"


class PublicReportsQuery(Pages):
    waiting: bool = True


class PublicReportSummary(Answer):
    """A report in a list: when and where it came from, and what became of it; nothing that it says.

    `case_id` is shown to who decided, and to supervisor and head.
    """

    id: str
    number: str
    agency_id: str
    area: str | None
    place: str | None
    language: str
    taken_at: datetime
    due_at: datetime
    overdue: bool
    outcome: Outcome | None
    decided_at: datetime | None
    decided_by: str | None
    case_id: str | None
    settled_at: datetime | None


class PublicReportAnswer(PublicReportSummary):
    """A report with what it says, which is not verified, until it is settled; and why it was not confirmed."""

    entry: PublicEntry | None
    categories: tuple[str, ...]
    reason: str | None


class PublicReading:
    """What an office reads of the reports that it answers for; the same for the API and the pages."""

    def __init__(self, site: Site) -> None:
        self.desk = PublicDesk(site.desk, site.cases)
        self._reports = site.desk.public_reports
        self._now = site.desk.office.now

    def page(self, actor: Actor, query: PublicReportsQuery) -> Page[PublicReportSummary]:
        """Those that wait, longest first; or those that were decided, newest first."""
        check_office(actor)
        rows, following = self._reports.page(actor, waiting=query.waiting, limit=query.limit, cursor=query.cursor)
        note(actor, None, Ground.OWN_OFFICE)
        items = (PublicReportSummary.model_validate(self._shown(actor, row)) for row in rows)
        return Page[PublicReportSummary](items=tuple(items), next_cursor=following)

    def one(self, actor: Actor, report_id: str) -> PublicReportAnswer:
        """One with what it says; raises NotFoundError for another office's."""
        check_office(actor)
        row = self._reports.one(actor, report_id)
        if row is None:
            raise NotFoundError("There is no such report.")
        note(actor, None, Ground.OWN_OFFICE, subject=report_id)
        entry = self.desk.entry(row)
        categories = categories_of(entry, self.desk.form) if entry else ()
        said = {"entry": entry, "categories": categories, "reason": self.desk.reason(row)}
        return PublicReportAnswer.model_validate({**self._shown(actor, row), **said})

    def counts(self, actor: Actor) -> tuple[int, int]:
        """How many wait in the reader's office, and how many of them too long; nothing to who is of no office."""
        return self._reports.counts(actor, self._now()) if actor.role in OFFICE_ROLES else (0, 0)

    def _shown(self, actor: Actor, row: Any) -> dict[str, Any]:
        sees = actor.role in DECIDING_ROLES or row["decided_by"] == actor.account_id
        waits = row["outcome"] is None
        own = {"overdue": waits and row["due_at"] < self._now(), "case_id": row["case_id"] if sees else None}
        return {**row, **own}

    # ---- the three ways

    async def open(self, ask: Asking, report_id: str, body: OpenCase) -> None:
        """Open a case of it, now or as soon as the engine is there."""
        check_office(ask.actor)
        try:
            await self.desk.open(ask, report_id, body)
        except Queued:
            return

    async def add(self, ask: Asking, report_id: str, body: AddTo) -> None:
        """Add it to a case that is known."""
        check_office(ask.actor)
        await self.desk.add(ask, report_id, body)

    def close(self, ask: Asking, report_id: str, body: CloseReport) -> None:
        """Close it as not confirmed."""
        check_office(ask.actor)
        self.desk.close(ask, report_id, body)


def check_office(actor: Actor) -> None:
    """Raise ForbiddenError for who is of no office."""
    if actor.role not in OFFICE_ROLES:
        raise ForbiddenError("Reports of the public are read by caseworkers, supervisor and head of their office.")


def routes(site: Site, door: Door, reading: PublicReading) -> list[APIRoute]:
    """Of an office: its reports, and one of them."""
    actor_ = Depends(door.actor)
    case_, add_, close_ = (Depends(body_of(body)) for body in (OpenCase, AddTo, CloseReport))

    def reports(query: Annotated[PublicReportsQuery, Query()], actor: Actor = actor_) -> Any:
        return reading.page(actor, query)

    def report(report_id: str, actor: Actor = actor_) -> Any:
        return reading.one(actor, given_id(report_id))

    async def answered(actor: Actor, report_id: str, status: int = 200) -> JSONResponse:
        return reply(await run_in_threadpool(reading.one, actor, report_id), status)

    async def open_case(report_id: str, actor: Actor = actor_, body: OpenCase = case_, key: Key = None) -> Any:
        await reading.open(asking(actor, key, None), given_id(report_id), body)
        return await answered(actor, report_id, 201)

    async def add(report_id: str, actor: Actor = actor_, body: AddTo = add_, key: Key = None) -> Any:
        await reading.add(asking(actor, key, None), given_id(report_id), body)
        return await answered(actor, report_id)

    async def close(report_id: str, actor: Actor = actor_, body: CloseReport = close_, key: Key = None) -> Any:
        await run_in_threadpool(reading.close, asking(actor, key, None), given_id(report_id), body)
        return await answered(actor, report_id)

    one = f"{AT}/{{report_id}}"
    return [
        read_list(AT, reports, PublicReportSummary, "Reports of the public"),
        read(one, report, PublicReportAnswer, "A report of the public"),
        write(f"{one}/opening", open_case, PublicReportAnswer, "Open a case of a report", OpenCase, status=201),
        write(f"{one}/addition", add, PublicReportAnswer, "Add a report to a case", AddTo),
        write(f"{one}/closing", close, PublicReportAnswer, "Close a report as not confirmed", CloseReport),
    ]
