"""What the public reported."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from casework.models.people import Actor
from casework.models.public_report import Decision, Taken


class PublicReports(Protocol):
    """Reports of the public, until somebody has decided about them."""

    def number_of(self, sent_as: str) -> str | None:
        """The number that was given for a form when it was first sent."""
        ...

    def take(self, report: Taken) -> str | None:
        """Keep a report: its number, or that of the first of its repeats; None where the number was given before."""
        ...

    def page(
        self, reader: Actor, *, waiting: bool, limit: int, cursor: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Those of the reader's office: what waits by how long it has, what is decided newest first."""
        ...

    def one(self, reader: Actor, report_id: str) -> Mapping[str, Any] | None:
        """One of the reader's office, with what is sealed of it."""
        ...

    def counts(self, reader: Actor, now: datetime) -> tuple[int, int]:
        """How many wait in the reader's office, and how many of them too long."""
        ...

    def decide(self, decision: Decision) -> None:
        """Keep what was decided; a repeat of the command changes nothing. Raises AlreadyDecidedError after another."""
        ...

    def undo(self, report_id: str) -> None:
        """The case did not take what was to be added: the report waits as it did before."""
        ...

    def owed(self, report_id: str | None = None, limit: int = 50) -> Sequence[Mapping[str, Any]]:
        """Decided, and still to be done: what is to be added to a case, and what became one that has begun.

        Of one report, or the oldest of all.
        """
        ...

    def past(self, before: datetime, limit: int = 50) -> Sequence[str]:
        """What was closed as not confirmed before an instant, and can still be read."""
        ...

    def settle(self, report_id: str, now: datetime) -> None:
        """Forget what a report said; its key is gone before."""
        ...
