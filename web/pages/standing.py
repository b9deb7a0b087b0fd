"""Whether an account signs in: a page that says what becomes of it, with one button."""

from collections.abc import Iterator

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from casework.errors import CaseworkError, InvalidInputError
from casework.ids import new_id
from casework.models.base import Model
from casework.models.people import Account
from casework.rules.keeping_accounts import check_keeps
from starter.asking import Asking
from web.api.door import given_id
from web.pages.commanding import KEY
from web.pages.filled import Form, text
from web.pages.sheets import SEE_OTHER, Sheets, Visit, sentence
from web.site import Site

PATH = "/accounts/{account_id}/standing"
TO = ("disable", "enable")


class Standing(Model):
    """What was asked, as its repeats are known by."""

    to: str


class StandingPages:
    """For administrators, of the accounts of the own office."""

    def __init__(self, site: Site, sheets: Sheets) -> None:
        self._desk = site.desk
        self._sheets = sheets

    def routes(self) -> Iterator[BaseRoute]:
        """One address."""
        yield self._sheets.shows(PATH, self._page)
        yield self._sheets.takes(PATH, self._take, self._again)

    async def _take(self, visit: Visit, form: Form) -> Response:
        to = text(form, "to")
        try:
            await run_in_threadpool(self._set, visit, to, text(form, KEY) or None)
        except InvalidInputError as error:
            return await run_in_threadpool(self._again, visit, form, error)
        return RedirectResponse(f"/accounts?done={to}", SEE_OTHER)

    def _set(self, visit: Visit, to: str, key: str | None) -> None:
        account = self._account(visit)
        if to not in TO:
            raise InvalidInputError("Say whether the account is to be disabled or enabled.")
        asked = Asking(visit.visitor.actor, key=key, subject_id=account.id)
        getattr(self._desk.accounts, to)(account.id, self._desk.keyed(asked, "set_standing", Standing(to=to)))

    def _again(self, visit: Visit, _: Form, error: CaseworkError) -> Response:
        return self._page(visit, sentence(visit.sheet.language, error), error.status)

    def _page(self, visit: Visit, refusal: str = "", status: int = 200) -> Response:
        account = self._account(visit)
        rows = self._desk.accounts.of_office(account.agency_id, account.role)
        open_cases = next((row["open_cases"] for row in rows if row["id"] == account.id), 0)
        shown = {"account": account, "open_cases": open_cases, "refusal": refusal, "key": new_id()}
        return visit.sheet.page("standing.html", status, **shown)

    def _account(self, visit: Visit) -> Account:
        known = self._desk.accounts.get(given_id(visit.named("account_id")))
        return check_keeps(visit.visitor.actor, known)
