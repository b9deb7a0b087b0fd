"""Sealed texts and files."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Protocol

from casework.models.base import Model
from casework.models.codes import FileType
from casework.models.people import Actor
from casework.ports.search import IndexEntries


class FileSealer(Protocol):
    """Seals one file, piece by piece, never all of it at once."""

    case_id: str
    document_id: str
    size: int

    @property
    def content(self) -> str:
        """The keyed digest of what it has been given."""
        ...

    def add(self, content: bytes) -> list[bytes]:
        """The sealed pieces that are full with this."""
        ...

    def end(self) -> bytes:
        """The last sealed piece."""
        ...


@dataclass(frozen=True)
class SealedFile:
    """A file on its way into the record: which document it is, and its sealed pieces, read as they are stored."""

    document_id: str
    type: FileType
    size: int
    count: int
    pieces: Callable[[], Iterator[bytes]]


class Documents(Protocol):
    """Sealed texts and files, pending under their command until the log names them."""

    def put_pending(
        self,
        document_id: str,
        case_id: str,
        command_id: str,
        digest: str,
        sealed: bytes,
        index: IndexEntries | None = None,
        file: SealedFile | None = None,
        numbers: Collection[bytes] = (),
    ) -> None:
        """Keep a sealed document as pending, with what its client is found by, the marks of the suspects' numbers, and
        its file, whole or not at all.

        The same id again changes nothing.
        """
        ...

    def get(self, reader: Actor, case_id: str, document_id: str) -> bytes | None:
        """The sealed bytes of a document that the log of this case names (pending ones are not given)."""
        ...

    def discard_pending(self, document_id: str) -> None:
        """Delete a document if it is still pending."""
        ...


class KeptFile(Model):
    """A file of a case, without its content."""

    document_id: str
    type: FileType
    size: int
    count: int


class Files(Protocol):
    """The sealed pieces of files; what their senders call them lies with their documents."""

    def find(self, reader: Actor, case_id: str, document_id: str) -> KeptFile | None:
        """A file that the log of this case names (pending ones are not given)."""
        ...

    def piece(self, reader: Actor, document_id: str, number: int) -> bytes | None:
        """One sealed piece."""
        ...


class FileVault(Protocol):
    """Sealing and opening files under the key of their case."""

    def file_sealer(self, case_id: str, document_id: str) -> FileSealer:
        """What seals a file of a case."""
        ...

    def open_piece(self, case_id: str, document_id: str, number: int, sealed: bytes, *, last: bool) -> bytes:
        """A piece of a file of this case."""
        ...
