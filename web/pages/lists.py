"""Lists: cases, an agency's inbox, what it was told by law, and the board."""

from collections.abc import Iterator
from itertools import chain
from typing import Any, TypeVar, get_args
from urllib.parse import urlencode

from pydantic import BaseModel, ValidationError
from starlette.responses import Response
from starlette.routing import BaseRoute

from casework.models.codes import ReferralStatus, Stage, Status
from casework.models.pathway import Category, Risk
from casework.models.people import OFFICE_ROLES, Actor, Role
from casework.rules.outlook import BoardReason
from web.api import stalled
from web.api.answers import ReferralAnswer, RemedyOf
from web.api.cases import CaseReading
from web.api.door import given_id
from web.api.lists import CasesQuery, NotificationsQuery, ReferralsQuery, StalledQuery
from web.api.problems import invalid
from web.api.referrals import ReferralReading
from web.pages.commanding import ASKS, BY_ASKING
from web.pages.naming import Naming
from web.pages.sheets import Sheets, Visit
from web.site import Site

Q = TypeVar("Q", bound=BaseModel)
UNANSWERED = (ReferralStatus.SENT, ReferralStatus.ACKNOWLEDGED)
REASONS: tuple[str, ...] = tuple(chain.from_iterable(get_args(each) or (each,) for each in get_args(BoardReason)))


class Lists:
    """Every list of a page is the list that the API answers, in words."""

    def __init__(
        self, site: Site, sheets: Sheets, naming: Naming, cases: CaseReading, referrals: ReferralReading
    ) -> None:
        self._site = site
        self._sheets = sheets
        self._naming = naming
        self._cases = cases
        self._referrals = referrals

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
        referral, _ = self._referrals.one(visit.visitor.actor, given_id(visit.named("referral_id")))
        steps = tuple(_steps(visit.visitor.actor, referral))
        return self._page(visit, "referral.html", referral=referral, steps=steps, done=_done(visit))

    def _told(self, visit: Visit) -> Response:
        page = self._referrals.told(visit.visitor.actor, asked(NotificationsQuery, visit))
        return self._page(visit, "notifications.html", page=page, done=_done(visit), following=_next(visit, page))

    def _stalled(self, visit: Visit) -> Response:
        query = asked(StalledQuery, visit)
        board = stalled.page(self._site, visit.visitor.actor, query)
        return self._page(
            visit,
            "stalled.html",
            board=board,
            query=query,
            reasons=REASONS,
            remedy_address=remedy_address,
            following=_next(visit, board),
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


def _done(visit: Visit) -> str:
    """The form that was just sent, as the redirect after it says."""
    done = visit.asked("done")
    return done if done in BY_ASKING else ""


def _steps(actor: Actor, referral: ReferralAnswer) -> Iterator[tuple[str, str]]:
    """What the reader may do about a referral, each two clicks away: the step, and the address of its form."""
    at = f"/referrals/{referral.id}/do"
    if actor.role is Role.AGENCY_OFFICER:
        if referral.status in UNANSWERED:
            for answer in ("accepted", "declined", "acknowledged"):
                yield answer, f"{at}/answer?answer={answer}"
        if referral.status in (*UNANSWERED, ReferralStatus.ACCEPTED):
            yield "complete", f"{at}/complete"
        if referral.status is ReferralStatus.ACCEPTED:
            yield "report_progress", f"{at}/report_progress"
    elif actor.role in OFFICE_ROLES:
        if referral.status is ReferralStatus.PENDING:
            yield "decide_override", f"{at}/decide_override"
        elif referral.status in (*UNANSWERED, ReferralStatus.ACCEPTED):
            yield "revoke", f"{at}/revoke"
            yield "answer", f"{at}/answer"
            yield "complete", f"{at}/complete"


def remedy_address(case_id: str, remedy: RemedyOf) -> str:
    """The form of a remedy, with what it would be about."""
    if remedy.command == "revoke_referral":
        return f"/referrals/{remedy.referral_id}/do/revoke"
    about = "deadline_ids" if remedy.command == "hold_clock" else "deadline_id"
    query = urlencode({about: remedy.deadline_id}) if remedy.deadline_id else ""
    return f"/cases/{case_id}/do/{ASKS[remedy.command]}" + (f"?{query}" if query else "")
