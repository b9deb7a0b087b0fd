"""What a person filled in, as the body that a command takes. Nothing is judged here: the model does."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import ImmutableMultiDict

from web.pages.fields import Field

MOST_ROWS = 50
LOCAL = "%Y-%m-%dT%H:%M"
ANSWERS = {"yes": True, "no": False}


Form = ImmutableMultiDict[str, Any]
"""The names and values of a form as it was sent; files are not texts, and are passed over."""


def body(fields: Iterable[Field], form: Form, zone: ZoneInfo) -> dict[str, Any]:
    """The body as JSON would write it. What was left empty is left out."""
    made = {field.own: _value(field, form, zone) for field in fields}
    return {name: value for name, value in made.items() if value is not None}


def rows(name: str, form: Form) -> list[int]:
    """The numbers of the rows of a repeated part in which something was filled, in order."""
    pattern = re.compile(rf"^{re.escape(name)}\.(\d{{1,3}})(?:\.|$)")
    filled = (key for key in form if any(map(_text, form.getlist(key))))
    numbers = {int(found[1]) for key in filled if (found := pattern.match(key))}
    return sorted(numbers)[:MOST_ROWS]


def at_row(field: Field, number: int) -> Field:
    """The part of a repeated field, for one row of it."""
    parts = tuple(at_row(part, number) for part in field.parts)
    return Field(**{**vars(field), "name": field.name.replace("#", str(number), 1), "parts": parts})


def _value(field: Field, form: Form, zone: ZoneInfo) -> Any:
    if field.kind == "group":
        # A part that must be there is sent empty rather than not at all: what is missing is then told of its fields.
        return body(field.parts, form, zone) or ({} if field.required else None)
    if field.kind == "rows":
        found = (_row(field, number, form, zone) for number in rows(field.name, form))
        return [each for each in found if each is not None] or None
    if field.kind == "choices":
        return [*filter(None, map(_text, form.getlist(field.name)))] or None
    return _plain(field, text(form, field.name), zone)


def _row(field: Field, number: int, form: Form, zone: ZoneInfo) -> Any:
    """One row; none where only what is chosen beforehand stands in it."""
    parts = [at_row(part, number) for part in field.parts]
    if len(parts) == 1 and parts[0].name == f"{field.name}.{number}":
        return _value(parts[0], form, zone)
    return body(parts, form, zone) or None


def _plain(field: Field, sent: str, zone: ZoneInfo) -> Any:
    if field.kind == "tick":
        return True if sent == "yes" else None
    if not sent:
        return None
    if field.kind == "answer":
        return ANSWERS.get(sent)
    if field.kind == "number":
        return int(sent) if sent.isdecimal() and len(sent) < 10 else sent
    if field.kind == "time":
        return _instant(sent, zone)
    return sent


def _instant(sent: str, zone: ZoneInfo) -> str:
    """A time of the office's wall, with its offset; what is no time goes on as it is, and is refused as such."""
    try:
        return datetime.strptime(sent, LOCAL).replace(tzinfo=zone).isoformat()
    except ValueError:
        return sent


def text(form: Form, name: str) -> str:
    """The text of a field, empty where there is none."""
    return _text(form.get(name))


def _text(value: Any) -> str:
    return value.strip().replace("\r\n", "\n") if isinstance(value, str) else ""


def errors_at(errors: Iterable[Mapping[str, Any]], form: Form) -> dict[str, str]:
    """The code of what is wrong, by the dotted name of the field; rows by the numbers that the form gave them."""
    return {_named(str(each["pointer"]), form): str(each["code"]) for each in errors}


def _named(pointer: str, form: Form) -> str:
    name = ""
    for step in pointer.strip("/").split("/"):
        if step.isdecimal() and (sent := rows(name, form)) and int(step) < len(sent):
            step = str(sent[int(step)])
        name = f"{name}.{step}" if name else step
    return name
