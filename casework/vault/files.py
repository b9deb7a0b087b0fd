"""Files, sealed piece by piece: each piece is bound to its file, its place in it, and whether it is the last.

So no piece can be left out, doubled, put elsewhere, or cut off at the end without being noticed, and neither sealing
nor opening holds more than a piece.
"""

import hashlib
import hmac
from collections.abc import Iterable

from casework.vault.errors import VaultError
from casework.vault.sealing import digest_key, open_sealed, seal

PIECE_BYTES = 256 * 1024


class FileSealer:
    """Seals one file under the key of its case. `size` and `content` speak of what it has been given so far."""

    def __init__(self, key: bytes, case_id: str, document_id: str) -> None:
        self.case_id = case_id
        self.document_id = document_id
        self.size = 0
        self._key = key
        self._digest = hmac.new(digest_key(key), digestmod=hashlib.sha256)
        self._left = bytearray()
        self._number = 0

    @property
    def content(self) -> str:
        """The keyed digest (hex) of the file."""
        return self._digest.hexdigest()

    def add(self, content: bytes) -> list[bytes]:
        """The sealed pieces that are full with this."""
        self.size += len(content)
        self._digest.update(content)
        self._left += content
        full = []
        while len(self._left) > PIECE_BYTES:  # a last piece is never empty, but for an empty file
            full.append(self._sealed(bytes(self._left[:PIECE_BYTES]), last=False))
            del self._left[:PIECE_BYTES]
        return full

    def end(self) -> bytes:
        """The last sealed piece."""
        return self._sealed(bytes(self._left), last=True)

    def _sealed(self, piece: bytes, *, last: bool) -> bytes:
        place = _place(self.case_id, self.document_id, self._number, last=last)
        self._number += 1
        return seal(self._key, piece, place)


def open_piece(key: bytes, case_id: str, document_id: str, number: int, sealed: bytes, *, last: bool) -> bytes:
    """A piece of a file; raises VaultError for any other, or for one of another place."""
    return open_sealed(key, sealed, _place(case_id, document_id, number, last=last))


def content_of(key: bytes, case_id: str, document_id: str, pieces: Iterable[bytes]) -> str:
    """The keyed digest of a file, recomputed from its sealed pieces; raises VaultError where they are not whole."""
    found = hmac.new(digest_key(key), digestmod=hashlib.sha256)
    left = iter(pieces)
    piece, number = next(left, None), 0
    while piece is not None:
        following = next(left, None)
        found.update(open_piece(key, case_id, document_id, number, piece, last=following is None))
        piece, number = following, number + 1
    if number == 0:
        raise VaultError(f"file {document_id} has no piece")
    return found.hexdigest()


def _place(case_id: str, document_id: str, number: int, *, last: bool) -> bytes:
    return f"file|{case_id}|{document_id}|{number}|{'last' if last else 'more'}".encode()
