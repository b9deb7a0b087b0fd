"""Opening a case: one page, the least first, taken also while the engine is away."""

import json
from collections.abc import Iterator
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from casework.commands import OpenCase
from casework.errors import CaseworkError, ForbiddenError
from casework.ids import new_id
from starter.asking import Asking
from starter.cases import Cases, Queued
from web.api.bodies import parse
from web.api.writes import OPENING
from web.pages.choices import Choices
from web.pages.commanding import KEY, MORE
from web.pages.fields import fields_of
from web.pages.filled import Form, body, text
from web.pages.refused import FRESH, Refused
from web.pages.sheets import SEE_OTHER, Sheets, Visit
from web.pages.typed import Typed

FIRST = ("channel", "reported_at", "categories", "risk", "narrative")
"""What is asked before everything else; of reporter and client their kind, and the client's name."""
FIELDS = fields_of(OpenCase)


class Opening:
    """The form of a new case."""

    def __init__(self, cases: Cases, sheets: Sheets, choices: Choices) -> None:
        self._cases = cases
        self._sheets = sheets
        self._choices = choices

    def routes(self) -> Iterator[BaseRoute]:
        """One address."""
        yield self._sheets.shows("/cases/new", self._show)
        yield self._sheets.takes("/cases/new", self._take, self._again)

    def _show(self, visit: Visit) -> Response:
        begins = {"reported_at": visit.sheet.local(visit.sheet.now), KEY: new_id()}
        if visit.asked("emergency"):
            begins["risk"] = "high"
        return self._form(visit, Typed.blank(begins))

    async def _take(self, visit: Visit, form: Form) -> Response:
        if more := text(form, MORE):
            return await run_in_threadpool(self._form, visit, Typed(form, more))
        _may_open(visit)
        try:
            given = parse(OpenCase, json.dumps(body(FIELDS, form, visit.sheet.zone)).encode())
            ask = Asking(visit.visitor.actor, key=text(form, KEY) or None)
            case_id = (await self._cases.open(ask, given)).case_id
        except Queued as queued:
            case_id = queued.case_id
        except CaseworkError as error:
            return await run_in_threadpool(self._again, visit, form, error)
        return RedirectResponse(f"/cases/{case_id}?done=open", SEE_OTHER)

    def _again(self, visit: Visit, form: Form, error: CaseworkError) -> Response:
        """The form as it was typed, and why it was not taken."""
        return self._form(visit, Typed(form), Refused.of(error, form, visit.sheet.language))

    def _form(self, visit: Visit, typed: Typed, refused: Refused = FRESH) -> Response:
        _may_open(visit)
        return opening_form(visit, self._choices, typed, refused, action="/cases/new")


FIELD = {field.name: field for field in FIELDS}


def opening_form(
    visit: Visit, choices: Choices, typed: Typed, refused: Refused, template: str = "open.html", **shown: Any
) -> Response:
    """The form of a new case, as it was typed or as it begins; `action` is where it is sent."""
    return visit.sheet.page(
        template,
        refused.status,
        first=tuple(FIELD[name] for name in FIRST),
        people=(FIELD["client"], FIELD["reporter"]),
        rest=tuple(FIELD[name] for name in ("incident_at", "alleged_perpetrators", "consent", "links")),
        labels=visit.sheet.labels(FIELDS),
        typed=typed,
        refused=refused,
        key=typed.one(KEY) or new_id(),
        choices=choices.of_office(visit.sheet.language, visit.visitor.actor),
        **shown,
    )


def _may_open(visit: Visit) -> None:
    if visit.visitor.actor.role not in OPENING:
        raise ForbiddenError("Your role opens no cases.")
