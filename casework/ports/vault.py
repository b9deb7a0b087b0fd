"""Sealing and opening under the key of a case."""

from typing import Protocol

from casework.ports.files import FileVault
from casework.ports.location import LocationVault


class Vault(LocationVault, FileVault, Protocol):
    """Sealing under the key of a case; the key is made once and never seen here."""

    def create_key(self, case_id: str) -> None:
        """Make the key of a case if there is none."""
        ...

    def destroy_key(self, case_id: str) -> None:
        """Destroy the key of a case: nothing sealed under it can be read again."""
        ...

    def seal(self, case_id: str, document_id: str, plaintext: bytes) -> tuple[str, bytes]:
        """The keyed digest and the sealed bytes of a document."""
        ...

    def open(self, case_id: str, document_id: str, sealed: bytes) -> bytes:
        """What was sealed as this document of this case."""
        ...

    def mark(self, case_id: str, number: str) -> bytes:
        """The mark of a telephone number in this case: without the key it tells nothing."""
        ...
