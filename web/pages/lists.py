"""Lists: cases, an agency's inbox, and what it was told by law."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.responses import Response
from starlette.routing import BaseRoute

from casework.ids import new_id
from casework.models.codes import ReferralStatus, Stage, Status
from casework.models.pathway import Category, Risk
from casework.models.people import OFFICE_ROLES, Actor, Role
from casework.rules.disclosing import WORKING
from web.api.answers import ReferralAnswer
from web.api.cases import CaseReading
from web.api.door import given_id
from web.api.lists import CasesQuery, NotificationsQuery, ReferralsQuery
from web.api.problems import invalid
from web.api.referrals import ReferralReading
from web.api.sent import SentLetters
from web.pages.commanding import BY_ASKING
from web.pages.naming import Naming
from web.pages.sheets import Sheets, Visit
from web.pages.visitor import MAILBOXES
from web.site import Site

Q = TypeVar("Q", bound=BaseModel)
OURS = frozenset({"done", "seen"})
"""What an address says to the page itself."""
LINKING = ("link", "unlink")
"""What was done about a one-time link."""
UNANSWERED = (ReferralStatus.SENT, ReferralStatus.ACKNOWLEDGED)


class Lists:
    """Every list of a page is the list that the API answers, in words."""

    def __init__(
        self,
        site: Site,
        sheets: Sheets,
        naming: Naming,
        cases: CaseReading,
        referrals: ReferralReading,
        sent: SentLetters,
    ) -> None:
        self._site = site
        self._sheets = sheets
        self._naming = naming
        self._cases = cases
        self._referrals = referrals
        self._sent = sent

    def routes(self) -> Iterator[BaseRoute]:
        """Each with its filters in the address; none of them tells of a person."""
        yield self._sheets.shows("/cases", self._of_cases)
        yield self._sheets.shows("/referrals", self._inbox)
        yield self._sheets.shows("/referrals/{referral_id}", self._referral)
        yield self._sheets.shows("/referrals/{referral_id}/letters/{letter_id}", self._letter)
        yield self._sheets.shows("/notifications", self._told)

    def _of_cases(self, visit: Visit) -> Response:
        query = asked(CasesQuery, visit)
        page = self._cases.page(visit.visitor.actor, query)
        filters = {"Stage": tuple(Stage), "Category": tuple(Category), "Risk": tuple(Risk), "Status": tuple(Status)}
        return self._page(
            visit, "cases.html", page=page, query=query, filters=filters, following=page_after(visit, page)
        )

    def _inbox(self, visit: Visit) -> Response:
        query = asked(ReferralsQuery, visit)
        page = self._referrals.inbox(visit.visitor.actor, query)
        statuses = tuple(ReferralStatus)
        return self._page(
            visit, "referrals.html", page=page, query=query, statuses=statuses, following=page_after(visit, page)
        )

    def _referral(self, visit: Visit) -> Response:
        referral, _ = self._referrals.one(visit.visitor.actor, given_id(visit.named("referral_id")))
        steps = tuple(_steps(visit.visitor.actor, referral))
        done = visit.asked("done") if visit.asked("done") in LINKING else done_of(visit)
        shown = {
            "linkable": self._linkable(visit, referral),
            "keeper": MAILBOXES in visit.visitor.menu,
            "letters": self._sent.of(visit.visitor.actor, referral),
        }
        return self._page(visit, "referral.html", referral=referral, steps=steps, done=done, key=new_id(), **shown)

    def _letter(self, visit: Visit) -> Response:
        ids = (given_id(visit.named(name)) for name in ("referral_id", "letter_id"))
        return self._sent.file(visit.visitor.actor, *ids)

    def _linkable(self, visit: Visit, referral: ReferralAnswer) -> bool:
        """Whether the agency of a referral that is worked on can only be let in by a link."""
        asking = visit.visitor.actor.role in OFFICE_ROLES and referral.status in WORKING
        return asking and not self._site.links.has_accounts(referral.agency_id)

    def _told(self, visit: Visit) -> Response:
        page = self._referrals.told(visit.visitor.actor, asked(NotificationsQuery, visit))
        return self._page(
            visit, "notifications.html", page=page, done=done_of(visit), following=page_after(visit, page)
        )

    def _page(self, visit: Visit, template: str, **shown: Any) -> Response:
        return visit.sheet.page(template, names=self._naming.of(visit), **shown)


def asked(query: type[Q], visit: Visit) -> Q:
    """The query of a page's address."""
    return query_of(query, visit.request.query_params)


def query_of(query: type[Q], params: Mapping[str, str]) -> Q:
    """The query of an address; a filter left empty is none."""
    given = {name: value for name, value in params.items() if value and name not in OURS}
    try:
        return query.model_validate(given)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False, include_input=False, include_context=False)) from None


def page_after(visit: Visit, page: Any) -> str:
    """The address of the page after, with the filters of this one."""
    if page.next_cursor is None:
        return ""
    return str(visit.request.url.include_query_params(cursor=page.next_cursor).replace(scheme="", netloc=""))


def done_of(visit: Visit) -> str:
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
