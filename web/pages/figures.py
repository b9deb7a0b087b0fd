"""Figures as pages: by chapter, each with a plot and a table, its definition and its source; numbers lead to cases."""

from collections.abc import Iterator, Sequence
from typing import Literal

from starlette.responses import Response
from starlette.routing import BaseRoute

from casework.errors import NotFoundError
from casework.figures import chapters, of_chapter
from casework.models.figure import Definition, Period
from casework.rules.figures import of_own_office
from web.api.reporting import BehindQuery, Days, Reports
from web.api.reports import figures_file, reason_of
from web.pages.figure_told import Told, told
from web.pages.figure_words import FigureWords
from web.pages.lists import asked, page_after
from web.pages.naming import Naming
from web.pages.periods import Periods
from web.pages.sheets import Sheets, Visit
from web.site import Site

A_PAGE = 50


class FiguresQuery(Days):
    """Days, and a file in place of the page."""

    format: Literal["json", "csv", "xlsx"] | None = None


class FigurePages:
    """All figures in a line each, those of a chapter in full, and the cases behind a number."""

    def __init__(self, site: Site, sheets: Sheets, naming: Naming, reports: Reports) -> None:
        self._sheets = sheets
        self._naming = naming
        self._reports = reports
        self._periods = Periods(sheets)
        self._agencies = {each.id: each.name for each in site.agencies}

    def routes(self) -> Iterator[BaseRoute]:
        """Three addresses."""
        for path, show in (
            ("/figures", self._all),
            ("/figures/{chapter}", self._chapter),
            ("/figures/{figure_id}/cases", self._behind),
        ):
            yield self._sheets.shows(path, self._periods.or_again(show))

    def _all(self, visit: Visit) -> Response:
        actor, query = visit.visitor.actor, asked(FiguresQuery, visit)
        period = self._reports.period(actor, query)
        if query.format:
            return figures_file(self._reports.figures(actor, period), period, actor, query.format)
        every = self._told(visit, period)
        listed = {chapter: [each for each in every if each.its.chapter == chapter] for chapter in chapters()}
        return visit.sheet.page("figures.html", days=self._periods.days(visit, period), listed=listed)

    def _chapter(self, visit: Visit) -> Response:
        chapter = visit.named("chapter")
        period = self._reports.period(visit.visitor.actor, asked(Days, visit))
        its = of_chapter(chapter)
        if not its:
            raise NotFoundError("There is no such chapter.")
        days, shown = self._periods.days(visit, period), self._told(visit, period, its)
        return visit.sheet.page("figures_of.html", days=days, chapter=chapter, chapters=chapters(), told=shown)

    def _behind(self, visit: Visit) -> Response:
        actor, query = visit.visitor.actor, asked(BehindQuery, visit)
        period = self._reports.period(actor, query)
        limited = query.model_copy(update={"limit": min(query.limit, A_PAGE)})
        page = self._reports.behind(actor, period, visit.named("figure_id"), limited)
        its = self._reports.counting(visit.named("figure_id"))
        # What an address says is said again only where it is one of the figure's keys.
        of = self._words(visit).of(its, query.key, query.part) if query.key and page.items else ""
        return visit.sheet.page(
            "figure_cases.html",
            days=self._periods.days(visit, period),
            period=period,
            its=its,
            of=of,
            page=page,
            following=page_after(visit, page),
            names=self._naming.of(visit),
        )

    def _told(self, visit: Visit, period: Period, of: Sequence[Definition] = ()) -> list[Told]:
        words, actor = self._words(visit), visit.visitor.actor
        days = self._periods.days(visit, period) if of_own_office(actor) else None
        figures = self._reports.figures(actor, period, of)
        return [told(figure, reason_of(figure, actor), words, days) for figure in figures]

    def _words(self, visit: Visit) -> FigureWords:
        return FigureWords(visit.sheet.language, self._agencies)
