"""Who carries how many cases, and where they stand on their pathway: numbers, each of which leads to its cases."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from casework.errors import ForbiddenError
from casework.models.codes import Stage, Status
from casework.models.pathway import Category
from casework.models.people import DECIDING_ROLES
from web.pages.languages import Language
from web.pages.naming import Naming
from web.pages.plots import Bar, plot
from web.pages.sheets import Sheets, Visit
from web.site import Site

Row = Mapping[str, Any]
STAGES = tuple(stage for stage in Stage if stage is not Stage.CLOSED)
ALL = "all"
"""The column of all categories: a case of two stands in both of theirs, and here once."""


class CaseloadPage:
    """One page, for who decides in an office."""

    def __init__(self, site: Site, sheets: Sheets, naming: Naming) -> None:
        self._reads = site.desk.reads
        self._sheets = sheets
        self._naming = naming

    def routes(self) -> Iterator[BaseRoute]:
        """One address."""
        yield self._sheets.shows("/caseload", self._show)

    def _show(self, visit: Visit) -> Response:
        actor = visit.visitor.actor
        if actor.role not in DECIDING_ROLES:
            raise ForbiddenError("The caseload is read by supervisor and head.")
        load = self._reads.caseload(actor, visit.sheet.now)
        standing = counted(load.standing)

        def cases(**filters: str) -> str:
            own = {"agency_id": actor.agency_id, "status": Status.OPEN.value}
            return f"/cases?{urlencode({**own, **filters})}"

        return visit.sheet.page(
            "caseload.html",
            names=self._naming.of(visit),
            carried=sorted(load.carried, key=lambda row: (-row["open"], row["assigned_to"] or "")),
            standing=standing,
            stages=STAGES,
            categories=tuple(Category),
            cases=cases,
            plot=plot(bars(standing, visit.sheet.language, cases)),
        )


def bars(standing: Counter[tuple[str, str]], language: Language, cases: Callable[..., str]) -> list[Bar]:
    """A bar for each stage of the pathway, which leads to the cases that stand there."""
    counts = ((stage, standing[stage, ALL]) for stage in STAGES)
    return [
        Bar(language.word("Stage", stage), language.number(count), count, cases(stage=stage) if count else "")
        for stage, count in counts
    ]


def counted(rows: Iterable[Row]) -> Counter[tuple[str, str]]:
    """How many stand at a stage, in a category or in all of them."""
    found: Counter[tuple[str, str]] = Counter()
    for row in rows:
        for category in (*row["categories"], ALL):
            found[row["stage"], category] += row["count"]
    return found
