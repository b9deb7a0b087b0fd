"""One shape for every error, the framework's own included: RFC 9457, with a stable `code`.

Nothing a client sent is repeated: pointers name fields of ours, details are ours.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from casework.errors import CaseworkError, InvalidInputError, NotFoundError, UnknownServiceError

RETRY_SECONDS = {429: "10", 503: "2"}
TOLD = {
    "retry_after": ("Retry-After", "{}"),
    "scope": ("WWW-Authenticate", 'Bearer error="insufficient_scope", scope="{}"'),
}
"""What a refusal says besides that is also a header."""
MOST_ERRORS = 50
TYPE = "urn:tuntas:problem:"
CODES = {
    "missing": "missing",
    "extra_forbidden": "unknown_field",
    "enum": "unknown_code",
    "literal_error": "unknown_code",
    "json_invalid": "not_json",
    "timezone_aware": "no_offset",
    "string_too_long": "too_long",
    "too_long": "too_long",
    "string_too_short": "too_short",
    "too_short": "too_short",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
    "string_pattern_mismatch": "wrong_form",
    "value_error": "invalid",
}
DETAILS = {"unknown_field": "There is no such field here.", "not_json": "The body is not JSON that can be taken."}
# What pydantic adds to a place for the branch of a union is no field: `bool`, `constrained-str`, `nullable[...]`.
FIELD = re.compile(r"^(?!(?:bool|str)$)[A-Za-z][A-Za-z0-9_-]{0,62}$(?<!constrained-str)")


class Problem(JSONResponse):
    """An `application/problem+json` response."""

    media_type = "application/problem+json"


def problem(
    status: int, code: str, title: str, detail: str, headers: Mapping[str, str] | None = None, **extra: Any
) -> Problem:
    """A problem as it is sent; `extra` adds members and never replaces one."""
    given = dict(headers or {})
    if status in RETRY_SECONDS:
        given.setdefault("Retry-After", RETRY_SECONDS[status])
    if status == HTTPStatus.UNAUTHORIZED:
        given.setdefault("WWW-Authenticate", "Bearer")
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        given.setdefault("Connection", "close")
    own = {"type": TYPE + code, "title": title, "status": status, "detail": detail, "code": code}
    return Problem({**extra, **own}, status, given)


def of_error(error: CaseworkError) -> Problem:
    """A refusal, with what it says besides: `errors`, `allowed`, `blockers`, `revision`."""
    headers = {name: form.format(error.extra[key]) for key, (name, form) in TOLD.items() if key in error.extra}
    return problem(error.status, error.code, error.title, error.detail, headers, **error.extra)


def invalid(found: Iterable[ErrorDetails | Mapping[str, Any]]) -> CaseworkError:
    """What a validation found, as the refusal it comes to: an unknown service has a code of its own."""
    details = list(found)
    errors = _entries(details)
    if details and all(_is_unknown_service(each) for each in details):
        return UnknownServiceError("There is no such service; see GET /api/v1/agencies for those given.", errors=errors)
    return InvalidInputError("Something in the request is not valid; see each pointer.", errors=errors)


def entry(pointer: str, code: str, detail: str) -> dict[str, str]:
    """One entry of `errors`."""
    return {"pointer": pointer, "code": code, "detail": detail}


def _entries(found: Sequence[ErrorDetails | Mapping[str, Any]]) -> list[dict[str, str]]:
    seen: dict[tuple[str, str], dict[str, str]] = {}
    for each in found[:MOST_ERRORS]:
        pointer, code = _pointer(each["loc"]), _code(str(each["type"]))
        detail = DETAILS.get(code) or str(each["msg"]).removeprefix("Value error, ")
        seen.setdefault((pointer, code), entry(pointer, code, detail))
    return list(seen.values())


def _code(kind: str) -> str:
    return CODES.get(kind, "wrong_type" if kind.endswith(("_type", "_parsing")) else "invalid")


def _pointer(loc: Sequence[str | int]) -> str:
    # An unknown field of a name that cannot be ours is shown as its parent: the name itself may tell of a person.
    path = loc[1:] if loc and loc[0] in ("body", "query", "header", "path") else loc
    return "".join(f"/{step}" for step in path if isinstance(step, int) or FIELD.match(step))


def _is_unknown_service(found: ErrorDetails | Mapping[str, Any]) -> bool:
    return found["type"] == "enum" and bool(found["loc"]) and found["loc"][-1] == "service"


async def on_refusal(request: Request, error: Exception) -> Problem:
    """Handles CaseworkError."""
    assert isinstance(error, CaseworkError)  # noqa: S101  told to the type checker
    request.state.refused = error.code
    return of_error(error)


async def on_invalid(request: Request, error: Exception) -> Problem:
    """Handles what FastAPI found wrong in headers, query and path."""
    assert isinstance(error, RequestValidationError)  # noqa: S101  told to the type checker
    return of_error(invalid(error.errors()))


async def on_http(request: Request, error: Exception) -> Problem:
    """Handles the framework's own refusals: no such route, method not allowed."""
    assert isinstance(error, HTTPException)  # noqa: S101  told to the type checker
    if error.status_code == HTTPStatus.NOT_FOUND:
        return of_error(NotFoundError("There is nothing at this address."))
    phrase = HTTPStatus(error.status_code).phrase
    code = re.sub(r"[^a-z]+", "_", phrase.lower())
    return problem(error.status_code, code, phrase, f"{phrase}.", error.headers)
