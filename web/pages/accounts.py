"""The accounts of an office: who has which role, who is away until when, and who stands in."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from casework.errors import CaseworkError, ForbiddenError
from casework.ids import new_id
from casework.models.people import Account, Role
from casework.rules.standing_in import may_stand_in
from web.api.absences import AbsenceEntry, Absences
from web.api.bodies import parse
from web.api.door import given_id
from web.api.reference import KEEPERS
from web.pages.commanding import KEY
from web.pages.fields import fields_of
from web.pages.filled import Form, body, text
from web.pages.refused import FRESH, Refused
from web.pages.sheets import SEE_OTHER, Sheets, Visit
from web.pages.standing import TO
from web.pages.typed import Typed
from web.site import Site

FIELDS = fields_of(AbsenceEntry)
ABSENCE = "/accounts/{account_id}/absence"


class AccountPages:
    """The list, and the form for an absence."""

    def __init__(self, site: Site, sheets: Sheets) -> None:
        self._accounts = site.desk.accounts
        self._absences = Absences(site)
        self._sheets = sheets

    def routes(self) -> Iterator[BaseRoute]:
        """For who keeps the accounts of an office."""
        yield self._sheets.shows("/accounts", self._list)
        yield self._sheets.shows(ABSENCE, self._show)
        yield self._sheets.takes(ABSENCE, self._take, self._again)

    def _list(self, visit: Visit) -> Response:
        actor = visit.visitor.actor
        if actor.role not in KEEPERS:
            raise ForbiddenError("A supervisor or administrator sees the office's accounts.")
        rows = self._accounts.of_office(actor.agency_id, None)
        names = {row["id"]: row["username"] for row in rows}
        done = visit.asked("done")
        return visit.sheet.page(
            "accounts.html",
            rows=rows,
            names=names,
            keeps=actor.role is Role.ADMINISTRATOR,
            done=done if done in ("set_absence", *TO) else "",
        )

    def _show(self, visit: Visit) -> Response:
        return self._form(visit, Typed.blank({"from": visit.sheet.local(visit.sheet.now), KEY: new_id()}))

    async def _take(self, visit: Visit, form: Form) -> Response:
        try:
            account = await run_in_threadpool(self._account, visit)
            given = parse(AbsenceEntry, json.dumps(body(FIELDS, form, visit.sheet.zone)).encode())
            key = text(form, KEY) or None
            await run_in_threadpool(self._absences.enter, visit.visitor.actor, account, given, key)
        except CaseworkError as error:
            return await run_in_threadpool(self._again, visit, form, error)
        return RedirectResponse("/accounts?done=set_absence", SEE_OTHER)

    def _again(self, visit: Visit, form: Form, error: CaseworkError) -> Response:
        return self._form(visit, Typed(form), Refused.of(error, form, visit.sheet.language))

    def _form(self, visit: Visit, typed: Typed, refused: Refused = FRESH) -> Response:
        account = self._account(visit)
        rows = self._accounts.of_office(account.agency_id, None)
        return visit.sheet.page(
            "absence.html",
            refused.status,
            account=account,
            fields=FIELDS,
            labels=visit.sheet.labels(FIELDS),
            typed=typed,
            refused=refused,
            key=typed.one(KEY) or new_id(),
            choices={"deputies": tuple((row["id"], row["username"]) for row in rows if _may(row, account))},
        )

    def _account(self, visit: Visit) -> Account:
        return self._absences.account(visit.visitor.actor, given_id(visit.named("account_id")))


def _may(row: Mapping[str, Any], absent: Account) -> bool:
    deputy = Account.model_validate({name: row[name] for name in ("id", "username", "role", "agency_id", "disabled")})
    return may_stand_in(deputy, absent)
