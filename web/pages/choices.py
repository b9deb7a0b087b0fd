"""What a person chooses from in a form, of the things that only this office and this case know."""

from collections.abc import Iterable, Mapping
from typing import Any

from casework.models.codes import COMMON_OUTCOMES
from casework.models.people import OFFICE_ROLES, Actor, Role
from casework.models.state import Deadline
from casework.pathways.facts import facts_file
from web.pages.languages import Language
from web.pages.sheet import Sheet
from web.site import Site

Choice = tuple[str, str]


class Choices:
    """Choices by the names that `fields` gives them."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def of_office(self, language: Language, actor: Actor) -> dict[str, tuple[Choice, ...]]:
        """Those that hold for every case."""
        agencies = tuple((each.id, each.name) for each in self._site.agencies)
        return {
            "agencies": agencies,
            "offices": tuple((each.id, each.name) for each in self._site.agencies if each.leads),
            "milestones": _milestones(language),
            "progress": _milestones(language),
        }

    def of_case(
        self, sheet: Sheet, actor: Actor, case: Mapping[str, Any], clocks: Iterable[Deadline]
    ) -> dict[str, tuple[Choice, ...]]:
        """Those, with what this case's pathways and clocks add."""
        every = self._site.desk.office.pathways
        # To an agency, choices of this case's pathways alone would tell what the case is about.
        own = case["categories"] if actor.role in OFFICE_ROLES else tuple(every)
        findings = dict.fromkeys(code for each in own for code in every[each].findings)
        outcomes = dict.fromkeys([*COMMON_OUTCOMES, *(code for each in own for code in every[each].outcomes)])
        return {
            **self.of_office(sheet.language, actor),
            "findings": _worded(sheet.language, "finding", findings),
            "outcomes": _worded(sheet.language, "outcome", outcomes),
            "clocks": tuple((clock.id, _clock(sheet, clock)) for clock in clocks),
            "caseworkers": self._caseworkers(actor),
        }

    def _caseworkers(self, actor: Actor) -> tuple[Choice, ...]:
        rows = self._site.desk.accounts.of_office(actor.agency_id, Role.CASEWORKER)
        return tuple((row["id"], f"{row['username']} ({row['open_cases']})") for row in rows if not row["disabled"])


def _worded(language: Language, kind: str, codes: Iterable[str]) -> tuple[Choice, ...]:
    return tuple((code, language.word(kind, code)) for code in codes)


def _milestones(language: Language) -> tuple[Choice, ...]:
    title = "title_id" if language.code == "id" else "title_en"
    return tuple((each.kind, getattr(each, title)) for each in facts_file().milestones)


def _clock(sheet: Sheet, clock: Deadline) -> str:
    return f"{sheet.language.word('clock', clock.kind)} · {sheet.time(clock.due_at)}"
