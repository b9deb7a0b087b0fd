"""Systems sign in with OAuth 2.0 client credentials (RFC 6749 section 4.4)."""

import base64
import binascii
from collections.abc import Sequence
from urllib.parse import parse_qs, unquote_plus

from anyio import to_thread
from fastapi import Request
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from casework.errors import CaseworkError, InvalidInputError, UnauthenticatedError
from casework.models.people import CLIENT_SCOPES, Account
from web.api.answers import OAuthToken
from web.api.door import address_of
from web.api.problems import entry
from web.api.routing import write
from web.api.tokens import hashing
from web.site import Site

SECONDS = 3600
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


def routes(site: Site) -> list[APIRoute]:
    """One way to a token."""

    async def grant(request: Request) -> JSONResponse:
        form = await _form(request)
        client_id, secret = _credentials(request, form)
        try:
            account = await hashing(site, site.signin.client, client_id, secret, address_of(request))
        except UnauthenticatedError as error:
            raise _oauth(UnauthenticatedError, "invalid_client", error.detail) from None
        scopes = _scopes(account, form.get("scope", "").split())
        token, _ = await to_thread.run_sync(site.signin.accounts.issue_token, account.id, SECONDS, scopes)
        told = None if scopes is None else " ".join(scopes)
        answer = OAuthToken(access_token=token, expires_in=SECONDS, scope=told)
        return JSONResponse(answer.model_dump(exclude_none=True))

    return [write("/oauth/token", grant, OAuthToken, "Client credentials", extra=FORM)]


def _scopes(account: Account, asked: Sequence[str]) -> tuple[str, ...] | None:
    """What the token is limited to: what is asked for, or all that the client has."""
    allowed = CLIENT_SCOPES if account.scopes is None else account.scopes
    if not set(asked) <= set(allowed):
        raise _oauth(InvalidInputError, "invalid_scope", f"This client may have: {' '.join(allowed)}.", "/scope")
    return tuple(dict.fromkeys(asked)) or account.scopes


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
