"""Lists: cases, an agency's inbox, what it was told by law, and the board."""

from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.responses import Response
from starlette.routing import BaseRoute

from casework.models.codes import ReferralStatus, Stage, Status
from casework.models.pathway import Category, Risk
from casework.rules.outlook import REASONS
from web.api.cases import CaseReading
from web.api.door import given_id
from web.api.lists import CasesQuery, NotificationsQuery, ReferralsQuery, StalledQuery
from web.api.problems import invalid
from web.api.referrals import ReferralReading
from web.api.stalled import BoardReading
from web.pages.naming import Naming
from web.pages.sheets import Sheets, Visit

Q = TypeVar("Q", bound=BaseModel)
OPEN_BY_AGENCY = (ReferralStatus.SENT, ReferralStatus.ACKNOWLEDGED, ReferralStatus.ACCEPTED)


class Lists:
    """Every list of a page is the list that the API answers, in words."""

    def __init__(
        self, sheets: Sheets, naming: Naming, cases: CaseReading, referrals: ReferralReading, board: BoardReading
    ) -> None:
        self._sheets = sheets
        self._naming = naming
        self._cases = cases
        self._referrals = referrals
        self._board = board

    def routes(self) -> Iterator[BaseRoute]:
        """Each with its filters in the address; none of them tells of a person."""
        yield self._sheets.shows("/cases", self._of_cases)
        yield self._sheets.shows("/referrals", self._inbox)
        yield self._sheets.shows("/referrals/{referral_id}", self._referral)
        yield self._sheets.shows("/notifications", self._told)
        yield self._sheets.shows("/stalled", self._stalled)

    def _of_cases(self, visit: Visit) -> Response:
        query = asked(CasesQuery, visit)
        page = self._cases.page(visit.visitor.actor, query)
        filters = {"Stage": tuple(Stage), "Category": tuple(Category), "Risk": tuple(Risk), "Status": tuple(Status)}
        return self._page(visit, "cases.html", page=page, query=query, filters=filters, following=_next(visit, page))

    def _inbox(self, visit: Visit) -> Response:
        query = asked(ReferralsQuery, visit)
        page = self._referrals.inbox(visit.visitor.actor, query)
        statuses = tuple(ReferralStatus)
        return self._page(
            visit, "referrals.html", page=page, query=query, statuses=statuses, following=_next(visit, page)
        )

    def _referral(self, visit: Visit) -> Response:
        referral = self._referrals.one(visit.visitor.actor, given_id(visit.named("referral_id")))
        return self._page(visit, "referral.html", referral=referral, done=visit.asked("done"))

    def _told(self, visit: Visit) -> Response:
        page = self._referrals.told(visit.visitor.actor, asked(NotificationsQuery, visit))
        return self._page(
            visit, "notifications.html", page=page, done=visit.asked("done"), following=_next(visit, page)
        )

    def _stalled(self, visit: Visit) -> Response:
        query = asked(StalledQuery, visit)
        board = self._board.page(visit.visitor.actor, query)
        return self._page(
            visit, "stalled.html", board=board, query=query, reasons=tuple(REASONS), following=_next(visit, board)
        )

    def _page(self, visit: Visit, template: str, **shown: Any) -> Response:
        return visit.sheet.page(template, names=self._naming.of(visit), **shown)


def asked(query: type[Q], visit: Visit) -> Q:
    """The query of an address; a filter left empty is none."""
    given = {name: value for name, value in visit.request.query_params.items() if value and name != "done"}
    try:
        return query.model_validate(given)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False, include_input=False, include_context=False)) from None


def _next(visit: Visit, page: Any) -> str:
    """The address of the page after, with the filters of this one."""
    if page.next_cursor is None:
        return ""
    return str(visit.request.url.include_query_params(cursor=page.next_cursor).replace(scheme="", netloc=""))
