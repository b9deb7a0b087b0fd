"""People sign in with user name and password, and out again."""

from collections.abc import Callable
from typing import Annotated, Any, ParamSpec, TypeVar

from anyio import to_thread
from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field

from casework.errors import TooManyRequestsError
from casework.models.people import Actor
from web.api.answers import SignedIn, Token
from web.api.bodies import body_of
from web.api.door import Credentials, Door, address_of
from web.api.routing import NO_CONTENT, V1, end, write
from web.site import Site

SECONDS = 12 * 3600
MOST_WAITING = 50
"""Sign-ins that may wait for a slot; more would only make everybody wait longer."""

P = ParamSpec("P")
T = TypeVar("T")
Otp = Annotated[str, Field(min_length=1, max_length=40)]
Password = Annotated[str, Field(min_length=1, max_length=1000, repr=False)]


class SignIn(BaseModel):
    """What a person signs in with."""

    model_config = ConfigDict(extra="forbid")

    username: Annotated[str, Field(min_length=1, max_length=100)]
    password: Password
    otp: Annotated[Otp | None, Field(repr=False)] = None


class ChangePassword(BaseModel):
    """The password there is, and the one there is to be."""

    model_config = ConfigDict(extra="forbid")

    current: Password
    new: Password


def routes(site: Site, door: Door) -> list[APIRoute]:
    """Into the API, and out of it."""
    actor_ = Depends(door.actor)
    sign_in_, change_ = Depends(body_of(SignIn)), Depends(body_of(ChangePassword))
    accounts = site.signin.accounts

    async def sign_in(request: Request, body: SignIn = sign_in_) -> Any:
        given = (body.username, body.password, address_of(request), body.otp)
        account = await hashing(site, site.signin.person, *given)
        token, expires_at = await to_thread.run_sync(accounts.issue_token, account.id, SECONDS, account.scopes)
        who = SignedIn.model_validate(account.model_dump())
        return Token(token=token, expires_at=expires_at, account=who)

    def sign_out(credentials: Credentials, _: Actor = actor_) -> Response:
        if credentials is not None:  # as `door` has made sure
            accounts.revoke_token(credentials.credentials)
        return Response(status_code=NO_CONTENT)

    def sign_out_everywhere(actor: Actor = actor_) -> Response:
        accounts.sign_out(actor.account_id)
        return Response(status_code=NO_CONTENT)

    async def change_password(request: Request, actor: Actor = actor_, body: ChangePassword = change_) -> Response:
        address = address_of(request)
        await hashing(site, site.signin.change_password, actor.account_id, body.current, body.new, address)
        return Response(status_code=NO_CONTENT)

    return [
        write(f"{V1}/tokens", sign_in, Token, "Sign in", SignIn),
        end(f"{V1}/tokens/current", sign_out, "End this token"),
        end(f"{V1}/tokens", sign_out_everywhere, "End every token and session of the own account"),
        write(f"{V1}/password", change_password, None, "Change the own password", ChangePassword, status=NO_CONTENT),
    ]


async def hashing(site: Site, do: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """Do what hashes a password, in its turn; raises TooManyRequestsError where too many wait already."""
    if site.hashing.statistics().tasks_waiting >= MOST_WAITING:
        raise TooManyRequestsError("Too many are signing in at once. Try again in a moment.")
    return await to_thread.run_sync(lambda: do(*args, **named), limiter=site.hashing)
