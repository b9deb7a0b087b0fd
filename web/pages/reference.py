"""What an office works by, for everybody who has signed in: agencies, the calendar, and the rules of each category."""

from collections.abc import Iterator

from starlette.responses import Response
from starlette.routing import BaseRoute

from casework.errors import NotFoundError
from casework.models.pathway import Category
from casework.models.people import Role
from web.pages.naming import Naming
from web.pages.sheets import Sheets, Visit
from web.site import Site


class ReferencePages:
    """Nothing here is of a case. All of it is data of this installation."""

    def __init__(self, site: Site, sheets: Sheets, naming: Naming) -> None:
        self._office = site.desk.office
        self._agencies = site.agencies
        self._sheets = sheets
        self._naming = naming

    def routes(self) -> Iterator[BaseRoute]:
        """Four addresses."""
        yield self._sheets.shows("/agencies", self._of_agencies)
        yield self._sheets.shows("/calendar", self._calendar)
        yield self._sheets.shows("/pathways", self._pathways)
        yield self._sheets.shows("/pathways/{category}", self._pathway)

    def _of_agencies(self, visit: Visit) -> Response:
        return visit.sheet.page("agencies.html", agencies=self._agencies, names=self._naming.of(visit))

    def _calendar(self, visit: Visit) -> Response:
        calendar, now = self._office.calendar, visit.sheet.now.astimezone(self._sheets.zone)
        weekdays = visit.sheet.language.locale.days["format"]["wide"]
        off = tuple(day for day in calendar.holidays if day.year in (now.year, now.year + 1))
        return visit.sheet.page("calendar.html", calendar=calendar, weekdays=weekdays, off=off)

    def _pathways(self, visit: Visit) -> Response:
        actor = visit.visitor.actor
        keeps = actor.role is Role.ADMINISTRATOR and actor.agency_id == self._office.lead_agency_id
        return visit.sheet.page("pathways.html", pathways=self._office.pathways.values(), keeps=keeps)

    def _pathway(self, visit: Visit) -> Response:
        """One by its category, at the version that new cases are opened under."""
        category = visit.named("category")
        if not Category.has(category):
            raise NotFoundError("There is no such pathway.")
        pathway = self._office.pathways[Category(category)]
        return visit.sheet.page("pathway.html", pathway=pathway, names=self._naming.of(visit))
