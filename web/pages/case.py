"""The page of a case: where it stands, what it waits for, what may be done now, and what was done."""

from collections.abc import Iterable, Iterator
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from casework.events import EventKind
from casework.models.codes import Stage
from casework.models.people import OFFICE_ROLES
from web.api.actions import actions
from web.api.answers import Action
from web.api.cases import CaseReading
from web.api.door import given_id
from web.api.lists import LogQuery, Pages
from web.api.referrals import ReferralReading
from web.api.texts import may_read
from web.pages.commanding import ASKS, BY_ASKING
from web.pages.lists import asked, page_after
from web.pages.naming import Naming
from web.pages.sheets import Sheets, Visit

OF_CASE = frozenset(name for name, asks in ASKS.items() if BY_ASKING[asks].subject == "case")
"""Commands about the case as such."""
LONG = Pages(limit=200)


class CasePage:
    """One case, as far as its reader sees it."""

    def __init__(self, sheets: Sheets, naming: Naming, cases: CaseReading, referrals: ReferralReading) -> None:
        self._sheets = sheets
        self._naming = naming
        self._cases = cases
        self._referrals = referrals

    def routes(self) -> Iterator[BaseRoute]:
        """One address, and its log."""
        yield self._sheets.shows("/cases/{case_id}", self._show)
        yield self._sheets.shows("/cases/{case_id}/log", self._log)

    def _show(self, visit: Visit) -> Response:
        actor, case_id = visit.visitor.actor, given_id(visit.named("case_id"))
        case = self._cases.one(actor, case_id)
        done = visit.asked("done")
        shown: dict[str, Any] = {
            "case": case,
            "stages": tuple(Stage),
            "names": self._naming.of(visit),
            "done": done if done in BY_ASKING or done == "open" else "",
            "outlook": None,
            "referrals": (),
            "steps": (),
            "log": (),
            "papers": False,
        }
        if case.revision:
            row = self._cases.visible(actor, case_id)
            may = [each for each in actions(actor, row) if each.command in OF_CASE]
            shown |= {
                "outlook": self._cases.outlook(actor, case_id),
                "referrals": self._referrals.of_case(actor, case_id, LONG).items,
                "papers": may_read(actor, row),
                "steps": _by_form(may),
                "log": self._cases.log(actor, case_id, LogQuery(limit=200)).items if actor.role in OFFICE_ROLES else (),
            }
        return visit.sheet.page("case.html", **shown)

    def _log(self, visit: Visit) -> Response:
        case_id, query = given_id(visit.named("case_id")), asked(LogQuery, visit)
        log = self._cases.log(visit.visitor.actor, case_id, query)
        return visit.sheet.page(
            "log.html",
            log=log,
            names=self._naming.of(visit),
            query=query,
            kinds=tuple(EventKind),
            following=page_after(visit, log),
        )


def _by_form(found: Iterable[Action]) -> tuple[tuple[str, Action], ...]:
    """Each form once; a decision is two commands on one form, allowed where either is."""
    forms: dict[str, Action] = {}
    for each in found:
        asks = ASKS[each.command]
        if asks not in forms or (each.allowed and not forms[asks].allowed):
            forms[asks] = each
    return tuple(forms.items())
