"""One-time links."""

from collections.abc import Mapping
from typing import Protocol

from casework.models.link import Link
from casework.models.notice import Contact, Notice


class Links(Protocol):
    """One-time links to referrals, and the mailboxes of agencies without accounts."""

    def mailbox(self, agency_id: str) -> Contact | None:
        """Where an agency without accounts is written to."""
        ...

    def mailboxes(self) -> Mapping[str, Contact]:
        """Every mailbox that is kept, by agency."""
        ...

    def signing_in(self) -> frozenset[str]:
        """The agencies of which somebody can sign in."""
        ...

    def set_mailbox(self, agency_id: str, contact: Contact, by: str) -> None:
        """Enter a mailbox, or confirm it by entering it again."""
        ...

    def has_accounts(self, agency_id: str) -> bool:
        """Whether anybody of an agency can sign in."""
        ...

    def made(self, command_id: str, referral_id: str) -> Link | None:
        """The link that a command made; raises IdempotencyKeyReusedError where it made one to another referral."""
        ...

    def make(self, command_id: str, link: Link, by: str, notice: Notice) -> Link:
        """Keep a link and queue its notice; those to the same referral that nobody has opened end with that."""
        ...

    def revoke(self, referral_id: str) -> None:
        """End every link to a referral, opened or not."""
        ...

    def open(self, token: str) -> str | None:
        """Use a link up: the secret of its small session; None for one that is unknown, used, over or revoked."""
        ...

    def of(self, secret: str) -> tuple[Link, bool] | None:
        """The link of a small session, and whether its referral still waits; None where that session is over."""
        ...
