"""Which days a page of figures is of: a form, what is mostly asked for, and what cannot be."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from casework.errors import InvalidInputError
from casework.models.figure import Period
from casework.rules.figures import of_own_office, offered
from web.pages.sheets import Sheets, Shown, Visit, sentence


@dataclass(frozen=True)
class Choice:
    """One of the periods that are mostly asked for."""

    name: str
    query: str
    chosen: bool


@dataclass(frozen=True)
class Chosen:
    """What stands above every page of figures."""

    first: str
    last: str
    choices: tuple[Choice, ...]
    free: bool
    """Whether any days may be asked for."""

    @property
    def query(self) -> str:
        """The days in an address."""
        return urlencode({"from": self.first, "to": self.last})

    def asking(self, **more: str | None) -> str:
        """These days and something else in an address."""
        return urlencode({"from": self.first, "to": self.last, **{name: each for name, each in more.items() if each}})


class Periods:
    """The choice of days, for pages."""

    def __init__(self, sheets: Sheets) -> None:
        self._zone = str(sheets.zone)

    def days(self, visit: Visit, period: Period) -> Chosen:
        """The days that a page is of."""
        return self._days(visit, period.first.isoformat(), period.last.isoformat())

    def or_again(self, show: Shown) -> Shown:
        """A page of some days; where they cannot be asked for that is said, above the form as it was filled in."""

        def shown(visit: Visit) -> Response:
            try:
                return show(visit)
            except InvalidInputError as error:
                days = self._days(visit, visit.asked("from"), visit.asked("to"))
                reason = _reason(visit, error.extra.get("errors", ()))
                refusal = reason or sentence(visit.sheet.language, error)
                return visit.sheet.page("period.html", error.status, days=days, refusal=refusal)

        return shown

    def _days(self, visit: Visit, first: str, last: str) -> Chosen:
        actor, language = visit.visitor.actor, visit.sheet.language
        choices = tuple(
            Choice(
                language.quarter(begins) if name == "quarter" else language.word("period", name),
                urlencode({"from": begins.isoformat(), "to": ends.isoformat()}),
                (begins.isoformat(), ends.isoformat()) == (first, last),
            )
            for name, begins, ends in offered(actor, visit.sheet.now, self._zone)
        )
        return Chosen(first, last, choices, of_own_office(actor))


def _reason(visit: Visit, errors: object) -> str:
    listed = errors if isinstance(errors, (list, tuple)) else ()
    codes = [str(each["code"]) for each in listed if isinstance(each, Mapping) and each.get("pointer") == "/from"]
    return visit.sheet.language.word("period", codes[0]) if codes else ""
