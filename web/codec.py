"""The codec server: what the engine keeps is opened for its own pages and command line. It opens and never seals.

Who may have the whole history of a case opened is decided in docs/decisions/0011. Whatever is opened stands in the
access log before it is shown.
"""

from typing import Annotated, Any

from anyio import to_thread
from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from google.protobuf.json_format import MessageToDict
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send
from temporalio.api.common.v1 import Payload

from casework.errors import ForbiddenError, InvalidInputError, NotFoundError
from casework.models.access import Ground
from casework.models.people import DECIDING_ROLES, Actor, Role
from casework.models.sight import OtherGround
from casework.temporal.codec import is_sealed, owners
from casework.vault.errors import VaultError
from web.api.bodies import body_of
from web.api.door import Credentials, Door
from web.api.problems import entry
from web.api.routing import write
from web.noting import note
from web.seen import ASKED
from web.sessions import SessionDoor
from web.site import Codec, Site

PATH = "/codec/decode"
READERS = DECIDING_ROLES | {Role.ADMINISTRATOR}
GROUNDS = frozenset({Ground.OWN_OFFICE})
MOST = 1000

Namespace = Annotated[str, Header(alias="X-Namespace", description="The namespace whose payloads these are")]


class PayloadOf(BaseModel):
    """A payload as JSON has it, its bytes in base64."""

    model_config = ConfigDict(extra="forbid")

    metadata: dict[str, Base64Bytes] = {}
    data: Base64Bytes = b""


class PayloadsOf(BaseModel):
    """Payloads of one workflow."""

    model_config = ConfigDict(extra="forbid")

    payloads: Annotated[tuple[PayloadOf, ...], Field(max_length=MOST)] = ()


class Decoding:
    """Opens payloads of one case, or of none, at a time."""

    def __init__(self, site: Site, door: Door, sessions: SessionDoor) -> None:
        self._codec = site.codec
        self._reads = site.desk.reads
        self._door = door
        self._sessions = sessions

    def routes(self) -> list[APIRoute]:
        """One: there is none that seals."""
        reader_, body_ = Depends(self._reader), Depends(body_of(PayloadsOf))

        async def decode(
            request: Request, namespace: Namespace, reader: Actor = reader_, body: PayloadsOf = body_
        ) -> Any:
            if namespace != self._codec.namespace:
                raise _invalid("/X-Namespace", "The engine has another namespace.")
            payloads = [Payload(metadata=each.metadata, data=each.data) for each in body.payloads]
            await to_thread.run_sync(self._check, request, reader, payloads)
            opened = await self._opened(payloads)
            return JSONResponse({"payloads": [MessageToDict(each) for each in opened]})

        return [write(PATH, decode, PayloadsOf, "Open what the engine keeps", PayloadsOf)]

    def _reader(self, request: Request, credentials: Credentials) -> Actor:
        """Who asks: by a token, or from the engine's own pages by the session of the browser."""
        pages = self._codec.pages
        if credentials is None and pages and request.headers.get("origin") == pages:
            actor = self._sessions.reader(request).account.actor
            request.state.actor = actor
        else:
            actor = self._door.actor(request, credentials)
        if actor.role not in READERS:
            raise ForbiddenError("Supervisor and head read what the engine keeps of their office's cases.")
        return actor

    def _check(self, request: Request, reader: Actor, payloads: list[Payload]) -> None:
        """Raises NotFoundError for a case that the reader may not see, ForbiddenError for what is of no case."""
        try:
            found = owners(payloads)
        except VaultError:
            raise _invalid("/payloads", "A key is named that is none of ours.") from None
        if len(found) > 1:
            raise _invalid("/payloads", "Payloads of one workflow at a time.")
        for case_id in found:
            setattr(request.state, ASKED, case_id or "")
            self._check_owner(reader, case_id)

    def _check_owner(self, reader: Actor, case_id: str | None) -> None:
        if case_id is None:
            if reader.role is not Role.ADMINISTRATOR:
                raise ForbiddenError("What belongs to no case is read by administrators.")
            note(reader, None, OtherGround.ENGINE)
            return
        row = self._reads.case(reader, case_id)
        if row is None or row["ground"] not in GROUNDS:
            raise NotFoundError("There is no such case.")

    async def _opened(self, payloads: list[Payload]) -> list[Payload]:
        """What is in the clear, as a marker of the engine's own is, stays as it is."""
        try:
            opened = iter(await self._codec.decode([each for each in payloads if is_sealed(each)]))
        except VaultError:
            raise _invalid("/payloads", "A payload was changed, or its key is gone.") from None
        return [next(opened) if is_sealed(each) else each for each in payloads]


class EnginePages:
    """Lets the engine's own pages, and nobody else's, ask the codec server from a browser."""

    def __init__(self, app: ASGIApp, codec: Codec) -> None:
        self._app = app
        self._pages = codec.pages
        self._cors = CORSMiddleware(
            app,
            allow_origins=[codec.pages],
            allow_methods=["POST"],
            allow_headers=["Authorization", "Content-Type", "X-Namespace"],
            allow_credentials=True,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a browser's question before it asks, and tell it that the answer may be read."""
        asked = scope["type"] == "http" and scope["path"] == PATH and bool(self._pages)
        theirs = asked and Headers(scope=scope).get("origin") == self._pages
        await (self._cors if theirs else self._app)(scope, receive, send)


def _invalid(pointer: str, detail: str) -> InvalidInputError:
    return InvalidInputError(detail, errors=[entry(pointer, "invalid", detail)])
