"""Finds the names that a page needs: those of the agencies once, those of colleagues for each page."""

from casework.models.people import OFFICE_ROLES
from web.pages.names import Names
from web.pages.sheets import Visit
from web.site import Site


class Naming:
    """Names for the reader of a page."""

    def __init__(self, site: Site) -> None:
        self._accounts = site.desk.accounts
        self._agencies = {each.id: each.name for each in site.agencies}

    def of(self, visit: Visit) -> Names:
        """The names that this reader is shown."""
        actor = visit.visitor.actor
        rows = self._accounts.of_office(actor.agency_id, None) if actor.role in OFFICE_ROLES else []
        return Names(visit.sheet.language, self._agencies, {row["id"]: row["username"] for row in rows})
