"""Bodies have an end, and so has what one address may send in: both are refused before anything is stored."""

import re
from collections.abc import Callable

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from casework.errors import TooLargeError
from casework.signin.ports import Throttle
from web import uploads
from web.api.door import address_of
from web.api.problems import of_error

MOST_BYTES = 256 * 1024
MOST_FILE = uploads.MOST_BYTES + uploads.MOST_AROUND
FILES = re.compile(r"(/api/v1)?/cases/[^/]+/documents")
"""What takes a file."""
MOST_DROPPED = 16 * 1024 * 1024
"""How much of a refused body is taken in and thrown away: a client that is still sending hears no answer."""


def limited(throttle: Throttle, form: str) -> Callable[[Request], None]:
    """A dependency for a form that needs no account: too many from one address get TooManyRequestsError."""

    def check(request: Request) -> None:
        throttle.form(form, address_of(request))

    return check


class BodyLimit:
    """Refuses by the announced length at once, and counts what arrives in pieces."""

    def __init__(self, app: ASGIApp, most: int = MOST_BYTES) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request whose body is within the limit."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = MOST_FILE if FILES.fullmatch(scope["path"]) else self._most
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > most:
            await _drop(receive)
            await of_error(_too_large(most))(scope, receive, send)
            return
        taken = 0

        async def counting() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                if message.get("more_body"):
                    await _drop(receive)
                raise _too_large(most)
            return message

        await self._app(scope, counting, send)


def _too_large(most: int) -> TooLargeError:
    return TooLargeError(f"A body holds at most {most} bytes; nothing was stored.")


async def _drop(receive: Receive) -> None:
    dropped, more = 0, True
    while more and dropped < MOST_DROPPED:
        message = await receive()
        dropped += len(message.get("body", b""))
        more = message.get("more_body", False)
