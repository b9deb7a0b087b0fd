"""How a page is made: templates, in the reader's language, under the policy for pages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from web.headers import PAGE_POLICY
from web.pages.fields import Field, every
from web.pages.languages import Language, language

STATIC = "/static"


@cache
def environment(code: str) -> Environment:
    """The templates in a language. What a person wrote is escaped wherever it stands."""
    made = Environment(
        loader=PackageLoader("web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(language(code).words, newstyle=True)  # type: ignore[attr-defined]
    made.globals["static"] = address
    return made


@cache
def file(name: str) -> bytes:
    """A file of ours that pages load."""
    return resources.files("web").joinpath("static", name).read_bytes()


@cache
def address(name: str) -> str:
    """Its address, which changes with its content, so that browsers may keep it for ever."""
    return f"{STATIC}/{sha256(file(name)).hexdigest()[:12]}/{name}"


@dataclass(frozen=True)
class Sheet:
    """What every page of one answer shares: the language, the clock and who reads it."""

    language: Language
    zone: ZoneInfo
    now: datetime
    shared: Mapping[str, Any]

    def page(self, template: str, status: int = 200, **shown: Any) -> HTMLResponse:
        """The page. Its title tells what kind of page it is, never of whom."""
        own = {"word": self.language.word, "label": self.language.label, "day": self.language.day}
        times = {"date": self.dated, "time": self.time, "span": self.span, "now": self.now, "local": self.local}
        everything = {**own, **times, "language": self.language.code, **self.shared, **shown}
        text = environment(self.language.code).get_template(template).render(everything)
        return HTMLResponse(text, status, {"Content-Security-Policy": PAGE_POLICY})

    def labels(self, fields: Iterable[Field]) -> dict[str, str]:
        """What the fields are called, and those within them, by their dotted names."""
        return {field.name: self.language.label(field.model, field.own) for field in every(fields)}

    def time(self, at: datetime) -> str:
        """A time in words, in the office's zone."""
        return self.language.time(at, self.zone)

    def dated(self, at: datetime | date) -> str:
        """A day in figures and letters, in the office's zone."""
        return self.language.dated(at.astimezone(self.zone).date() if isinstance(at, datetime) else at)

    def span(self, at: datetime) -> str:
        """How long until then, or since."""
        return self.language.span(at, self.now)

    def local(self, at: datetime | date) -> str:
        """A time as a field for times takes it."""
        return at.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M") if isinstance(at, datetime) else at.isoformat()
