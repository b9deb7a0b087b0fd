"""Telling by its first bytes what a file is; what its sender calls it does not count."""

from typing import Protocol

from casework.files.jpeg import Jpeg
from casework.files.plain import PDF_START, Pdf, PlainText
from casework.files.png import SIGNATURE, Png
from casework.files.refused import not_taken
from casework.models.codes import FileType

LONGEST = 8
"""So many bytes tell."""


class Cleaner(Protocol):
    """Takes a file in pieces and gives what is kept of it."""

    type: FileType

    def feed(self, content: bytes) -> bytes:
        """What is kept of the next piece; raises InvalidInputError for what cannot be taken."""
        ...

    def end(self) -> bytes:
        """What is kept of the rest; raises InvalidInputError for a file that is not whole."""
        ...


def cleaner_of(start: bytes) -> Cleaner:
    """What takes a file that begins so; raises InvalidInputError for an empty one."""
    if start.startswith(b"\xff\xd8\xff"):
        return Jpeg()
    if start.startswith(SIGNATURE):
        return Png()
    if start.startswith(PDF_START):
        return Pdf()
    if not start:
        raise not_taken("The file is empty.")
    return PlainText()


class Cleaning:
    """A file as it comes: typed by its first bytes, then cleaned."""

    def __init__(self) -> None:
        self._start = b""
        self._cleaner: Cleaner | None = None

    def feed(self, content: bytes) -> bytes:
        """What is kept of the next piece."""
        if self._cleaner is None:
            self._start += content
            if len(self._start) < LONGEST:
                return b""
            self._cleaner, content = cleaner_of(self._start), self._start
        return self._cleaner.feed(content)

    def end(self) -> tuple[FileType, bytes]:
        """What it was, and what is kept of the rest."""
        rest = b""
        if self._cleaner is None:
            self._cleaner = cleaner_of(self._start)
            rest = self._cleaner.feed(self._start)
        return self._cleaner.type, rest + self._cleaner.end()
