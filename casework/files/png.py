"""PNG: the chunks that draw the picture are passed on as they are; those that tell of it are not."""

import zlib

from casework.files.refused import not_taken
from casework.models.codes import FileType

SIGNATURE = b"\x89PNG\r\n\x1a\n"
DRAWING = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"sBIT", b"sRGB", b"bKGD", b"pHYs"})
MOST_PIXELS = 150_000_000
HEAD = 8
SIZED = HEAD + 8
"""Width and height stand at once after the first head."""
CRC = 4


class Png:
    """Takes a file in pieces and gives what is kept of it; holds the head of a chunk at most."""

    type = FileType.PNG

    def __init__(self) -> None:
        self._left = bytearray()
        self._begun = self._sized = self._ended = False
        self._kind = b""
        self._remaining = 0
        self._crc = 0

    def feed(self, content: bytes) -> bytes:
        """What is kept of the next piece; raises InvalidInputError for what is no PNG."""
        if self._ended:  # whatever stands behind the picture is no part of it
            return b""
        self._left += content
        kept = bytearray()
        while not self._ended and self._step(kept):
            pass
        return bytes(kept)

    def end(self) -> bytes:
        """Nothing more; raises InvalidInputError for a picture that is cut short."""
        if not self._ended:
            raise not_taken("The picture is cut short.")
        return b""

    def _step(self, kept: bytearray) -> bool:
        if not self._begun:
            return self._signature(kept)
        if not self._kind:
            return self._head(kept)
        return self._content(kept) if self._remaining else self._tail(kept)

    def _signature(self, kept: bytearray) -> bool:
        if len(self._left) < HEAD:
            return False
        self._begun = True
        kept += self._taken(HEAD)
        return True

    def _head(self, kept: bytearray) -> bool:
        if len(self._left) < (HEAD if self._sized else SIZED):
            return False
        if not self._sized:
            self._sized = _fits(self._left)
        head = self._taken(HEAD)
        self._remaining, self._kind, self._crc = int.from_bytes(head[:4], "big"), head[4:], zlib.crc32(head[4:])
        if not self._kind.isalpha() or (self._kind[:1].isupper() and self._kind not in DRAWING):
            raise not_taken("The picture is damaged.")
        if self._kind in DRAWING:
            kept += head
        return True

    def _content(self, kept: bytearray) -> bool:
        content = self._taken(min(self._remaining, len(self._left)))
        self._remaining -= len(content)
        self._crc = zlib.crc32(content, self._crc)
        if self._kind in DRAWING:
            kept += content
        return bool(content)

    def _tail(self, kept: bytearray) -> bool:
        if len(self._left) < CRC:
            return False
        crc = self._taken(CRC)
        if int.from_bytes(crc, "big") != self._crc:
            raise not_taken("The picture is damaged.")
        if self._kind in DRAWING:
            kept += crc
        self._ended, self._kind = self._kind == b"IEND", b""
        return True

    def _taken(self, length: int) -> bytes:
        taken = bytes(self._left[:length])
        del self._left[:length]
        return taken


def _fits(first: bytearray) -> bool:
    """Whether the first chunk is the head of a picture, and of no larger one than a viewer must unfold."""
    if first[4:8] != b"IHDR":
        raise not_taken("The picture is damaged.")
    if not 0 < int.from_bytes(first[8:12], "big") * int.from_bytes(first[12:16], "big") <= MOST_PIXELS:
        raise not_taken("The picture has too many pixels, or none.")
    return True
