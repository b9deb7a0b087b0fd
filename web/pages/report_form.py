"""The form for the public: no account, no cookie, no script that is needed, nothing from elsewhere, little to load.

Each form that is shown carries a number of its own, by which a form that is sent twice is known. It is no secret
against other sites: there is no session here that one of them could use, and a browser says where a form comes from.
What was not taken is shown again in the answer to that very request; of what was taken nothing is.
"""

from collections.abc import Collection, Iterator
from typing import Any

from fastapi import Request
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from casework.errors import CaseworkError, ForbiddenError, InvalidInputError
from casework.ids import is_id, new_id
from casework.models.codes import Sex
from casework.models.notice import Language
from casework.models.public_report import Age, PublicEntry, Teller
from casework.rules.public_reports import check_said
from web.api.door import address_of
from web.api.problems import invalid
from web.api.public_reports import PublicReading
from web.pages.filled import Form, errors_at, text
from web.pages.sheet import Sheet
from web.pages.sheets import Sheets, known, sent, sentence
from web.pages.typed import Typed
from web.sessions import SAME_SITE
from web.site import Site

AT = "/report"
LANGUAGE, PLACE, TOKEN = "language", "at", "form"
LONGEST_PLACE = 32
AGES = (Age.CHILD, Age.ADULT, Age.UNKNOWN)
SEXES = (Sex.FEMALE, Sex.MALE, Sex.UNKNOWN)


class ReportForm:
    """One address, for everybody."""

    def __init__(self, site: Site, sheets: Sheets, reading: PublicReading) -> None:
        self._throttle = site.signin.throttle
        self._sheets = sheets
        self._desk = reading.desk
        self._reports = site.desk.public_reports
        self._choices = frozenset(choice.code for choice in self._desk.form.choices)

    def routes(self) -> Iterator[BaseRoute]:
        """Shown, and sent."""
        yield Route(AT, self._show, methods=["GET"])
        yield Route(AT, self._take, methods=["POST"])

    async def _show(self, request: Request) -> Response:
        known(request, AT)
        begins = {name: request.query_params.get(name, "") for name in (LANGUAGE, PLACE)}
        return self._page(request, Typed.blank(begins))

    async def _take(self, request: Request) -> Response:
        known(request, AT)
        form: Form | None = None
        try:
            form = await sent(request)
            _check_own(request)
            entry, token = _entry(form, self._choices), text(form, TOKEN)
            if not is_id(token):
                raise InvalidInputError("The form was not whole. Send it again.")
            number = await run_in_threadpool(self._taken, request, entry, token, form)
        except CaseworkError as error:
            return self._again(request, Typed(form) if form else Typed.blank(), error)
        return self._sheet(request, text(form, LANGUAGE)).page("report_taken.html", number=number, form=self._desk.form)

    def _taken(self, request: Request, entry: PublicEntry, token: str, form: Form) -> str:
        """A repeat is answered before anything is counted: it is no new report."""
        check_said(entry)
        sent_as = self._desk.sent_as(token, entry)
        if number := self._reports.number_of(sent_as):
            return number
        self._throttle.public(address_of(request))
        return self._desk.take(sent_as, entry, _language(text(form, LANGUAGE)), text(form, PLACE)[:LONGEST_PLACE])

    def _again(self, request: Request, typed: Typed, error: CaseworkError) -> Response:
        """The form as it was typed, and why it was not taken; the numbers to call are on it as ever."""
        request.state.refused = error.code
        wrong = errors_at(error.extra.get("errors", ()), typed.form)
        answer = self._page(request, typed, error, wrong)
        if "retry_after" in error.extra:
            answer.headers["Retry-After"] = str(error.extra["retry_after"])
        return answer

    def _page(
        self, request: Request, typed: Typed, error: CaseworkError | None = None, wrong: dict[str, str] | None = None
    ) -> Response:
        sheet = self._sheet(request, typed.one(LANGUAGE))
        token = typed.one(TOKEN)
        return sheet.page(
            "report_form.html",
            error.status if error else 200,
            typed=typed,
            form=self._desk.form,
            token=token if is_id(token) else new_id(),
            refusal=sentence(sheet.language, error) if error else "",
            wrong=wrong or {},
            place=typed.one(PLACE)[:LONGEST_PLACE],
            ages=AGES,
            sexes=SEXES,
            tellers=tuple(Teller),
        )

    def _sheet(self, request: Request, language: str) -> Sheet:
        """In the language of the address: no cookie is asked."""
        return self._sheets.sheet(request, None, here=AT, language=_language(language))


def _check_own(request: Request) -> None:
    """Refuse what a browser says that another site made it send. Old ones say nothing, or `null`, of our own pages too:
    their reports are taken, for there is no right here that could be borrowed."""
    if request.headers.get("sec-fetch-site", "same-origin") not in SAME_SITE:
        raise ForbiddenError("This came from another site.")


def _language(asked: str) -> Language:
    return "en" if asked == "en" else "id"


def _entry(form: Form, choices: Collection[str]) -> PublicEntry:
    """What was filled in. What is no answer of ours to a choice counts as none: nobody is sent away for that."""
    given: dict[str, Any] = {name: text(form, name) for name in PublicEntry.model_fields}
    given |= {"what": tuple(value for value in form.getlist("what") if value in choices)}
    for name, codes in (("age", Age), ("sex", Sex), ("teller", Teller)):
        if not codes.has(given[name]):
            del given[name]
    try:
        return PublicEntry.model_validate(given)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False, include_input=False, include_context=False)) from None
