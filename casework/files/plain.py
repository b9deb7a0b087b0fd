"""Files that are passed on as they are: PDF and plain text."""

import codecs
import re

from casework.files.refused import not_taken
from casework.models.codes import FileType

PDF_START = b"%PDF-"
PDF_END = b"%%EOF"
LAST = 1024
"""Within so many bytes of its end a PDF says that it is whole."""
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


class Pdf:
    """A PDF, unchanged."""

    type = FileType.PDF

    def __init__(self) -> None:
        self._last = b""

    def feed(self, content: bytes) -> bytes:
        """The next piece."""
        self._last = (self._last + content)[-LAST:]
        return content

    def end(self) -> bytes:
        """Nothing more; raises InvalidInputError for a PDF that is cut short."""
        if PDF_END not in self._last:
            raise not_taken("The PDF is cut short.")
        return b""


class PlainText:
    """Text in UTF-8, unchanged."""

    type = FileType.TEXT

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def feed(self, content: bytes) -> bytes:
        """The next piece; raises InvalidInputError for what is no text."""
        self._check(content, final=False)
        return content

    def end(self) -> bytes:
        """Nothing more; raises InvalidInputError where it ends within a letter."""
        self._check(b"", final=True)
        return b""

    def _check(self, content: bytes, *, final: bool) -> None:
        try:
            text = self._decoder.decode(content, final)
        except UnicodeDecodeError:
            raise not_taken() from None
        if CONTROL.search(text):
            raise not_taken()
