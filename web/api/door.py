"""Who is at the door, and what the headers and the address of a request say."""

import re
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from casework.errors import InvalidInputError, NotFoundError, UnauthenticatedError
from casework.models.people import Account, Actor
from casework.ports import Accounts
from starter.asking import Asking
from web.api.problems import entry
from web.api.scopes import check_scope

ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
bearer = HTTPBearer(auto_error=False, description="A token of POST /api/v1/tokens or POST /oauth/token")

Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x20-\x7e]{1,200}$",
        description="The same key and body get the first answer again; without one, each request is a new command",
    ),
]
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", pattern=r'^(\*|"[0-9]{1,9}")$', description="The ETag of the case as its author saw it"),
]


class Door:
    """Lets in who has a live token."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def actor(self, request: Request, credentials: Credentials) -> Actor:
        """Who asks; raises UnauthenticatedError without a live token, ForbiddenError for one limited otherwise."""
        account = self._account(credentials)
        request.state.account_id = account.id
        request.state.actor = account.actor
        check_scope(account, request.method, request.scope["route"].path)
        return account.actor

    def _account(self, credentials: HTTPAuthorizationCredentials | None) -> Account:
        account = self._accounts.of_token(credentials.credentials) if credentials else None
        if account is None or account.disabled:
            raise UnauthenticatedError("Send a live token as `Authorization: Bearer <token>`; see POST /api/v1/tokens.")
        return account


def address_of(request: Request) -> str:
    """The address that a request comes from, as the proxy before us has it."""
    return request.client.host if request.client else ""


def asking(actor: Actor, key: str | None, if_match: str | None) -> Asking:
    """The circumstances of a command; `If-Match: *` asks for no particular revision."""
    revision = int(if_match.strip('"')) if if_match and if_match != "*" else None
    return Asking(actor, key=key, revision=revision)


def given_id(value: str) -> str:
    """An id of the address; one that cannot be ours is not found, as any other that is not there."""
    if not ID.match(value):
        raise NotFoundError("There is nothing at this address.")
    return value


async def no_query(request: Request) -> None:
    """Refuse every query parameter, where a route takes none."""
    if request.query_params:
        errors = [entry("", "unknown_field", "There is no such parameter here.")]
        raise InvalidInputError("Unknown query parameter.", errors=errors)
