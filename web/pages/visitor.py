"""Who is at the page: a session's account, its token against other sites, and what its role finds in the menu."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request

from casework.errors import ForbiddenError
from casework.models.people import Account, Actor, Role
from casework.signin.ports import Session
from web.pages.filled import Form
from web.sessions import SessionDoor, check_same_site, check_token, csrf_of, draft_key_of

CSRF = "csrf"


class StalePageError(ForbiddenError):
    """A form that carries another token than that of the session: its page is older, or none of ours."""

    code, title = "stale_page", "This page is old"


@dataclass(frozen=True)
class Entry:
    """One entry of the menu."""

    name: str
    address: str
    of_lead: bool = False
    """For the office that leads here, and no other."""


WORK, CASES, NEW, BOARD = (
    Entry("work", "/"),
    Entry("cases", "/cases"),
    Entry("new", "/cases/new"),
    Entry("board", "/stalled"),
)
PUBLIC_REPORTS = Entry("public_reports", "/public-reports")
FIGURES, REGISTER = Entry("figures", "/figures"), Entry("register", "/register")
LOAD = Entry("caseload", "/caseload")
INBOX, TOLD = Entry("inbox", "/referrals"), Entry("told", "/notifications")
AUDIT, SEEN = Entry("audit", "/audit"), Entry("access_log", "/access-log")
ACCOUNTS, AGENCIES = Entry("accounts", "/accounts"), Entry("agencies", "/agencies")
CALENDAR, PATHWAYS = Entry("calendar", "/calendar"), Entry("pathways", "/pathways")
OUTREACH = Entry("outreach", "/outreach")
MAILBOXES = Entry("mailboxes", "/mailboxes", of_lead=True)
MENUS: dict[Role, tuple[Entry, ...]] = {
    Role.CASEWORKER: (WORK, CASES, NEW, PUBLIC_REPORTS, OUTREACH, FIGURES, REGISTER),
    Role.SUPERVISOR: (WORK, BOARD, LOAD, CASES, NEW, PUBLIC_REPORTS, OUTREACH, FIGURES, REGISTER, MAILBOXES),
    Role.HEAD: (WORK, BOARD, LOAD, CASES, NEW, PUBLIC_REPORTS, OUTREACH, FIGURES, REGISTER),
    Role.COORDINATOR: (BOARD, CASES, OUTREACH, FIGURES),
    Role.VIEWER: (FIGURES, OUTREACH),
    Role.AGENCY_OFFICER: (INBOX, TOLD, NEW, CASES, OUTREACH),
    Role.AUDITOR: (AUDIT, SEEN),
    Role.ADMINISTRATOR: (ACCOUNTS, AGENCIES, MAILBOXES, CALENDAR, PATHWAYS),
}
"""By role; the first is where its people arrive."""


@dataclass(frozen=True)
class Visitor:
    """Somebody who has signed in."""

    account: Account
    csrf: str
    draft: str
    """What a page seals its draft with in the browser."""
    leads: bool
    """Whether the account is of the office that leads here."""

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self.account.actor

    @property
    def menu(self) -> tuple[Entry, ...]:
        """What the role finds."""
        return tuple(entry for entry in MENUS.get(self.account.role, ()) if self.leads or not entry.of_lead)


class Entrance:
    """Lets visitors in."""

    def __init__(self, door: SessionDoor, lead_agency_id: str) -> None:
        self._door = door
        self._lead = lead_agency_id

    def visitor(self, request: Request) -> Visitor:
        """Who asks; raises UnauthenticatedError where nobody has signed in."""
        return self._visitor(request, self._door.reader(request))

    def listening(self, request: Request) -> Visitor:
        """Who asks by a page that asks by itself: it tells nothing of whether anybody is there."""
        return self._visitor(request, self._door.listener(request))

    def sending(self, request: Request) -> tuple[Visitor, Session]:
        """Who sends a form whose token, of this session, is still to come; raises ForbiddenError where it comes from
        another site."""
        session = self._door.reader(request)
        check_same_site(request)
        return self._visitor(request, session), session

    def _visitor(self, request: Request, session: Session) -> Visitor:
        request.state.actor = session.account.actor
        leads = session.account.agency_id == self._lead
        return Visitor(session.account, csrf_of(session), draft_key_of(session), leads)


def check_form(session: Session, form: Form | Mapping[str, str]) -> None:
    """Refuse a form of a page that was not made for this session; raises StalePageError."""
    sent = form.get(CSRF)
    try:
        check_token(session, sent if isinstance(sent, str) else "")
    except ForbiddenError:
        raise StalePageError("The page was made for a session that has ended. Send the form again.") from None
