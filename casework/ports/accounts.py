"""Accounts of people and systems."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Protocol

from casework.models.notice import Contact
from casework.models.people import Account
from casework.ports.intake import Keyed


class Accounts(Protocol):
    """Who may sign in."""

    def get(self, account_id: str) -> Account | None:
        """An account by id."""
        ...

    def sign_in(self, username: str, password: str) -> Account | None:
        """The account whose password this is; None for unknown, disabled or wrong, after the same work."""
        ...

    def issue_token(self, account_id: str, seconds: int) -> tuple[str, datetime]:
        """A bearer token and its end; only its hash is kept."""
        ...

    def of_token(self, token: str) -> Account | None:
        """The account of a live token."""
        ...

    def disable(self, account_id: str, command: Keyed | None = None) -> None:
        """Let an account sign in no more, and end its tokens and sessions at once. A repeat changes nothing."""
        ...

    def enable(self, account_id: str, command: Keyed | None = None) -> None:
        """Let an account sign in again, as it did before. A repeat of a command changes nothing."""
        ...

    def of_office(self, agency_id: str, role: str | None) -> list[Mapping[str, Any]]:
        """The office's accounts with the count of their open cases."""
        ...

    def names(self, account_ids: Collection[str], agency_id: str | None = None) -> Mapping[str, str]:
        """The user names of accounts by their ids: of all of them, or of those of one office."""
        ...

    def contacts(self, account_id: str) -> list[Contact]:
        """The ways to tell an account, safe or not."""
        ...

    def set_contact(self, account_id: str, contact: Contact) -> None:
        """Enter a way to tell an account, confirmed now; the same address again takes what else is new of it."""
        ...

    def addresses(self, account_id: str | None = None) -> list[tuple[str, str]]:
        """Accounts and their addresses: of one, or of all that are not disabled."""
        ...

    def set_absence(
        self,
        account_id: str,
        starts_at: datetime,
        ends_at: datetime,
        deputy_id: str | None,
        command: Keyed | None = None,
    ) -> None:
        """Enter an absence; one with the same start is replaced. A repeat of a command changes nothing.

        Raises InvalidInputError where it does not end after its start, UnknownAccountError where there is no such
        account or the deputy may not stand in for it.
        """
        ...
