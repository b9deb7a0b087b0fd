"""Signing in: what has to be shown, in which order, and who is told when it fails again and again.

Whatever is wrong, the answer is the same and so is the work; only who waits is told so. Every method may block.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from casework.errors import UnauthenticatedError
from casework.models.notice import Notice, NoticeKind, Recipient
from casework.models.people import OFFICE_ROLES, Account, Role
from casework.rules.passwords import check_password
from casework.rules.throttle import TOLD_AFTER

log = structlog.get_logger()
WRONG = "Unknown user name or wrong password."


@dataclass(frozen=True)
class Knock:
    """A try that was let through. It counts as failed until it is said to be otherwise."""

    place: str
    account: str
    address: str
    failures: int
    """Of the account from everywhere, this one among them."""


@dataclass(frozen=True)
class Session:
    """A live session in a browser and whose it is."""

    account: Account
    started_at: datetime
    expires_at: datetime
    secret: str = field(repr=False)


class Throttle(Protocol):
    """Who has failed how often."""

    def knock(self, username: str, address: str) -> Knock:
        """A try to sign in; raises TooManyRequestsError with `retry_after` where it comes too early."""
        ...

    def succeeded(self, knock: Knock) -> None:
        """It was no failure: what failed before from there is forgotten, and the address is known."""
        ...

    def give_back(self, knock: Knock) -> None:
        """It was neither: right so far, but not all that is asked for."""
        ...

    def form(self, name: str, address: str) -> None:
        """A form is sent in by nobody known; raises TooManyRequestsError where too many come from one address."""
        ...


class Passwords(Protocol):
    """Accounts, as far as signing in goes."""

    def get(self, account_id: str) -> Account | None:
        """An account by id."""
        ...

    def by_username(self, username: str) -> Account | None:
        """An account by the name it signs in with."""
        ...

    def sign_in(self, username: str, password: str) -> Account | None:
        """The account whose password this is; None for unknown, disabled or wrong, after the same work."""
        ...

    def issue_token(self, account_id: str, seconds: int, scopes: Sequence[str] | None = None) -> tuple[str, datetime]:
        """A bearer token and its end; only its hash is kept. With `scopes` it is good for those alone."""
        ...

    def revoke_token(self, token: str) -> None:
        """End a token now; an unknown one changes nothing."""
        ...

    def sign_out(self, account_id: str) -> None:
        """End every token and every session of an account now."""
        ...

    def set_password(self, account_id: str, password: str) -> None:
        """Give an account another password, and end its tokens and sessions at once."""
        ...


class Clients(Protocol):
    """Systems that sign in by themselves."""

    def sign_in(self, name: str, secret: str) -> Account | None:
        """The system whose secret this is, or was until lately; None for any other, after the same work."""
        ...

    def scopes_of(self, account_id: str) -> tuple[str, ...] | None:
        """What a client is good for; None for an account that is no client's."""
        ...


class Sessions(Protocol):
    """Sessions in browsers."""

    def begin(self, account: Account, instead_of: str | None = None) -> Session:
        """A new session under a new id; the one that the browser had before is ended."""
        ...

    def of(self, secret: str) -> Session | None:
        """The live session of a cookie."""
        ...

    def end(self, secret: str) -> None:
        """End a session now; an unknown one changes nothing."""
        ...


@dataclass(frozen=True)
class SignIn:
    """The way in for people and systems."""

    accounts: Passwords
    clients: Clients
    throttle: Throttle
    sessions: Sessions
    tell: Callable[[Sequence[Notice]], object]
    """Queues notices."""
    lead_agency_id: str
    now: Callable[[], datetime]

    def person(self, username: str, password: str, address: str) -> Account:
        """Who this is; raises UnauthenticatedError, or TooManyRequestsError where one has to wait first."""
        knock = self.throttle.knock(username, address)
        account = self.accounts.sign_in(username, password)
        if account is None:
            self._failed(knock, username)
            raise UnauthenticatedError(WRONG)
        self.throttle.succeeded(knock)
        log.info("signed_in", account_id=account.id)
        if account.role is not Role.SYSTEM:
            return account
        # A client's secret is good for no more here than at the door that is meant for it.
        return account.model_copy(update={"scopes": self.clients.scopes_of(account.id)})

    def client(self, name: str, secret: str, address: str) -> Account:
        """Which system this is, with the scopes it has; raises as `person` does."""
        knock = self.throttle.knock(name, address)
        account = self.clients.sign_in(name, secret)
        if account is None:
            self._failed(knock, name)
            raise UnauthenticatedError("Unknown client or wrong secret.")
        self.throttle.succeeded(knock)
        log.info("signed_in", account_id=account.id)
        return account

    def change_password(self, account_id: str, current: str, new: str, address: str) -> None:
        """Another password for who knows the one there is; every token and session of the account ends.

        Raises UnauthenticatedError for a wrong one, InvalidInputError for a new one that is not good enough.
        """
        account = self.accounts.get(account_id)
        username = account.username if account else ""
        check_password(new, username)
        self.person(username, current, address)
        self.accounts.set_password(account_id, new)
        log.info("password_changed", account_id=account_id)

    def _failed(self, knock: Knock, username: str) -> None:
        # The name itself is not logged: it is what people type their password into by mistake.
        log.warning("sign_in_failed", failures=knock.failures)
        if knock.failures != TOLD_AFTER:
            return
        account = self.accounts.by_username(username)
        if account is not None:
            log.warning("sign_in_failing", account_id=account.id)
            self.tell(_failing(account, self.lead_agency_id, self.now()))


def _failing(account: Account, lead_agency_id: str, now: datetime) -> tuple[Notice, ...]:
    """Told to who keeps accounts, and to the supervisors of an office's own; at most once a day."""
    told = [Recipient(agency_id=lead_agency_id, role=Role.ADMINISTRATOR)]
    if account.role in OFFICE_ROLES:
        told.append(Recipient(agency_id=account.agency_id, role=Role.SUPERVISOR))
    day = f"{now:%Y-%m-%d}"
    return tuple(
        Notice(
            id=f"sign-in.{account.id}.{day}.{recipient.role}",
            kind=NoticeKind.SIGN_IN_FAILING,
            recipient=recipient,
            about_id=account.id,
            created_at=now,
        )
        for recipient in told
    )
