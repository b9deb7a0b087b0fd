"""Sealing documents of cases under their own keys."""

from collections.abc import Iterable

from casework.ids import location_key
from casework.vault.files import FileSealer, content_of, open_piece
from casework.vault.keystore import KeyStore
from casework.vault.sealing import digest, keyed, open_sealed, seal


class CaseVault:
    """Seals and opens documents; each is bound to its case and its id, so that none can be put in another's place."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    def create_key(self, case_id: str) -> None:
        """Make the key of a case if there is none."""
        self._keys.create(case_id)

    def destroy_key(self, case_id: str) -> None:
        """Destroy the key of a case."""
        self._keys.destroy(case_id)

    def seal(self, case_id: str, document_id: str, plaintext: bytes) -> tuple[str, bytes]:
        """The keyed digest and the sealed bytes of a document."""
        key = self._keys.get(case_id)
        return digest(key, plaintext), seal(key, plaintext, _place(case_id, document_id))

    def open(self, case_id: str, document_id: str, sealed: bytes) -> bytes:
        """What was sealed as this document of this case; raises VaultError for anything else."""
        return open_sealed(self._keys.get(case_id), sealed, _place(case_id, document_id))

    def file_sealer(self, case_id: str, document_id: str) -> FileSealer:
        """What seals a file of a case, piece by piece."""
        return FileSealer(self._keys.get(case_id), case_id, document_id)

    def open_piece(self, case_id: str, document_id: str, number: int, sealed: bytes, *, last: bool) -> bytes:
        """A piece of a file of this case; raises VaultError for anything else."""
        return open_piece(self._keys.get(case_id), case_id, document_id, number, sealed, last=last)

    def content_of(self, case_id: str, document_id: str, pieces: Iterable[bytes]) -> str:
        """The keyed digest of a file, recomputed from its sealed pieces; raises VaultError where they are not whole."""
        return content_of(self._keys.get(case_id), case_id, document_id, pieces)

    def mark(self, case_id: str, number: str) -> bytes:
        """The mark of a telephone number in this case: without the key it tells nothing."""
        return keyed(self._keys.get(case_id), b"number", number.encode())

    def digest_of(self, case_id: str, document_id: str, sealed: bytes) -> str:
        """The keyed digest of what was sealed as this document; what it says is not given out. Raises as `open`."""
        return digest(self._keys.get(case_id), self.open(case_id, document_id, sealed))

    def seal_location(self, case_id: str, document_id: str, plaintext: bytes) -> tuple[str, bytes]:
        """As `seal`, under the key of the client's location alone, which is made at its first use."""
        self._keys.get(case_id)  # none is made for a case that was erased
        key = self._keys.create(location_key(case_id))
        return digest(key, plaintext), seal(key, plaintext, _place(case_id, document_id))

    def open_location(self, case_id: str, document_id: str, sealed: bytes) -> bytes:
        """What was sealed as a location of this case; raises VaultError for anything else."""
        return open_sealed(self._keys.get(location_key(case_id)), sealed, _place(case_id, document_id))

    def digest_of_location(self, case_id: str, document_id: str, sealed: bytes) -> str:
        """As `digest_of`, of a location."""
        return digest(self._keys.get(location_key(case_id)), self.open_location(case_id, document_id, sealed))


def _place(case_id: str, document_id: str) -> bytes:
    return f"document|{case_id}|{document_id}".encode()
