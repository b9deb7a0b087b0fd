"""From the bytes of a body to a model of ours: strictly, and never further than it must be read."""

import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import date, datetime
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from casework.errors import InvalidInputError
from web.api.problems import entry, invalid

M = TypeVar("M", bound=BaseModel)
JSON_TYPE = re.compile(r"^application/([a-z0-9.+-]+\+)?json(;|$)", re.IGNORECASE)
RFC_3339 = re.compile(r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:\d{2})$")
EARLIEST_YEAR, LATEST_YEAR = 1900, 2200
"""Of no use to a case, and beyond what databases and time zones compute with."""


def body_of(model: type[M]) -> Callable[[Request], Awaitable[M]]:
    """A dependency that gives the body as the model; without a body, the model of `{}`."""

    async def read(request: Request) -> M:
        kind = request.headers.get("content-type")
        content = await request.body()
        if content and kind is not None and not JSON_TYPE.match(kind.strip()):
            raise InvalidInputError(
                "Send JSON, with Content-Type application/json.",
                errors=[entry("", "not_json", "The body is of another content type.")],
            )
        return parse(model, content or b"{}")

    return read


def parse(model: type[M], content: bytes) -> M:
    """The model, with types as written; raises the refusal with a pointer to each thing found."""
    try:
        body = model.model_validate_json(content, strict=True)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False, include_input=False, include_context=False)) from None
    errors = list(_unfit(body, from_json(content), ""))
    if errors:
        raise InvalidInputError("Something in the request is not valid; see each pointer.", errors=errors)
    return body


def _unfit(value: Any, raw: Any, at: str) -> Iterator[dict[str, str]]:
    """What a type lets through and we do not: times in other forms or other ages, texts that cannot be kept."""
    if isinstance(value, BaseModel):
        for name in value.model_fields_set:
            written = type(value).model_fields[name].alias or name
            yield from _unfit(getattr(value, name), raw[written], f"{at}/{written}")
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _unfit(item, raw[index], f"{at}/{index}")
    elif isinstance(value, date):
        yield from _unfit_time(value, raw, at)
    elif isinstance(value, str) and "\x00" in value:
        yield entry(at, "invalid", "holds a character that cannot be kept")


def _unfit_time(value: date, raw: Any, at: str) -> Iterator[dict[str, str]]:
    if isinstance(value, datetime) and not RFC_3339.match(str(raw)):
        yield entry(at, "wrong_form", "Times are RFC 3339 with an offset: 2026-05-21T10:00:00+07:00.")
    elif not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
        yield entry(at, "out_of_range", "The year cannot be right.")
