"""Finds the names that a page needs: those of the agencies once, those of colleagues for each page."""

from collections.abc import Collection

from casework.models.people import OFFICE_ROLES, Role
from web.pages.names import Names
from web.pages.sheets import Visit
from web.site import Site


class Naming:
    """Names for the reader of a page."""

    def __init__(self, site: Site) -> None:
        self._accounts = site.desk.accounts
        self._agencies = {each.id: each.name for each in site.agencies}

    def of(self, visit: Visit, accounts: Collection[str] = ()) -> Names:
        """The names that this reader is shown; the auditor those of the accounts that a page is about."""
        actor = visit.visitor.actor
        if actor.role is Role.AUDITOR:
            return Names(visit.sheet.language, self._agencies, self._accounts.names(accounts))
        rows = self._accounts.of_office(actor.agency_id, None) if actor.role in OFFICE_ROLES else []
        return Names(visit.sheet.language, self._agencies, {row["id"]: row["username"] for row in rows})
