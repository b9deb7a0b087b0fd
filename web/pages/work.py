"""My work: what is overdue, due today and coming, and what came in."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from casework.models.people import OFFICE_ROLES
from starter.outreach import OutreachBook
from web.api.public_reports import PublicReading
from web.pages.naming import Naming
from web.pages.sheets import SEE_OTHER, Sheets, Visit
from web.site import Site

Row = Mapping[str, Any]
SHOWN, NEWS = 40, 20
"""Of what waits, and of each kind of news: what a thin network carries."""
SOON = timedelta(days=7)
"""Of promises: what is due later waits for nobody yet."""


class Work:
    """The page at which people arrive."""

    def __init__(self, site: Site, sheets: Sheets, naming: Naming, book: OutreachBook, public: PublicReading) -> None:
        self._book = book
        self._reads = site.desk.reads
        self._sheets = sheets
        self._naming = naming
        self._public = public

    def routes(self) -> Iterator[BaseRoute]:
        """The root; who works on no cases is led to where their work lies."""
        yield self._sheets.shows("/", self._show)

    def _show(self, visit: Visit) -> Response:
        actor = visit.visitor.actor
        if actor.role not in OFFICE_ROLES:
            menu = visit.visitor.menu
            if not menu:
                return visit.sheet.page("nothing.html")
            return RedirectResponse(menu[0].address, SEE_OTHER)
        now = visit.sheet.now
        work = self._reads.work(actor, now)
        midnight = (now.astimezone(self._sheets.zone) + timedelta(days=1)).replace(hour=0, minute=0, second=0)
        return visit.sheet.page(
            "work.html",
            groups=_grouped(work.clocks[:SHOWN], now, midnight),
            public=self._public.counts(actor),
            assignments=work.assignments[:NEWS],
            answers=work.answers[:NEWS],
            more=len(work.clocks) > SHOWN or max(len(work.assignments), len(work.answers)) > NEWS,
            owed=self._book.owed(actor, now + SOON),
            names=self._naming.of(visit),
        )


def _grouped(clocks: tuple[Row, ...], now: datetime, midnight: datetime) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {"overdue": [], "today": [], "coming": []}
    for clock in clocks:
        name = "overdue" if clock["due_at"] < now else "today" if clock["due_at"] < midnight else "coming"
        groups[name].append(clock)
    return groups
