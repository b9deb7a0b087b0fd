"""Outreach: activities as they were recorded, what was promised at them, and what was done in a period."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from casework.models.base import Code
from casework.models.outreach import Attendance, Offering, OutreachEntry, Promise, PromiseOwner, Reports
from casework.models.people import Actor
from casework.ports import OutreachQuery
from casework.rules.outreach import Line, line
from starter.outreach import KeptEntry, OutreachBook, Read, Summary
from web.api.answers import Answer, Page
from web.api.bodies import body_of
from web.api.door import Door, Key, given_id
from web.api.lists import Pages
from web.api.routing import V1, read, read_list, write
from web.api.shown import reply
from web.exports import Row, exported

AT = f"{V1}/outreach"
LIST_HEAD = (
    *("id", "held_on", "subjects", "title", "subdistrict", "place", "organiser", "opened_by", "participants"),
    *("female", "male", "children", "adults", "promises", "kept", "reports_before", "reports_after"),
)
SUMMARY_HEAD = (
    *("by", "code", "activities", "participants", "female", "male", "children", "adults"),
    *("reports_before", "reports_after"),
)


class OfDays(BaseModel):
    """The days that something is asked of; this year, where none are given."""

    model_config = ConfigDict(extra="forbid")

    from_: Annotated[date | None, Field(alias="from", description="The first day")] = None
    to: Annotated[date | None, Field(description="The last day")] = None
    format: Literal["json", "csv", "xlsx"] = "json"


class OutreachesQuery(Pages):
    from_: Annotated[date | None, Field(alias="from", description="The first day")] = None
    to: Annotated[date | None, Field(description="The last day")] = None
    subdistrict: Code | None = None
    subject: Code | None = None
    format: Literal["json", "csv", "xlsx"] = "json"


class PromiseOf(Answer):
    """What was promised. `undelivered`: something that was told of it reached nobody, and will not by itself."""

    id: str
    what: str
    owner: PromiseOwner
    due_on: date
    overdue: bool
    kept_on: date | None
    kept_by: str | None
    undelivered: bool


class ReportsOf(Answer):
    """The reports from the subdistrict within thirty days before and after; `complete` when these are over."""

    before: int | None
    after: int | None
    complete: bool


class OutreachOf(Answer):
    """An activity. `total` is how many were counted; `reports` is null for who is of no office."""

    id: str
    agency_id: str
    held_on: date
    subjects: tuple[str, ...]
    title: str | None
    subdistrict: str
    place: str
    organiser: str
    opened_by: str | None
    participants: tuple[Attendance, ...]
    total: int
    promises: tuple[PromiseOf, ...]
    reports: ReportsOf | None
    recorded_at: datetime
    recorded_by: str


class LineOf(Answer):
    """What was done of a subject, in a subdistrict, or in all; `reports` is null where it is not told."""

    code: str
    activities: int
    participants: int
    female: int
    male: int
    children: int
    adults: int
    reports: Reports | None


class SummaryOf(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    from_: Annotated[date, Field(alias="from")]
    to: date
    whole: LineOf
    by_subdistrict: tuple[LineOf, ...]
    by_subject: tuple[LineOf, ...]


def routes(door: Door, book: OutreachBook) -> list[APIRoute]:
    """What is fixed before what is named: `/outreach/summary` is no activity."""
    actor_, body_, kept_ = Depends(door.actor), Depends(body_of(OutreachEntry)), Depends(body_of(KeptEntry))

    def listed(query: Annotated[OutreachesQuery, Query()], actor: Actor = actor_) -> Any:
        wanted = wanted_of(book, query)
        if query.format != "json":
            return list_file(book, actor, wanted, query.format)
        found, following = book.page(actor, wanted, query.limit, query.cursor)
        now = book.desk.office.now()
        return Page[OutreachOf](items=tuple(outreach_of(each, now) for each in found), next_cursor=following)

    def summary(query: Annotated[OfDays, Query()], actor: Actor = actor_) -> Any:
        wanted = wanted_of(book, query)
        if query.format != "json":
            return summary_file(book, actor, wanted, query.format)
        return summary_of(wanted, book.summary(actor, wanted))

    def codes(actor: Actor = actor_) -> Any:
        book.check_reads(actor)
        return book.offering

    def show(outreach_id: str, actor: Actor = actor_) -> Any:
        return outreach_of(book.one(actor, given_id(outreach_id)), book.desk.office.now())

    def record(actor: Actor = actor_, body: OutreachEntry = body_, key: Key = None) -> JSONResponse:
        made = book.record(actor, body, key)
        answer = outreach_of(book.one(actor, made.id), book.desk.office.now())
        return reply(answer, 201, {"Location": f"{AT}/{made.id}"})

    def keep(outreach_id: str, promise_id: str, actor: Actor = actor_, body: KeptEntry = kept_, key: Key = None) -> Any:
        book.keep(actor, given_id(outreach_id), given_id(promise_id), body, key)
        return outreach_of(book.one(actor, outreach_id), book.desk.office.now())

    one = f"{AT}/{{outreach_id}}"
    return [
        read_list(AT, listed, OutreachOf, "Outreach activities, newest first"),
        write(AT, record, OutreachOf, "Record an outreach activity", OutreachEntry, status=201, headers=("Location",)),
        read(f"{AT}/summary", summary, SummaryOf, "What was done in a period", query=True),
        read(f"{AT}/codes", codes, Offering, "Subjects, subdistricts, and who is told of late promises"),
        read(one, show, OutreachOf, "An outreach activity"),
        write(f"{one}/promises/{{promise_id}}/kept", keep, OutreachOf, "Record a promise as kept", KeptEntry),
    ]


def wanted_of(book: OutreachBook, query: OutreachesQuery | OfDays) -> OutreachQuery:
    """What of the activities is asked for."""
    first, last = book.period(query.from_, query.to)
    if isinstance(query, OfDays):
        return OutreachQuery(first, last)
    return OutreachQuery(first, last, query.subdistrict, query.subject)


def outreach_of(found: Read, now: datetime) -> OutreachOf:
    """An activity as it is answered."""
    one = found.activity
    reports = found.reports and ReportsOf(**found.reports.model_dump(), complete=found.complete)
    given = tuple(promise_of(each, now) for each in one.promises)
    own = {name: getattr(one, name) for name in OutreachOf.model_fields if name not in ("promises", "reports")}
    return OutreachOf(**own, promises=given, reports=reports)


def promise_of(promise: Promise, now: datetime) -> PromiseOf:
    """A promise as it is answered."""
    overdue = promise.kept_on is None and promise.due_at <= now
    return PromiseOf.model_validate({**promise.model_dump(), "overdue": overdue})


def summary_of(wanted: OutreachQuery, found: Summary) -> SummaryOf:
    """A summary as it is answered."""
    rows = [tuple(LineOf(**vars(each)) for each in lines) for lines in (found.by_subdistrict, found.by_subject)]
    whole = LineOf(**vars(found.whole))
    return SummaryOf(from_=wanted.first, to=wanted.last, whole=whole, by_subdistrict=rows[0], by_subject=rows[1])


def list_file(book: OutreachBook, actor: Actor, wanted: OutreachQuery, format_: str) -> Response:
    """The whole list as a file."""
    rows = map(_list_row, book.every(actor, wanted))
    return exported(f"outreach-{wanted.first}-{wanted.last}", format_, LIST_HEAD, rows)


def summary_file(book: OutreachBook, actor: Actor, wanted: OutreachQuery, format_: str) -> Response:
    """A summary as a file."""
    found = book.summary(actor, wanted)
    parts = (("subdistrict", found.by_subdistrict), ("subject", found.by_subject), ("all", (found.whole,)))
    rows = (row for by, lines in parts for row in _summary_rows(by, lines))
    return exported(f"outreach-summary-{wanted.first}-{wanted.last}", format_, SUMMARY_HEAD, rows)


def _list_row(found: Read) -> Row:
    one, counted = found.activity, line(found.activity.id, (found.activity,))
    before, after = (found.reports.before, found.reports.after) if found.reports else (None, None)
    kept = sum(each.kept_on is not None for each in one.promises)
    named = (one.id, one.held_on.isoformat(), "; ".join(one.subjects), one.title, one.subdistrict, one.place)
    by = (one.organiser, one.opened_by, one.total, counted.female, counted.male, counted.children, counted.adults)
    return (*named, *by, len(one.promises), kept, before, after)


def _summary_rows(by: str, lines: Iterable[Line]) -> Iterator[Row]:
    for each in lines:
        before, after = (each.reports.before, each.reports.after) if each.reports else (None, None)
        counted = (each.activities, each.participants, each.female, each.male, each.children, each.adults)
        yield (by, each.code, *counted, before, after)
