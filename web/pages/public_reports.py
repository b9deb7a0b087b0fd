"""What an office reads of reports of the public, and how one ends: a case, part of a known one, or not confirmed."""

import json
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import ImmutableMultiDict
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from casework.commands import OpenCase
from casework.errors import CaseworkError
from casework.ids import new_id
from casework.models.notice import Language
from casework.models.public_report import AddTo, CloseReport
from casework.rules.public_reports import beginning
from starter.asking import Asking
from web.api.bodies import parse
from web.api.door import given_id
from web.api.problems import invalid
from web.api.public_reports import PublicReading, PublicReportAnswer, PublicReportsQuery, check_office
from web.pages.choices import Choices
from web.pages.commanding import KEY, MORE
from web.pages.filled import Form, body, text
from web.pages.lists import asked, page_after
from web.pages.naming import Naming
from web.pages.opening import FIELDS, opening_form
from web.pages.refused import FRESH, Refused
from web.pages.sheets import SEE_OTHER, Sheets, Visit
from web.pages.typed import Typed
from web.poster import address, poster
from web.site import Site

PDF = "application/pdf"
M = TypeVar("M", AddTo, CloseReport)
AT = "/public-reports"
ONE = f"{AT}/{{report_id}}"
DONE = ("opening", "addition", "closing")


class PublicReportPages:
    """A list, one page for each report, and the form of a case that is opened of it."""

    def __init__(self, site: Site, sheets: Sheets, naming: Naming, choices: Choices, reading: PublicReading) -> None:
        self._site = site
        self._sheets = sheets
        self._naming = naming
        self._choices = choices
        self._reading = reading

    def routes(self) -> Iterator[BaseRoute]:
        """Each for who may do the same through the API."""
        yield self._sheets.shows(AT, self._list)
        yield self._sheets.shows(f"{AT}/poster", self._poster)
        yield self._sheets.shows(ONE, self._show)
        yield self._sheets.shows(f"{ONE}/opening", self._opening)
        yield self._sheets.takes(f"{ONE}/opening", self._open, self._unopened)
        yield self._sheets.takes(f"{ONE}/addition", self._add, self._again)
        yield self._sheets.takes(f"{ONE}/closing", self._close, self._again)

    def _list(self, visit: Visit) -> Response:
        query = asked(PublicReportsQuery, visit)
        page = self._reading.page(visit.visitor.actor, query)
        names, places = self._naming.of(visit), self._places
        shown: dict[str, Any] = {
            "page": page,
            "query": query,
            "names": names,
            "places": places,
            "following": page_after(visit, page),
        }
        return visit.sheet.page("public_reports.html", **shown)

    def _poster(self, visit: Visit) -> Response:
        """To be printed; a language or a place that is none of ours counts as none."""
        check_office(visit.visitor.actor)
        language: Language = "en" if visit.asked("language") == "en" else "id"
        place = visit.asked("at") if visit.asked("at") in self._places else ""
        leads_to = address(self._site.pages, language, place)
        office = next(each.name for each in self._site.agencies if each.id == self._site.desk.office.lead_agency_id)
        made = poster(self._reading.desk.form, office, leads_to, language, visit.sheet.now)
        name = f"laporkan-{language}{f'-{place}' if place else ''}.pdf"
        return Response(made, headers={"Content-Disposition": f'attachment; filename="{name}"'}, media_type=PDF)

    @property
    def _places(self) -> dict[str, str]:
        return {place.code: place.name for place in self._reading.desk.form.places}

    def _show(self, visit: Visit) -> Response:
        return self._page(visit, Typed.blank())

    def _page(self, visit: Visit, typed: Typed, refused: Refused = FRESH) -> Response:
        report = self._report(visit)
        return visit.sheet.page(
            "public_report.html",
            refused.status,
            report=report,
            form=self._reading.desk.form,
            names=self._naming.of(visit),
            places=self._places,
            typed=typed,
            refused=refused,
            done=visit.asked("done") if visit.asked("done") in DONE else "",
            key=typed.one(KEY) or new_id(),
        )

    def _report(self, visit: Visit) -> PublicReportAnswer:
        return self._reading.one(visit.visitor.actor, given_id(visit.named("report_id")))

    # ---- a case of its own

    def _opening(self, visit: Visit) -> Response:
        report = self._report(visit)
        if report.entry is None or report.outcome is not None:
            return RedirectResponse(f"{AT}/{report.id}", SEE_OTHER)
        begins = [
            *beginning(report.entry, self._reading.desk.form),
            ("reported_at", visit.sheet.local(report.taken_at)),
        ]
        return self._form(visit, Typed(ImmutableMultiDict([*begins, (KEY, new_id())])))

    async def _open(self, visit: Visit, form: Form) -> Response:
        check_office(visit.visitor.actor)
        report_id = given_id(visit.named("report_id"))
        if more := text(form, MORE):
            return await run_in_threadpool(self._form, visit, Typed(form, more))
        try:
            given = parse(OpenCase, json.dumps(body(FIELDS, form, visit.sheet.zone)).encode())
            await self._reading.open(_ask(visit, form), report_id, given)
        except CaseworkError as error:
            return await run_in_threadpool(self._unopened, visit, form, error)
        return RedirectResponse(f"{AT}/{report_id}?done=opening", SEE_OTHER)

    def _unopened(self, visit: Visit, form: Form, error: CaseworkError) -> Response:
        return self._form(visit, Typed(form), Refused.of(error, form, visit.sheet.language))

    def _form(self, visit: Visit, typed: Typed, refused: Refused = FRESH) -> Response:
        report = self._report(visit)
        shown = {"report": report, "form": self._reading.desk.form, "action": f"{AT}/{report.id}/opening"}
        return opening_form(visit, self._choices, typed, refused, "public_case.html", **shown)

    # ---- a known case, or nothing

    async def _add(self, visit: Visit, form: Form) -> Response:
        check_office(visit.visitor.actor)
        report_id = given_id(visit.named("report_id"))
        try:
            given = _given(
                AddTo, {"number": text(form, "number").upper(), "new_incident": bool(form.get("new_incident"))}
            )
            await self._reading.add(_ask(visit, form), report_id, given)
        except CaseworkError as error:
            return await run_in_threadpool(self._again, visit, form, error)
        return RedirectResponse(f"{AT}/{report_id}?done=addition", SEE_OTHER)

    async def _close(self, visit: Visit, form: Form) -> Response:
        check_office(visit.visitor.actor)
        report_id = given_id(visit.named("report_id"))
        try:
            given = _given(CloseReport, {"reason": text(form, "reason")})
            await run_in_threadpool(self._reading.close, _ask(visit, form), report_id, given)
        except CaseworkError as error:
            return await run_in_threadpool(self._again, visit, form, error)
        return RedirectResponse(f"{AT}/{report_id}?done=closing", SEE_OTHER)

    def _again(self, visit: Visit, form: Form, error: CaseworkError) -> Response:
        return self._page(visit, Typed(form), Refused.of(error, form, visit.sheet.language))


def _ask(visit: Visit, form: Form) -> Asking:
    return Asking(visit.visitor.actor, key=text(form, KEY) or None)


def _given(model: type[M], typed: dict[str, object]) -> M:
    try:
        return model.model_validate(typed)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False, include_input=False, include_context=False)) from None
