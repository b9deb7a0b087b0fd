"""Notices as text. The context is a closed model, so a template has nothing personal to name."""

import tomllib
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, get_args
from zoneinfo import ZoneInfo

from jinja2 import DictLoader, Environment, StrictUndefined

from casework.models.base import Model
from casework.models.notice import OF_OUTREACH, Language, Notice, NoticeKind
from casework.notices.port import Rendered

PAGES = {
    NoticeKind.DIGEST: "/stalled",
    NoticeKind.SIGN_IN_FAILING: "/accounts",
    NoticeKind.CHECKPOINT: "/audit",
    NoticeKind.MANY_CASES_SEEN: "/access-log",
    NoticeKind.REFUSED_REPEATEDLY: "/access-log",
    NoticeKind.PUBLIC_REPORT: "/public-reports",
    NoticeKind.PUBLIC_REPORT_LATE: "/public-reports",
}
"""Where a notice of no case leads: to what waits too long, to the accounts of the office, to what the auditor
was told of, to who saw what, to what the public reported."""


class CheckpointText(Model):
    """A checkpoint as it is told."""

    number: int
    at: str
    rows: int
    root: str
    signature: str


class Context(Model):
    """All that a template can see."""

    case_number: str | None
    link: str
    due: str | None
    about: str | None
    waiting: int | None
    checkpoint: CheckpointText | None
    kind: NoticeKind


@cache
def texts() -> dict[str, Any]:
    """The texts as data, read once a process."""
    return _read("notices.toml")


@cache
def clocks() -> dict[str, dict[str, str]]:
    """What each kind of deadline is called, by kind and language; `other` for a kind of a district's own."""
    data = _read("clocks.toml")
    return {"other": data["other"], **{kind: words for words in data["clocks"] for kind in words["kinds"]}}


def _read(name: str) -> dict[str, Any]:
    source = files("casework.notices") / "templates" / name
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


def clock_text(kind: str, language: Language) -> str:
    """A kind of deadline in plain words that tell nothing of what happened."""
    named = clocks()
    return named.get(kind, named["other"])[language]


def render(notice: Notice, language: Language, zone: ZoneInfo, base_url: str, page: str | None = None) -> Rendered:
    """A notice in one language: a fixed sentence, number, time limit and link. Same notice, same text."""
    context = Context(
        case_number=notice.case_number,
        link=base_url.rstrip("/") + (page or _page(notice)),
        due=due_text(notice.due_at, language, zone) if notice.due_at else None,
        about=clock_text(notice.about_kind, language) if notice.about_kind else None,
        waiting=notice.waiting,
        checkpoint=_checkpoint(notice, language, zone),
        kind=notice.kind,
    )

    def fill(part: str) -> str:
        template = environment().get_template(f"{notice.kind.value}/{part}.{language}")
        return template.render(context.model_dump())

    return Rendered(subject=fill("subject"), body=fill("body"))


def _page(notice: Notice) -> str:
    if notice.kind in OF_OUTREACH:
        return f"/outreach/{notice.about_id}"
    page = PAGES.get(notice.kind, f"/cases/{notice.case_number}")
    return f"{page}?account_id={notice.about_id}" if notice.kept_from else page


def _checkpoint(notice: Notice, language: Language, zone: ZoneInfo) -> CheckpointText | None:
    if notice.checkpoint is None:
        return None
    told = notice.checkpoint
    return CheckpointText.model_validate({**told.model_dump(), "at": due_text(told.at, language, zone)})
