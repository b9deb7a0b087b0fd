"""The form of every command: made from its model, sent to the same asking side as the API, kept where it was refused.

A page says that something is done only when the record has it: the redirect comes after the receipt.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from casework.commands import Command
from casework.errors import CaseworkError, NotFoundError
from casework.ids import new_id
from casework.models.people import Actor, Role
from casework.rules.permitted import check_role
from starter.asking import Asking
from web.api.bodies import parse
from web.api.commands import COMMANDS, Route
from web.api.door import given_id
from web.api.writes import check_say
from web.pages.choices import Choices
from web.pages.fields import fields_of
from web.pages.filled import Form, body, text
from web.pages.naming import Naming
from web.pages.refused import FRESH, Refused
from web.pages.sheets import SEE_OTHER, Sheets, Visit
from web.pages.typed import Typed
from web.site import Site

BY_ASKING: Mapping[str, Route] = {row.asks: row for row in COMMANDS if row.takes == "json"}
"""Files and letters have pages of their own."""
ASKS: Mapping[str, str] = {name: row.asks for row in BY_ASKING.values() for name in row.names}
"""The form of each command, by the name that the contract gives it."""
KEY = "key"
MORE = "more"
NOW = ("at", "made_at", "reported_at")
"""Times that are mostly now: the form begins with it."""
MAY_BEGIN = (
    "agency_id",
    "service",
    "deadline_id",
    "deadline_ids",
    "kind",
    "decision",
    "answer",
    "outcome",
    "urgency",
    "risk",
)
"""What the address of a form may fill in beforehand: codes and ids, never a text."""


@dataclass(frozen=True)
class Subject:
    """What a command is about: the case, and the part of it that the address names."""

    case: Mapping[str, Any]
    named: str
    back: str


class Commanding:
    """A form for each row of the table of commands."""

    def __init__(self, site: Site, sheets: Sheets, naming: Naming, choices: Choices) -> None:
        self._site = site
        self._sheets = sheets
        self._naming = naming
        self._choices = choices

    def routes(self) -> Iterator[BaseRoute]:
        """By what the command is about."""
        for place in ("/cases/{case_id}", "/referrals/{referral_id}", "/notifications/{notification_id}"):
            yield self._sheets.shows(f"{place}/do/{{asks}}", self._show)
            yield self._sheets.takes(f"{place}/do/{{asks}}", self._take, self._again)
        held = "/cases/{case_id}/holds/{hold_id}/do/{asks}"
        yield self._sheets.shows(held, self._show)
        yield self._sheets.takes(held, self._take, self._again)

    def _show(self, visit: Visit) -> Response:
        row = _row(visit)
        begins = {name: visit.asked(name) for name in MAY_BEGIN if visit.asked(name)}
        now = visit.sheet.local(visit.sheet.now)
        times = {name: now for name in NOW if name in row.body.model_fields}
        return self._form(visit, row, Typed.blank({**times, **begins, KEY: new_id()}))

    async def _take(self, visit: Visit, form: Form) -> Response:
        row = _row(visit)
        if more := text(form, MORE):
            return await run_in_threadpool(self._form, visit, row, Typed(form, more))
        try:
            given = parse(row.body, _sent(row.body, form, visit))
            subject = await run_in_threadpool(self._subject, visit, row)
            check_say(visit.visitor.actor, subject.case, given)
            await self._ask(visit, row, given, subject, form)
        except CaseworkError as error:
            return await run_in_threadpool(self._again, visit, form, error)
        return RedirectResponse(f"{subject.back}?done={row.asks}", SEE_OTHER)

    def _again(self, visit: Visit, form: Form, error: CaseworkError) -> Response:
        """The form as it was typed, and why it was not taken."""
        return self._form(visit, _row(visit), Typed(form), Refused.of(error, form, visit.sheet.language))

    async def _ask(self, visit: Visit, row: Route, given: Command, subject: Subject, form: Form) -> None:
        subject_id = None if row.subject == "case" else subject.named
        key = text(form, KEY) or None
        ask = Asking(visit.visitor.actor, case_id=subject.case["id"], key=key, subject_id=subject_id)
        await getattr(self._site.cases, row.asks)(ask, given)

    def _form(self, visit: Visit, row: Route, typed: Typed, refused: Refused = FRESH) -> Response:
        subject = self._subject(visit, row)
        # What may not be sent is not shown either: its choices are colleagues, and clocks.
        check_role(visit.visitor.actor, row.body)
        check_say(visit.visitor.actor, subject.case, row.body)
        fields = fields_of(row.body)
        sheet, actor = visit.sheet, visit.visitor.actor
        return sheet.page(
            "form.html",
            refused.status,
            asks=row.asks,
            case=subject.case,
            back=subject.back,
            fields=fields,
            labels=visit.sheet.labels(fields),
            typed=typed,
            refused=refused,
            names=self._naming.of(visit),
            key=typed.one(KEY) or new_id(),
            choices=self._choices_of(visit, actor, subject.case),
        )

    def _choices_of(self, visit: Visit, actor: Actor, case: Mapping[str, Any]) -> dict[str, Any]:
        standing = self._site.desk.reads.standing(actor, case["id"])
        clocks = standing.deadlines if standing else ()
        return self._choices.of_case(visit.sheet, actor, case, clocks)

    def _subject(self, visit: Visit, row: Route) -> Subject:
        """The case that the address speaks of; raises NotFoundError for one that the visitor may not see."""
        reads, actor = self._site.desk.reads, visit.visitor.actor
        if row.subject in ("case", "hold"):
            case_id = given_id(visit.named("case_id"))
            case = reads.case(actor, case_id)
            if case is None:
                raise NotFoundError("There is no such case.")
            return Subject(case, visit.request.path_params.get("hold_id", case_id), f"/cases/{case_id}")
        named = given_id(visit.named(f"{row.subject}_id"))
        found = reads.referral(actor, named) if row.subject == "referral" else reads.notification(actor, named)
        case = self._of_part(actor, found) if found else None
        if found is None or case is None:
            raise NotFoundError(f"There is no such {row.subject}.")
        back = f"/referrals/{named}" if row.subject == "referral" else "/notifications"
        return Subject(case, named, back)

    def _of_part(self, actor: Actor, part: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The case of a referral or notification: an agency may know what it was sent, and not that there is a case."""
        if actor.role is not Role.AGENCY_OFFICER:
            return self._site.desk.reads.case(actor, part["case_id"])
        return {"id": part["case_id"], "number": part["case_number"], "ground": part["ground"]}


def _row(visit: Visit) -> Route:
    row = BY_ASKING.get(visit.named("asks"))
    named = {"case": "case_id", "hold": "hold_id"}.get(row.subject, f"{row.subject}_id") if row else ""
    if row is None or named not in visit.request.path_params:
        raise NotFoundError("There is no such form.")
    return row


def _sent(model: type[Command], form: Form, visit: Visit) -> bytes:
    return json.dumps(body(fields_of(model), form, visit.sheet.zone)).encode()
