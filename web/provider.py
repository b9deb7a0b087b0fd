"""The way to another provider and back. Between the two a cookie holds the one secret that all else follows from."""

import hmac
import secrets

from fastapi import Request
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from casework.errors import NotFoundError, UnauthenticatedError
from casework.signin.provider import Flow, Provider
from web.api.routing import read
from web.sessions import COOKIE, begin, keep
from web.site import Site

FLOW_COOKIE = "__Host-tuntas-provider"
FLOW_SECONDS = 600
SEE_OTHER = 303
START, BACK, HOME = "/session/provider", "/session/provider/callback", "/"


def routes(site: Site) -> list[APIRoute]:
    """There and back; nowhere, where no provider is set up."""

    def start() -> RedirectResponse:
        flow = Flow(secrets.token_urlsafe(32))
        answer = RedirectResponse(_provider(site).address(flow), SEE_OTHER)
        # Lax: the way back is a navigation from another site.
        answer.set_cookie(FLOW_COOKIE, flow.secret, FLOW_SECONDS, path="/", secure=True, httponly=True, samesite="lax")
        return answer

    def back(request: Request) -> RedirectResponse:
        provider, flow = _provider(site), Flow(request.cookies.get(FLOW_COOKIE, ""))
        identity = provider.identity(flow, _code(request, flow, provider.issuer))
        session = begin(site.signin.sessions, site.signin.identified(identity), request.cookies.get(COOKIE))
        answer = RedirectResponse(HOME, SEE_OTHER)
        keep(answer, session)
        answer.delete_cookie(FLOW_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
        return answer

    return [
        read(START, start, None, "Sign in with another provider"),
        read(BACK, back, None, "Back from the other provider", query=True),
    ]


def _provider(site: Site) -> Provider:
    if site.provider is None:
        raise NotFoundError("No other provider is set up here.")
    return site.provider


def _code(request: Request, flow: Flow, issuer: str) -> str:
    """The code of an answer to this browser's own request; raises UnauthenticatedError for any other."""
    told = request.query_params
    ours = bool(flow.secret) and hmac.compare_digest(told.get("state", "").encode(), flow.state.encode())
    # RFC 9207: where a provider names itself in the answer, it is the one that was asked.
    if not ours or not told.get("code") or told.get("iss", issuer) != issuer:
        raise UnauthenticatedError("This does not belong to a sign-in of this browser, or was refused. Begin again.")
    return told["code"]
