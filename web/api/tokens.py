"""Signing in: people with user name and password, systems with OAuth 2.0 client credentials (RFC 6749 4.4)."""

import base64
import binascii
from typing import Annotated, Any
from urllib.parse import parse_qs, unquote_plus

from anyio import to_thread
from fastapi import Depends, Request
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field

from casework.errors import CaseworkError, InvalidInputError, TooManyRequestsError, UnauthenticatedError
from casework.models.people import Account, Role
from web.api.answers import OAuthToken, SignedIn, Token
from web.api.bodies import body_of
from web.api.problems import entry
from web.api.routing import V1, write
from web.api.shown import reply
from web.site import Site

TOKEN_SECONDS = 12 * 3600
SYSTEM_TOKEN_SECONDS = 3600
MOST_WAITING = 50
"""Sign-ins that may wait for a slot; more would only make everybody wait longer."""
GRANT = "client_credentials"
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {"const": GRANT},
                        "client_id": {"type": "string"},
                        "client_secret": {"type": "string"},
                        "scope": {"type": "string"},
                    },
                }
            }
        },
    }
}


class SignIn(BaseModel):
    """What a person signs in with."""

    model_config = ConfigDict(extra="forbid")

    username: Annotated[str, Field(min_length=1, max_length=100)]
    password: Annotated[str, Field(min_length=1, max_length=1000, repr=False)]


def routes(site: Site) -> list[APIRoute]:
    """The two ways to a token."""
    body_ = Depends(body_of(SignIn))

    async def sign_in(body: SignIn = body_) -> Any:
        account = await _known(site, body.username, body.password)
        if account is None:
            raise UnauthenticatedError("Unknown user name or wrong password.")
        token, expires_at = await to_thread.run_sync(site.desk.accounts.issue_token, account.id, TOKEN_SECONDS)
        who = SignedIn.model_validate(account.model_dump())
        return Token(token=token, expires_at=expires_at, account=who)

    async def grant(request: Request) -> JSONResponse:
        client_id, secret = _credentials(request, await _form(request))
        account = await _known(site, client_id, secret)
        if account is None or account.role is not Role.SYSTEM:
            raise _oauth(UnauthenticatedError, "invalid_client", "Unknown client or wrong secret.")
        token, _ = await to_thread.run_sync(site.desk.accounts.issue_token, account.id, SYSTEM_TOKEN_SECONDS)
        return reply(OAuthToken(access_token=token, expires_in=SYSTEM_TOKEN_SECONDS))

    return [
        write(f"{V1}/tokens", sign_in, Token, "Sign in", SignIn),
        write("/oauth/token", grant, OAuthToken, "Client credentials", extra=FORM),
    ]


async def _known(site: Site, username: str, password: str) -> Account | None:
    if site.hashing.statistics().tasks_waiting >= MOST_WAITING:
        raise TooManyRequestsError("Too many are signing in at once. Try again in a moment.")
    return await to_thread.run_sync(site.desk.accounts.sign_in, username, password, limiter=site.hashing)


async def _form(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise _oauth(InvalidInputError, "invalid_request", "Send a form, as RFC 6749 section 4.4.2 has it.")
    try:
        fields = parse_qs((await request.body()).decode(), keep_blank_values=True, max_num_fields=10)
    except ValueError:
        raise _oauth(InvalidInputError, "invalid_request", "The form cannot be read.") from None
    form = {name: values[0] for name, values in fields.items()}
    if form.get("grant_type") != GRANT:
        raise _oauth(InvalidInputError, "unsupported_grant_type", f"The grant is `{GRANT}`.", "/grant_type")
    return form


def _credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    """From HTTP Basic, or from the form."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            client_id = ""
        client_id, secret = unquote_plus(client_id), unquote_plus(secret)
    if not client_id or not secret or "\x00" in client_id + secret or len(client_id + secret) > 1100:
        raise _oauth(UnauthenticatedError, "invalid_client", "Name the client and its secret.")
    return client_id, secret


def _oauth(kind: type[CaseworkError], error: str, detail: str, pointer: str = "") -> CaseworkError:
    """A problem that also carries the `error` of RFC 6749 section 5.2, for its client libraries."""
    if kind is InvalidInputError:
        return kind(detail, error=error, errors=[entry(pointer, "invalid", detail)])
    return kind(detail, error=error)
