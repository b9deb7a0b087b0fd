"""Outreach: what was done and what followed, the form of an activity, and one of them with what was promised there."""

import json
from collections.abc import Iterator
from typing import Any, Literal

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from casework.errors import CaseworkError, InvalidInputError
from casework.ids import new_id
from casework.models.outreach import Outreach, OutreachEntry, Promise, Subject
from casework.models.people import OFFICE_ROLES, Actor, Role
from casework.rules.outreach import may_keep
from starter.outreach import KeptEntry, OutreachBook
from web.api.answers import Page
from web.api.bodies import parse
from web.api.door import given_id
from web.api.outreach import OutreachesQuery, OutreachOf, list_file, outreach_of, summary_file, wanted_of
from web.pages.choices import Choice, Choices
from web.pages.commanding import KEY, MORE
from web.pages.fields import fields_of
from web.pages.filled import Form, body, text
from web.pages.languages import Language
from web.pages.lists import asked, page_after
from web.pages.naming import Naming
from web.pages.refused import FRESH, Refused
from web.pages.sheets import SEE_OTHER, Sheets, Visit, sentence
from web.pages.typed import Typed

FIELDS, KEPT = fields_of(OutreachEntry), fields_of(KeptEntry)
AT = "/outreach"
ONE = f"{AT}/{{outreach_id}}"
DONE = ("recorded", "kept")


class PageQuery(OutreachesQuery):
    of: Literal["list", "summary"] = "list"
    """Which of the two a file is of."""


class OutreachPages:
    """For who reads of activities through the API, and their forms for who may send them there."""

    def __init__(self, sheets: Sheets, naming: Naming, choices: Choices, book: OutreachBook) -> None:
        self._sheets = sheets
        self._naming = naming
        self._choices = choices
        self._book = book

    def routes(self) -> Iterator[BaseRoute]:
        """The list, the form of a new one, and each with its promises."""
        yield self._sheets.shows(AT, self._list)
        yield self._sheets.shows(f"{AT}/new", self._new)
        yield self._sheets.takes(f"{AT}/new", self._take, self._again)
        yield self._sheets.shows(ONE, self._one)
        yield self._sheets.takes(f"{ONE}/promises/{{promise_id}}/kept", self._keep)

    def _list(self, visit: Visit) -> Response:
        query, actor, book = asked(PageQuery, visit), visit.visitor.actor, self._book
        wanted = wanted_of(book, query)
        if query.format != "json":
            file = list_file if query.of == "list" else summary_file
            return file(book, actor, wanted, query.format)
        found, following = book.page(actor, wanted, query.limit, query.cursor)
        items = tuple(outreach_of(each, visit.sheet.now) for each in found)
        page = Page[OutreachOf](items=items, next_cursor=following)
        return visit.sheet.page(
            "outreach.html",
            wanted=wanted,
            page=page,
            summary=None if actor.role is Role.AGENCY_OFFICER else book.summary(actor, wanted),
            owed=book.owed(actor, visit.sheet.now),
            records=actor.role in OFFICE_ROLES,
            following=page_after(visit, page),
            **self._worded(visit),
        )

    # ---- a new one

    def _new(self, visit: Visit) -> Response:
        return self._form(visit, Typed.blank({"held_on": self._book.today.isoformat(), KEY: new_id()}))

    async def _take(self, visit: Visit, form: Form) -> Response:
        if more := text(form, MORE):
            return await run_in_threadpool(self._form, visit, Typed(form, more))
        self._book.check_records(visit.visitor.actor)
        try:
            entry = parse(OutreachEntry, json.dumps(body(FIELDS, form, visit.sheet.zone)).encode())
            key = text(form, KEY) or None
            made = await run_in_threadpool(self._book.record, visit.visitor.actor, entry, key)
        except CaseworkError as error:
            return await run_in_threadpool(self._again, visit, form, error)
        return RedirectResponse(f"{AT}/{made.id}?done=recorded", SEE_OTHER)

    def _again(self, visit: Visit, form: Form, error: CaseworkError) -> Response:
        return self._form(visit, Typed(form), Refused.of(error, form, visit.sheet.language))

    def _form(self, visit: Visit, typed: Typed, refused: Refused = FRESH) -> Response:
        self._book.check_records(visit.visitor.actor)
        return visit.sheet.page(
            "outreach_form.html",
            refused.status,
            fields=FIELDS,
            labels=visit.sheet.labels(FIELDS),
            typed=typed,
            refused=refused,
            key=typed.one(KEY) or new_id(),
            choices=self._choices_of(visit),
        )

    def _choices_of(self, visit: Visit) -> dict[str, tuple[Choice, ...]]:
        offered, language = self._book.offering, visit.sheet.language
        colleagues = self._naming.of(visit).accounts
        return {
            **self._choices.of_office(language, visit.visitor.actor),
            "subjects": tuple((each.code, _title(each, language)) for each in offered.subjects),
            "subdistricts": tuple((each.code, each.name) for each in offered.subdistricts),
            "colleagues": tuple(colleagues.items()),
        }

    # ---- one of them

    def _one(self, visit: Visit, refusal: str = "", status: int = 200) -> Response:
        actor = visit.visitor.actor
        found = self._book.one(actor, given_id(visit.named("outreach_id")))
        done = visit.asked("done")
        return visit.sheet.page(
            "outreach_one.html",
            status,
            one=outreach_of(found, visit.sheet.now),
            keeps=[each.id for each in found.activity.promises if _keeps(actor, found.activity, each)],
            today=self._book.today.isoformat(),
            key=new_id(),
            done=done if done in DONE else "",
            refusal=refusal,
            **self._worded(visit),
        )

    async def _keep(self, visit: Visit, form: Form) -> Response:
        outreach_id, promise_id = given_id(visit.named("outreach_id")), given_id(visit.named("promise_id"))
        actor, key = visit.visitor.actor, text(form, KEY) or None
        await run_in_threadpool(self._book.keepable, actor, outreach_id, promise_id)
        try:
            if not text(form, "kept_on"):
                raise InvalidInputError("Say on which day it was done.")
            entry = parse(KeptEntry, json.dumps(body(KEPT, form, visit.sheet.zone)).encode())
            await run_in_threadpool(self._book.keep, actor, outreach_id, promise_id, entry, key)
        except CaseworkError as error:
            said = sentence(visit.sheet.language, error)
            return await run_in_threadpool(self._one, visit, said, error.status)
        return RedirectResponse(f"{AT}/{outreach_id}?done=kept", SEE_OTHER)

    def _worded(self, visit: Visit) -> dict[str, Any]:
        offered, language = self._book.offering, visit.sheet.language
        return {
            "subjects": {each.code: _title(each, language) for each in offered.subjects},
            "places": {each.code: each.name for each in offered.subdistricts},
            "names": self._naming.of(visit),
        }


def _keeps(actor: Actor, activity: Outreach, promise: Promise) -> bool:
    """Whether a promise waits for somebody to record it as kept, and the reader may."""
    return promise.kept_on is None and may_keep(actor, activity.agency_id, promise.owner.agency_id)


def _title(subject: Subject, language: Language) -> str:
    return subject.title.id if language.code == "id" else subject.title.en
