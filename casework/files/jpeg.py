"""JPEG: what draws the picture is passed on as it is; what tells where, when, by whom and with what it was taken goes.

No segment of an application is kept but which way up the picture is, and what says how its colours are coded. So a
photograph of an injury stays the photograph that was taken, to the last pixel, and nothing has to be decoded here.
"""

import re
import struct

from casework.files.refused import not_taken
from casework.models.codes import FileType

SOI, EOI, SOS, APP0, APP1, APP14, COM = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xEE, 0xFE
STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
TABLES = frozenset({0xC4, 0xCC, 0xDB, 0xDC, 0xDD})
APPLICATIONS = range(0xE0, 0xF0)
# Within a scan FF 00 is a byte of the picture and FF D0 to FF D7 mark a restart; any other FF ends it.
SCAN_ENDS = re.compile(rb"\xff[^\x00\xd0-\xd7]")
MOST_PIXELS = 150_000_000
"""More than any camera takes, and what a viewer must not be made to unfold."""
ORIENTATION = 0x0112
TURNED = range(2, 9)


class Jpeg:
    """Takes a file in pieces and gives what is kept of it. A part of the file is held at most: one segment, 64 KiB."""

    type = FileType.JPEG

    def __init__(self) -> None:
        self._left = bytearray()
        self._begun = self._in_scan = self._framed = self._ended = False

    def feed(self, content: bytes) -> bytes:
        """What is kept of the next piece; raises InvalidInputError for what is no JPEG."""
        if self._ended:  # whatever stands behind the picture is no part of it
            return b""
        self._left += content
        kept = bytearray()
        while not self._ended and self._step(kept):
            pass
        return bytes(kept)

    def end(self) -> bytes:
        """Nothing more; raises InvalidInputError for a picture that is cut short."""
        if not (self._ended and self._framed):
            raise not_taken("The picture is cut short.")
        return b""

    def _step(self, kept: bytearray) -> bool:
        """Take one marker, segment or stretch of a scan; False where more of the file is needed for it."""
        if self._in_scan:
            return self._scan(kept)
        if len(self._left) < 2:
            return False
        if self._left[0] != 0xFF:
            raise not_taken("The picture is damaged.")
        marker = self._left[1]
        if marker == 0xFF:  # a byte to fill up with
            del self._left[0]
            return True
        if not self._begun:
            self._begun = marker == SOI
            return self._pass(kept, 2, known=self._begun)
        if marker == EOI:
            self._ended = True
            return self._pass(kept, 2, known=self._framed)
        return self._pass(kept, 2) if marker in STANDALONE else self._segment(kept, marker)

    def _segment(self, kept: bytearray, marker: int) -> bool:
        if len(self._left) < 4:
            return False
        length = 2 + int.from_bytes(self._left[2:4], "big")
        if len(self._left) < length:
            return False
        content = bytes(self._left[4:length])
        if marker in APPLICATIONS or marker == COM:
            kept += _application(marker, content)
            del self._left[:length]
            return True
        if marker in FRAMES:
            self._framed = _fits(content)
        self._in_scan = marker == SOS
        return self._pass(kept, length, known=marker in FRAMES | TABLES or (self._in_scan and self._framed))

    def _scan(self, kept: bytearray) -> bool:
        found = SCAN_ENDS.search(self._left)
        if found:
            self._in_scan = False
            return self._pass(kept, found.start())
        # An FF at the very end may be the first half of a marker.
        whole = len(self._left) - (self._left[-1:] == b"\xff")
        self._pass(kept, whole)
        return False

    def _pass(self, kept: bytearray, length: int, *, known: bool = True) -> bool:
        if not known:
            raise not_taken("The picture is damaged.")
        kept += self._left[:length]
        del self._left[:length]
        return True


def _fits(frame: bytes) -> bool:
    if len(frame) < 5 or not 0 < int.from_bytes(frame[1:3], "big") * int.from_bytes(frame[3:5], "big") <= MOST_PIXELS:
        raise not_taken("The picture has too many pixels, or none.")
    return True


def _application(marker: int, content: bytes) -> bytes:
    """What is kept of a segment of an application, made anew."""
    if marker == APP0 and content.startswith(b"JFIF\x00") and len(content) >= 12:
        return _made(APP0, content[:12] + b"\x00\x00")  # without its thumbnail
    if marker == APP14 and content.startswith(b"Adobe") and len(content) == 12:
        return _made(APP14, content)
    if marker == APP1 and content.startswith(b"Exif\x00\x00") and (turned := _orientation(content[6:])) in TURNED:
        entry = struct.pack(">HHIHH", ORIENTATION, 3, 1, turned, 0)
        return _made(APP1, b"Exif\x00\x00MM\x00*" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0))
    return b""


def _made(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


def _orientation(tiff: bytes) -> int:
    """Which way up, by the first directory of the camera's data; 0 where it does not say so properly."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 0
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, first)
        for number in range(count):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, first + 2 + 12 * number)
            if (tag, kind) == (ORIENTATION, 3):
                return int(value)
    except struct.error:
        pass
    return 0
