"""What the national register is to be told, ready to be keyed in, with the form that records that it was."""

from collections.abc import Iterator
from typing import Literal

from starlette.responses import Response
from starlette.routing import BaseRoute

from web.api.lists import Cursor
from web.api.report_files import register_of
from web.api.reporting import Days, Reports
from web.pages.lists import asked, page_after
from web.pages.periods import Periods
from web.pages.sheets import Sheets, Visit

A_PAGE = 40


class RegisterQuery(Days):
    """Days and where to go on, or a file in place of the page."""

    cursor: Cursor | None = None
    format: Literal["json", "csv", "xlsx"] | None = None


class RegisterPages:
    """One list, oldest first; its files hold all of it."""

    def __init__(self, sheets: Sheets, reports: Reports) -> None:
        self._sheets = sheets
        self._reports = reports
        self._periods = Periods(sheets)

    def routes(self) -> Iterator[BaseRoute]:
        """One address."""
        yield self._sheets.shows("/register", self._periods.or_again(self._show))

    def _show(self, visit: Visit) -> Response:
        actor, query = visit.visitor.actor, asked(RegisterQuery, visit)
        if query.format:
            return register_of(self._reports, actor, self._reports.to_register(actor, query), query.format)
        page = self._reports.page_of_register(actor, query, A_PAGE, query.cursor)
        days, following = self._periods.days(visit, page.period), page_after(visit, page)
        return visit.sheet.page("register.html", days=days, page=page, following=following)
