"""The two languages of the pages. Indonesian goes first; English is a person's choice."""

import gettext
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from io import BytesIO
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent

CODES = ("id", "en")
FIRST = "id"


@dataclass(frozen=True)
class Language:
    """One language: its words, and how it writes times."""

    code: str
    locale: Locale
    words: gettext.GNUTranslations

    def word(self, kind: str, code: str) -> str:
        """What a code is called; a code that this version does not know, as it is."""
        return self.words.pgettext(kind, code)

    def label(self, model: str, name: str) -> str:
        """What a field of a form is called: as the form calls it, or as every form does."""
        own = f"{model}.{name}"
        found = self.words.pgettext("field", own)
        return self.words.pgettext("field", name) if found == own else found

    def day(self, day: date) -> str:
        """`Senin, 25 Mei 2026`."""
        return str(format_date(day, "EEEE, d MMMM y", locale=self.locale))

    def dated(self, day: date) -> str:
        """`25 Mei 2026`."""
        return str(format_date(day, "d MMM y", locale=self.locale))

    def quarter(self, day: date) -> str:
        """`Kuartal ke-2 2026`."""
        return str(format_date(day, "QQQQ y", locale=self.locale))

    def month(self, day: date) -> str:
        """`Mei 2026`."""
        return str(format_date(day, "MMM y", locale=self.locale))

    def number(self, value: float) -> str:
        """`1.234,5`."""
        return str(format_decimal(value, locale=self.locale))

    def percent(self, value: float) -> str:
        """`73,4%`."""
        return str(format_percent(value, "#,##0.#%", locale=self.locale))

    def time(self, at: datetime, zone: ZoneInfo) -> str:
        """`Sen, 25 Mei 2026, 09.00`, in the office's zone."""
        pattern = "EEE, d MMM y, HH.mm" if self.code == "id" else "EEE, d MMM y, HH:mm"
        return str(format_datetime(at, pattern, tzinfo=zone, locale=self.locale))

    def span(self, at: datetime, now: datetime) -> str:
        """`dalam 3 hari`, `3 hari yang lalu`."""
        return str(format_timedelta(at - now, granularity="minute", add_direction=True, locale=self.locale))


@cache
def catalogue(code: str) -> Catalog:
    """The catalogue of a language, as its translators wrote it."""
    text = resources.files("web").joinpath("locale", code, "LC_MESSAGES", "tuntas.po").read_bytes()
    return read_po(BytesIO(text), locale=code)


@cache
def language(code: str) -> Language:
    """A language by its code; one that is not ours is the first."""
    if code not in CODES:
        return language(FIRST)
    made = BytesIO()
    write_mo(made, catalogue(code))
    made.seek(0)
    return Language(code, Locale.parse(code), gettext.GNUTranslations(made))


def chosen(cookies: Mapping[str, str]) -> Language:
    """The language that a person chose, or the first. What a browser prefers is not asked: telephones are sold in
    English to people who read Indonesian."""
    return language(cookies.get("language", FIRST))
