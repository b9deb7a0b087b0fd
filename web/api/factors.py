"""Setting up the own second factor: a secret for the telephone, then a code of it."""

from typing import Annotated, Any

from anyio import to_thread
from fastapi import Depends, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field

from casework.models.people import Actor
from web.api.answers import RecoveryCodes, SecondFactorOf
from web.api.bodies import body_of
from web.api.door import Door, address_of
from web.api.routing import V1, write
from web.api.tokens import Otp, Password, hashing
from web.site import Site


class BeginSecondFactor(BaseModel):
    """The own password, and a code of the second factor that is to be replaced."""

    model_config = ConfigDict(extra="forbid")

    password: Password
    otp: Annotated[Otp | None, Field(repr=False)] = None


class ConfirmSecondFactor(BaseModel):
    """A code of the new second factor."""

    model_config = ConfigDict(extra="forbid")

    otp: Annotated[Otp, Field(repr=False)]


def routes(site: Site, door: Door) -> list[APIRoute]:
    """Two steps: whoever mistypes the secret is not locked out."""
    actor_ = Depends(door.actor)
    begin_, confirm_ = Depends(body_of(BeginSecondFactor)), Depends(body_of(ConfirmSecondFactor))

    async def begin(request: Request, actor: Actor = actor_, body: BeginSecondFactor = begin_) -> Any:
        given = (actor.account_id, body.password, address_of(request), body.otp)
        secret, uri = await hashing(site, site.signin.begin_factor, *given)
        return SecondFactorOf(secret=secret, uri=uri)

    async def confirm(actor: Actor = actor_, body: ConfirmSecondFactor = confirm_) -> Any:
        codes = await to_thread.run_sync(site.signin.confirm_factor, actor.account_id, body.otp)
        return RecoveryCodes(recovery_codes=codes)

    path = f"{V1}/second-factor"
    return [
        write(path, begin, SecondFactorOf, "Begin a second factor", BeginSecondFactor),
        write(f"{path}/confirmation", confirm, RecoveryCodes, "Confirm a second factor", ConfirmSecondFactor),
    ]
