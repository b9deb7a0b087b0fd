"""What signing in asks of the outside. Every method may block."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from casework.models.people import Account


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

    def public(self, address: str) -> None:
        """Somebody of the public reports; raises TooManyRequestsError where too many do, from there or altogether."""
        ...

    def costly(self, name: str, account_id: str) -> None:
        """An account asks for what costs much; raises TooManyRequestsError where it does so too often."""
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

    def scopes_of(self, account_id: str) -> tuple[str, ...] | None:
        """What a client is good for; None for an account that is no client's."""
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


class Factors(Protocol):
    """Second factors."""

    def state(self, account: Account) -> tuple[bool, bool]:
        """Whether an account has a second factor, and whether its office asks for one."""
        ...

    def begin(self, account: Account) -> tuple[str, str]:
        """A new secret, and the address that telephones read it from. It counts once it is confirmed, not before."""
        ...

    def confirm(self, account_id: str, code: str) -> tuple[str, ...] | None:
        """Take the new secret into use by a code of it: the recovery codes, which are not kept, or None."""
        ...

    def accept(self, account_id: str, code: str) -> bool:
        """Whether a code opens now; if so, it never does again."""
        ...


class Identities(Protocol):
    """Links of identities at another provider to accounts."""

    def account_of(self, issuer: str, subject: str) -> Account | None:
        """The account of an identity; None where there is none, or it is disabled."""
        ...


class Sessions(Protocol):
    """Sessions in browsers."""

    def begin(self, account: Account, instead_of: str | None = None) -> Session:
        """A new session under a new id; the one that the browser had before is ended."""
        ...

    def of(self, secret: str, *, renew: bool = True) -> Session | None:
        """The live session of a cookie. Without `renew` its time goes on running, as if nobody had asked."""
        ...

    def end(self, secret: str) -> None:
        """End a session now; an unknown one changes nothing."""
        ...
