"""What people and agencies are called on a page."""

from collections.abc import Mapping
from dataclasses import dataclass

from casework.models.people import ENGINE
from web.api.answers import LogRow, OwnerOf
from web.pages.languages import Language


@dataclass(frozen=True)
class Names:
    """Agencies by id, and the accounts of the reader's own office; of other offices only the office is named."""

    language: Language
    agencies: Mapping[str, str]
    accounts: Mapping[str, str]

    def agency(self, agency_id: str | None) -> str:
        """The name of an agency."""
        return self.agencies.get(agency_id or "", agency_id or "")

    def account(self, account_id: str | None, agency_id: str | None = None) -> str:
        """The name of a colleague; of anybody else, where they work."""
        return self.accounts.get(account_id or "") or self.agency(agency_id) or self.language.word("role", "system")

    def writer(self, row: LogRow) -> str:
        """Who left a row of a log: by name where that is known, else where they work; what came by itself as that."""
        if row.by == ENGINE:
            return self.language.word("role", "system")
        return row.by_name or self.agency(row.agency_id)

    def owner(self, owner: OwnerOf | None) -> str:
        """Who is waited for."""
        if owner is None:
            return self.language.word("role", "nobody")
        if owner.agency_id:
            return self.agency(owner.agency_id)
        return self.account(owner.account_id) if owner.account_id else self.rung(owner.role or "nobody")

    def rung(self, to: str) -> str:
        """Who stands on a rung: a role, or an agency of the directory."""
        return self.agencies.get(to) or self.language.word("role", to)
