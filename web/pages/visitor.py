"""Who is at the page: a session's account, its token against other sites, and what its role finds in the menu."""

from dataclasses import dataclass

from fastapi import Request

from casework.models.people import Account, Actor, Role
from casework.signin.ports import Session
from web.pages.filled import Form
from web.sessions import SessionDoor, check_same_site, check_token, csrf_of, draft_key_of

CSRF = "csrf"


@dataclass(frozen=True)
class Entry:
    """One entry of the menu."""

    name: str
    address: str


WORK, CASES, NEW, BOARD = (
    Entry("work", "/"),
    Entry("cases", "/cases"),
    Entry("new", "/cases/new"),
    Entry("board", "/stalled"),
)
LOAD = Entry("caseload", "/caseload")
INBOX, TOLD = Entry("inbox", "/referrals"), Entry("told", "/notifications")
MENUS: dict[Role, tuple[Entry, ...]] = {
    Role.CASEWORKER: (WORK, CASES, NEW),
    Role.SUPERVISOR: (WORK, BOARD, LOAD, CASES, NEW),
    Role.HEAD: (WORK, BOARD, LOAD, CASES, NEW),
    Role.COORDINATOR: (BOARD, CASES),
    Role.AGENCY_OFFICER: (INBOX, TOLD, NEW, CASES),
}
"""By role; the first is where its people arrive."""


@dataclass(frozen=True)
class Visitor:
    """Somebody who has signed in."""

    account: Account
    csrf: str
    draft: str
    """What a page seals its draft with in the browser."""

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self.account.actor

    @property
    def menu(self) -> tuple[Entry, ...]:
        """What the role finds."""
        return MENUS.get(self.account.role, ())


class Entrance:
    """Lets visitors in."""

    def __init__(self, door: SessionDoor) -> None:
        self._door = door

    def visitor(self, request: Request) -> Visitor:
        """Who asks; raises UnauthenticatedError where nobody has signed in."""
        return _visitor(request, self._door.reader(request))

    def listening(self, request: Request) -> Visitor:
        """Who asks by a page that asks by itself: it tells nothing of whether anybody is there."""
        return _visitor(request, self._door.listener(request))

    def acting(self, request: Request, form: Form) -> Visitor:
        """Who sent a form; raises ForbiddenError where it is no form of ours."""
        visitor, session = self.sending(request)
        sent = form.get(CSRF)
        check_token(session, sent if isinstance(sent, str) else "")
        return visitor

    def sending(self, request: Request) -> tuple[Visitor, Session]:
        """Who sends a form whose token, of this session, is still to come; raises ForbiddenError where it comes from
        another site."""
        session = self._door.reader(request)
        check_same_site(request)
        return _visitor(request, session), session


def _visitor(request: Request, session: Session) -> Visitor:
    request.state.actor = session.account.actor
    return Visitor(session.account, csrf_of(session), draft_key_of(session))
