"""Signing in: what has to be shown, in which order, and who is told when it fails again and again.

Whatever is wrong, the answer is the same and so is the work; only who waits is told so. Every method may block.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from casework.errors import ForbiddenError, InvalidInputError, SecondFactorRequiredError, UnauthenticatedError
from casework.models.notice import Notice, NoticeKind, Recipient
from casework.models.people import OFFICE_ROLES, Account, Role, Scope
from casework.rules.passwords import check_password
from casework.rules.throttle import TOLD_AFTER
from casework.signin.ports import Clients, Factors, Identities, Knock, Passwords, Sessions, Throttle
from casework.signin.provider import Identity

log = structlog.get_logger()
ENROLMENT_SECONDS = 900
BOTH = "mfa"
"""What a provider says it has asked for, where it was more than one thing (RFC 8176)."""
WRONG = "Unknown user name or wrong password."


@dataclass(frozen=True)
class SignIn:
    """The way in for people and systems."""

    accounts: Passwords
    clients: Clients
    factors: Factors
    identities: Identities
    throttle: Throttle
    sessions: Sessions
    tell: Callable[[Sequence[Notice]], object]
    """Queues notices."""
    lead_agency_id: str
    now: Callable[[], datetime]

    def person(self, username: str, password: str, address: str, otp: str | None = None) -> Account:
        """Who this is, with what its token is limited to.

        Raises UnauthenticatedError, SecondFactorRequiredError, or TooManyRequestsError where one has to wait first.
        """
        knock, account = self._known(username, password, address)
        if account.role is Role.SYSTEM:
            # A client's secret is good for no more here than at the door that is meant for it.
            account = account.model_copy(update={"scopes": self.accounts.scopes_of(account.id)})
        else:
            self._check_factor(knock, account, otp)
        self.throttle.succeeded(knock)
        log.info("signed_in", account_id=account.id)
        return account

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

    def identified(self, identity: Identity) -> Account:
        """Whose account an identity at another provider is; nobody gets one by having such an identity.

        Raises UnauthenticatedError; SecondFactorRequiredError where one is needed and the provider asked for none.
        """
        account = self.identities.account_of(identity.issuer, identity.subject)
        if account is None or account.role is Role.SYSTEM:
            log.warning("identity_unknown")
            raise UnauthenticatedError(
                "No account belongs to this identity. Ask who keeps the accounts of your office."
            )
        if any(self.factors.state(account)) and BOTH not in identity.methods:
            raise SecondFactorRequiredError("The other provider has not asked you for a second factor.")
        log.info("signed_in", account_id=account.id)
        return account

    def change_password(self, account_id: str, current: str, new: str, address: str) -> None:
        """Another password for who knows the one there is; every token and session of the account ends.

        Raises UnauthenticatedError for a wrong one, InvalidInputError for a new one that is not good enough.
        """
        account = self._own(account_id)
        check_password(new, account.username)
        knock, _ = self._known(account.username, current, address)
        self.throttle.succeeded(knock)
        self.accounts.set_password(account_id, new)
        log.info("password_changed", account_id=account_id)

    def begin_factor(self, account_id: str, password: str, address: str, otp: str | None) -> tuple[str, str]:
        """The secret of a new second factor, and its address for a telephone; raises as `person` does.

        Who has one already shows a code of it: a password that is known to somebody else must not replace it.
        """
        account = self._own(account_id)
        if account.role is Role.SYSTEM:
            raise ForbiddenError("A system has no second factor.")
        knock, _ = self._known(account.username, password, address)
        if self.factors.state(account)[0]:
            self._check_factor(knock, account, otp)
        self.throttle.succeeded(knock)
        return self.factors.begin(account)

    def confirm_factor(self, account_id: str, otp: str) -> tuple[str, ...]:
        """Recovery codes, once a code of the new second factor was shown; every token and session ends."""
        codes = self.factors.confirm(account_id, otp)
        if codes is None:
            errors = [{"pointer": "/otp", "code": "wrong", "detail": "This is not the code of now."}]
            raise InvalidInputError("The code does not belong to the new second factor.", errors=errors)
        log.info("second_factor_set_up", account_id=account_id)
        return codes

    def _own(self, account_id: str) -> Account:
        account = self.accounts.get(account_id)
        if account is None:
            raise UnauthenticatedError(WRONG)
        return account

    def _known(self, username: str, password: str, address: str) -> tuple[Knock, Account]:
        knock = self.throttle.knock(username, address)
        account = self.accounts.sign_in(username, password)
        if account is None:
            self._failed(knock, username)
            raise UnauthenticatedError(WRONG)
        return knock, account

    def _check_factor(self, knock: Knock, account: Account, otp: str | None) -> None:
        has, must = self.factors.state(account)
        if not has and not must:
            return
        if has and otp is not None:
            if self.factors.accept(account.id, otp):
                return
            self._failed(knock, account.username)
            raise SecondFactorRequiredError("The code is wrong, or was used before.")
        # Not a failure, and not a success that would let codes be guessed from the beginning again.
        self.throttle.give_back(knock)
        if has:
            raise SecondFactorRequiredError("Send the code of your second factor as `otp`.")
        token, expires_at = self.accounts.issue_token(account.id, ENROLMENT_SECONDS, [Scope.SECOND_FACTOR])
        enrolment = {"token": token, "expires_at": expires_at.isoformat()}
        detail = "Your office asks for a second factor. Set one up with the token under `enrolment`, and sign in again."
        raise SecondFactorRequiredError(detail, enrolment=enrolment)

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
