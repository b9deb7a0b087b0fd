"""Tells a page that what it shows has changed, by server-sent events. No event holds anything of a case.

Whoever listens is looked for again each time: a session that ended, or has run out, is told nothing more. Between two
looks nothing is held, no connection to the database either.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from time import monotonic

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from casework.errors import CaseworkError, DatabaseUnavailableError, UnauthenticatedError
from casework.models.people import Actor
from web.sessions import SessionDoor
from web.site import Site

MOST = 100
"""Listeners of a process; a page beyond them shows what there was when it was opened."""
LONGEST = 600.0
"""Seconds after which a stream ends; a browser comes back by itself."""
HEADERS = {"X-Accel-Buffering": "no"}

Mark = Callable[[Actor], str]
"""What changes with whatever a reader would be shown, and tells nothing of it."""


class Live:
    """Everybody who listens."""

    def __init__(self, site: Site, door: SessionDoor) -> None:
        self._door = door
        self._every = site.looks_every.total_seconds()
        self._closing = site.closing
        self._listeners = 0

    async def answer(self, request: Request, mark: Mark, seen: str) -> Response:
        """A stream of changes since what was `seen`; nothing, which a browser does not ask for again, for one too many.

        Raises UnauthenticatedError where nobody has signed in, ForbiddenError for who may not see what is marked.
        """
        if self._listeners >= MOST:
            return Response(status_code=204)
        await run_in_threadpool(self._look, request, mark)
        seen = request.headers.get("last-event-id", seen)
        return StreamingResponse(self._changes(request, mark, seen), media_type="text/event-stream", headers=HEADERS)

    async def _changes(self, request: Request, mark: Mark, seen: str) -> AsyncIterator[str]:
        self._listeners += 1
        begun = monotonic()
        try:
            yield "retry: 5000\n\n"
            while not self._closing.is_set() and not await request.is_disconnected() and monotonic() - begun < LONGEST:
                try:
                    now = await run_in_threadpool(self._look, request, mark)
                except DatabaseUnavailableError:
                    now = seen
                except CaseworkError:
                    yield event("ended", "")
                    return
                if now != seen:
                    yield event("changed", now)
                seen = now
                await self._rest()
        finally:
            self._listeners -= 1

    def _look(self, request: Request, mark: Mark) -> str:
        session = self._door.listener(request)
        if session.account.disabled:
            raise UnauthenticatedError("Sign in first.")
        return mark(session.account.actor)

    async def _rest(self) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), self._every)
        except TimeoutError:
            return


def event(name: str, id_: str) -> str:
    """An event as it is sent."""
    return f"event: {name}\nid: {id_}\ndata:\n\n"
