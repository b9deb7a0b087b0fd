"""What was asked for and not yet begun."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from casework.models.base import Model
from casework.models.public_report import Decision


@dataclass(frozen=True)
class Keyed:
    """A command that is of no case, as it can be told from its repeats and from others under its key."""

    command_id: str
    body_digest: str


class Reservation(Model):
    """A case id and number given to one command of one account. `created` is false for a repeat."""

    case_id: str
    number: str
    body_digest: str
    created: bool
    started: bool


class Queued(Model):
    """A reservation whose case has not started: id, number and the sealed opening (bytes stay in the store)."""

    case_id: str
    number: str
    risk: str
    reserved_at: datetime


class Reservations(Protocol):
    """The intake inbox: ids and numbers, reserved before the engine is asked."""

    def reserve(
        self, command_id: str, account_id: str, agency_id: str, body_digest: str, *, district: str, year: int, risk: str
    ) -> Reservation:
        """Reserve once for (account, command): a repeat gets the first reservation, whatever its body digest."""
        ...

    def keep_opening(self, case_id: str, sealed: bytes, decision: Decision | None = None) -> None:
        """Keep the sealed opening until the case has started; a second call changes nothing.

        With it what was decided about the report of the public that it was made of: both or neither. Raises
        AlreadyDecidedError where another was first.
        """
        ...

    def opening(self, case_id: str) -> bytes | None:
        """The sealed opening of a reservation."""
        ...

    def release(self, case_id: str) -> None:
        """Drop a reservation whose opening was refused; one whose case has started stays."""
        ...

    def queued(self, limit: int = 50) -> tuple[Queued, ...]:
        """Openings that have not started: riskiest first, then oldest."""
        ...


class CommandIds(Protocol):
    """Keyed hashes of what a client sent, telling nothing of it."""

    def command_id(self, account_id: str, idempotency_key: str) -> str:
        """The id of a command of an account under its key."""
        ...

    def body_digest(self, case_id: str | None, body: bytes) -> str:
        """The fingerprint of a command's body."""
        ...
