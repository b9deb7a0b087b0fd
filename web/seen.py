"""Nobody reads unseen: what an answer shows of cases is in the access log before its first byte is sent.

What is read is noted where it is read (`web.noting`), whoever asks for it, and written here, at the edge, once for each
answer. What cannot be written is not shown.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from casework.errors import BrokenStepError, CaseworkError, ForbiddenError, NotFoundError, UnknownCaseError
from casework.ids import is_id
from casework.models.people import Actor
from casework.models.sight import Sight, SightKind
from casework.ports import AccessLog
from web.api.problems import of_error

NAMES_A_CASE = ("case_id", "referral_id", "notification_id", "report_id")
"""What in an address leads to a case, or to what is none yet."""
ASKED = "asked_case"
"""Where a request keeps which case it asks for, if its address does not name it; nothing for what is of no case."""
REFUSALS = frozenset({NotFoundError.code, ForbiddenError.code, UnknownCaseError.code})
REFUSED = (403, 404)

log = structlog.get_logger()


@dataclass
class Seen:
    """What one request has read of cases, by the ground it was read on."""

    reader: Actor | None = None
    subject: str | None = None
    cases: dict[str | None, str] = field(default_factory=dict)

    def note(self, reader: Actor | None, case_id: str | None, ground: str, subject: str | None = None) -> None:
        """A case was read, or something about none in particular; the first ground stands."""
        self.reader = reader or self.reader
        self.subject = subject or self.subject
        self.cases.setdefault(case_id, ground)


SEEN: ContextVar[Seen | None] = ContextVar("seen", default=None)


class SeenFirst:
    """Holds each answer back until what it shows is kept."""

    def __init__(self, app: ASGIApp, log: AccessLog, now: Callable[[], datetime]) -> None:
        self._app = app
        self._log = log
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; its answer is another one where the log cannot be written."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen, withheld = Seen(), False

        async def sending(message: Message) -> None:
            nonlocal withheld
            if message["type"] == "http.response.start":
                error = await self._keep(scope, message["status"], seen)
                if error:
                    withheld = True
                    await of_error(error)(scope, receive, send)
            if not withheld:
                await send(message)

        token = SEEN.set(seen)
        try:
            await self._app(scope, receive, sending)
        finally:
            SEEN.reset(token)

    async def _keep(self, scope: Scope, status: int, seen: Seen) -> CaseworkError | None:
        try:
            sights = sights_of(scope, status, seen, self._now())
            if sights:
                await run_in_threadpool(self._log.write, sights)
        except CaseworkError as error:
            return error
        except Exception as error:  # noqa: BLE001  whatever it is, nothing may be shown
            log.error("access_log_failed", error=type(error).__name__)
            return BrokenStepError("What was asked for could not be shown. Try again.")
        return None


def sights_of(scope: Scope, status: int, seen: Seen, now: datetime) -> tuple[Sight, ...]:
    """What an answer comes to in the access log: a row for each ground, or one for a refusal."""
    state: Mapping[str, Any] = scope.get("state", {})
    actor = state.get("actor") or seen.reader
    if actor is None:
        return ()
    params: Mapping[str, str] = scope.get("path_params", {})
    thing = thing_of(getattr(scope.get("route"), "path", ""))
    if status < 300:
        subject = seen.subject or _named(params, "case_id")
        kind = SightKind.SHOWN if _one(seen) or _names_a_case(params) else SightKind.LISTED
        return tuple(
            Sight(at=now, actor=actor, thing=thing, kind=kind, case_ids=ids, subject_id=subject, ground=ground)
            for ground, ids in _by_ground(seen).items()
        )
    if _is_refusal(state.get("refused"), status) and (_names_a_case(params) or ASKED in state):
        # Only what can be an id of ours is kept of an address: anything else may be a name.
        asked = state.get(ASKED) or params.get("case_id", "")
        ids, subject = (asked,) if is_id(asked) else (), _named(params, "case_id")
        return (Sight(at=now, actor=actor, thing=thing, kind=SightKind.REFUSED, case_ids=ids, subject_id=subject),)
    return ()


def thing_of(path: str) -> str:
    """What a route shows, in a word: `/cases/{case_id}/intake` is `intake`, `/cases/{case_id}` is `case`."""
    parts = [part for part in path.removeprefix("/api/v1").split("/") if part]
    fixed = [part for part in parts if not part.startswith("{")]
    if not fixed:
        return "home"
    if parts[-1].startswith("{"):
        return fixed[-1].removesuffix("s").replace("-", "_")
    first = next((place for place, part in enumerate(parts) if part.startswith("{")), -1)
    return "_".join(part for part in parts[first + 1 :] if not part.startswith("{")).replace("-", "_")


def _by_ground(seen: Seen) -> dict[str, tuple[str, ...]]:
    grounds = dict.fromkeys(seen.cases.values())
    return {
        ground: tuple(id_ for id_, why in seen.cases.items() if id_ is not None and why == ground) for ground in grounds
    }


def _one(seen: Seen) -> bool:
    return len(seen.cases) == 1 and None not in seen.cases


def _names_a_case(params: Mapping[str, str]) -> bool:
    return any(name in params for name in NAMES_A_CASE)


def _named(params: Mapping[str, str], case: str) -> str | None:
    """The last part that the address names besides the case."""
    return next((value for name, value in reversed([*params.items()]) if name != case and is_id(value)), None)


def _is_refusal(code: str | None, status: int) -> bool:
    return code in REFUSALS if code else status in REFUSED
