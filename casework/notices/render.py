"""Notices as text. The context is a closed model, so a template has nothing personal to name."""

import tomllib
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, get_args
from zoneinfo import ZoneInfo

from jinja2 import DictLoader, Environment, StrictUndefined

from casework.models.base import Model
from casework.models.notice import Language, Notice, NoticeKind
from casework.notices.port import Rendered


class Context(Model):
    """All that a template can see."""

    case_number: str
    link: str
    due: str | None
    kind: NoticeKind


@cache
def texts() -> dict[str, Any]:
    """The texts as data, read once a process."""
    source = files("casework.notices") / "templates" / "notices.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))


def sources() -> dict[str, str]:
    """Every template by its name: `<kind>/subject.<language>` and `<kind>/body.<language>`."""
    data = texts()
    found: dict[str, str] = {}
    for kind, text in data["kind"].items():
        for language in get_args(Language):
            found[f"{kind}/subject.{language}"] = data["subject"][text["subject"]][language]
            found[f"{kind}/body.{language}"] = text[language] + data["frame"][language]
    return found


@cache
def environment() -> Environment:
    """Strict: a variable that the context lacks is an error, never an empty place."""
    return Environment(
        loader=DictLoader(sources()),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  plain text: mail bodies and messages, never HTML
    )


def due_text(due_at: datetime, language: Language, zone: ZoneInfo) -> str:
    """A due time as people of the office read it: `Kamis, 21 Mei 2026 pukul 10.00 WIB`."""
    local = due_at.astimezone(zone)
    words = texts()["time"][language]
    pattern: str = words["pattern"]
    return pattern.format(
        weekday=words["weekdays"][local.weekday()],
        day=local.day,
        month=words["months"][local.month - 1],
        year=local.year,
        hour=local.hour,
        minute=local.minute,
        zone=local.tzname(),
    )


def render(notice: Notice, language: Language, zone: ZoneInfo, base_url: str) -> Rendered:
    """A notice in one language: a fixed sentence, number, time limit and link. Same notice, same text."""
    context = Context(
        case_number=notice.case_number,
        link=f"{base_url.rstrip('/')}/cases/{notice.case_number}",
        due=due_text(notice.due_at, language, zone) if notice.due_at else None,
        kind=notice.kind,
    )

    def fill(part: str) -> str:
        template = environment().get_template(f"{notice.kind.value}/{part}.{language}")
        return template.render(context.model_dump())

    return Rendered(subject=fill("subject"), body=fill("body"))
