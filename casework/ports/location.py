"""Where a client is now, and who read it."""

from typing import Protocol

from casework.models.base import Instant, Model
from casework.models.people import Actor


class Location(Model):
    """Where a client is, as it lies there, with who said so and when."""

    id: str
    sealed: bytes
    set_at: Instant
    set_by: str


class LocationReading(Model):
    """That somebody read where a client is, and the reason, sealed under the key of the case."""

    id: str
    case_id: str
    location_id: str
    at: Instant
    account_id: str
    role: str
    agency_id: str
    reason: bytes


class Locations(Protocol):
    """Where clients are: apart from every other document, so that nothing else that is read can hold it."""

    def put_pending(self, document_id: str, case_id: str, command_id: str, digest: str, sealed: bytes) -> None:
        """Keep a sealed location as pending; the same id again changes nothing."""
        ...

    def discard_pending(self, document_id: str) -> None:
        """Delete a location if it is still pending."""
        ...

    def latest(self, reader: Actor, case_id: str) -> Location | None:
        """Where the client was last said to be."""
        ...

    def note_reading(self, reading: LocationReading) -> None:
        """Keep that it is about to be read; it is durable when this returns, and nobody can change it."""
        ...

    def readings(self, reader: Actor, case_id: str) -> list[LocationReading]:
        """Who has read it, oldest first."""
        ...


class LocationVault(Protocol):
    """Sealing where a client is, under a key of its own beside that of the case."""

    def seal_location(self, case_id: str, document_id: str, plaintext: bytes) -> tuple[str, bytes]:
        """The keyed digest and the sealed bytes of a location."""
        ...

    def open_location(self, case_id: str, document_id: str, sealed: bytes) -> bytes:
        """What was sealed as this location of this case."""
        ...
