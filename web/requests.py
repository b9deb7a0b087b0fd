"""The outermost layer: one log line a request, safe headers, and an answer even to a defect.

Nothing a client sent is logged: no path (ids), no query, no body, and no message of an unexpected exception.
"""

import time
import traceback
from collections.abc import Mapping

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from casework.errors import BrokenStepError
from web.api.problems import of_error

log = structlog.get_logger()


class Requests:
    """Wraps the application; a response that has begun is never begun again."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and keep what came of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, begun = 0, time.perf_counter()

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except ClientDisconnect:
            status = 499
        except Exception as error:  # noqa: BLE001  the last stop: everything else has its handler
            _log_defect(error)
            if status == 0:
                await of_error(BrokenStepError("Repeating with the same Idempotency-Key is safe."))(
                    scope, receive, sending
                )
        _log_request(scope, status, time.perf_counter() - begun)


def _log_defect(error: Exception) -> None:
    # The message of an exception may hold what a person wrote; its kind and its place do not.
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    place = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    log.error("request_failed", error=type(error).__name__, at=place)


def _log_request(scope: Scope, status: int, seconds: float) -> None:
    log.info(
        "request",
        method=scope["method"],
        route=getattr(scope.get("route"), "path", None),
        status=status,
        ms=round(seconds * 1000),
        account_id=scope.get("state", {}).get("account_id"),
    )
