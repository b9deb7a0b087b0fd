"""Sessions of people in a browser: the cookie, what guards it against other sites, and the way in and out.

The API takes no cookie, so no page of another site can act there. Pages take nothing else; what changes something must
also carry the token that only our own pages know, and must not come from another site.
"""

import base64
import hmac
from typing import Any
from urllib.parse import urlsplit

from anyio import to_thread
from fastapi import Depends, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from casework.errors import ForbiddenError, UnauthenticatedError
from casework.models.people import Account, Role
from casework.signin.ports import Session, Sessions
from web.api.answers import SessionOf, SignedIn
from web.api.bodies import body_of
from web.api.door import address_of
from web.api.routing import NO_CONTENT, end, read, write
from web.api.shown import reply
from web.api.tokens import SignIn, hashing
from web.site import Site

COOKIE = "__Host-tuntas"
"""Browsers take this name only over TLS, from us alone, and for every path: no neighbour can plant another."""
CSRF_HEADER = "X-CSRF-Token"
SAME_SITE = frozenset({"same-origin", "none"})


def csrf_of(session: Session) -> str:
    """The token that pages of this session carry: it ends with it, and nothing of the session is read from it."""
    return token_of(session.secret)


def token_of(secret: str) -> str:
    """The same of any session that a cookie stands for."""
    return base64.urlsafe_b64encode(hmac.digest(secret.encode(), b"csrf", "sha256")).decode().rstrip("=")


def draft_key_of(session: Session) -> str:
    """The key of what a page keeps of a form in the browser: whoever has not this session cannot read it."""
    return base64.b64encode(hmac.digest(session.secret.encode(), b"draft", "sha256")).decode()


def check_same_site(request: Request) -> None:
    """Refuse what another site's page made a browser send. What is no browser's is let through: it has no cookie."""
    told = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if told is not None:
        same = told in SAME_SITE
    else:
        same = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not same:
        raise ForbiddenError("This came from another site.")


def check_token(session: Session, given: str) -> None:
    """Refuse what does not carry the token of its session; a form may carry it in a field."""
    if not hmac.compare_digest(given.encode(), csrf_of(session).encode()):
        raise ForbiddenError(f"Send the token of the session as `{CSRF_HEADER}`.")


class SessionDoor:
    """Lets in who has a live session."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def reader(self, request: Request) -> Session:
        """Whose session it is, for what changes nothing; raises UnauthenticatedError where there is none."""
        return self._session(request, renew=True)

    def listener(self, request: Request) -> Session:
        """The same for what a page asks by itself, which must not keep a session alive."""
        return self._session(request, renew=False)

    def _session(self, request: Request, *, renew: bool) -> Session:
        secret = request.cookies.get(COOKIE)
        session = self._sessions.of(secret, renew=renew) if secret else None
        if session is None:
            raise UnauthenticatedError("Sign in first.")
        request.state.account_id = session.account.id
        return session

    def actor(self, request: Request) -> Session:
        """Whose session it is, for what changes something; raises ForbiddenError without its token."""
        session = self.reader(request)
        check_same_site(request)
        check_token(session, request.headers.get(CSRF_HEADER, ""))
        return session


def routes(site: Site, door: SessionDoor) -> list[APIRoute]:
    """In, who am I, and out."""
    body_, reader_, actor_ = Depends(body_of(SignIn)), Depends(door.reader), Depends(door.actor)
    sessions = site.signin.sessions

    async def sign_in(request: Request, body: SignIn = body_) -> JSONResponse:
        check_same_site(request)
        given = (body.username, body.password, address_of(request), body.otp)
        account = await hashing(site, site.signin.person, *given)
        session = await to_thread.run_sync(begin, sessions, account, request.cookies.get(COOKIE))
        answer = reply(_shown(session))
        keep(answer, session)
        return answer

    def show(session: Session = reader_) -> Any:
        return _shown(session)

    def sign_out(session: Session = actor_) -> Response:
        sessions.end(session.secret)
        answer = Response(status_code=NO_CONTENT)
        forget(answer)
        return answer

    return [
        write("/session", sign_in, SessionOf, "Begin a session", SignIn),
        read("/session", show, SessionOf, "Whose session this is"),
        end("/session", sign_out, "End this session"),
    ]


def forget(answer: Response) -> None:
    """Take a session's cookie back from the browser."""
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")


def keep(answer: Response, session: Session) -> None:
    """Give a session's cookie to the browser, until that is closed."""
    answer.set_cookie(COOKIE, session.secret, path="/", secure=True, httponly=True, samesite="lax")


def begin(sessions: Sessions, account: Account, before: str | None) -> Session:
    """A new session of a person, instead of the one that the browser had before."""
    if account.role is Role.SYSTEM:
        raise ForbiddenError("Systems have no sessions; see POST /oauth/token.")
    return sessions.begin(account, before)


def _shown(session: Session) -> SessionOf:
    who = SignedIn.model_validate(session.account.model_dump())
    return SessionOf(account=who, csrf_token=csrf_of(session), expires_at=session.expires_at)
