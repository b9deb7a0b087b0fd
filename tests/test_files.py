"""What files are taken as, and what is kept of them: whatever a camera adds goes, and no pixel changes."""

import io
import random
import struct
import zlib
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile, PngImagePlugin
from PIL.ExifTags import GPS, IFD, Base

from casework.errors import InvalidInputError
from casework.files.cleaning import Cleaning
from casework.models.codes import FileType

CANARY = b"kenari-1609"
ImageFile.MAXBLOCK = 2**20  # of the encoder that makes the samples
PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\nstartxref\n9\n%%EOF\n"


def cleaned(pieces: Iterable[bytes]) -> tuple[FileType, bytes]:
    """A file as it is kept."""
    cleaning = Cleaning()
    kept = b"".join(cleaning.feed(piece) for piece in pieces)
    type_, rest = cleaning.end()
    return type_, kept + rest


def thrown(seed: int) -> random.Random:
    """Dice that fall the same each time."""
    return random.Random(seed)  # noqa: S311  no secret is made of it


def cut(content: bytes, dice: random.Random) -> Iterator[bytes]:
    """A file in pieces of any length, single bytes among them."""
    at = 0
    while at < len(content):
        size = dice.choice((1, 2, 7, 100, 5000, 65536))
        yield content[at : at + size]
        at += size


def picture(dice: random.Random, mode: str) -> Image.Image:
    """A small picture of noise."""
    size = (dice.randint(1, 90), dice.randint(1, 90))
    return Image.frombytes(mode, size, dice.randbytes(size[0] * size[1] * len(mode)))


def exif(dice: random.Random, turned: int) -> bytes:
    """What a camera adds: where, when, with what, by whom, and a way up."""
    data = Image.Exif()
    data[Base.Orientation] = turned
    data[Base.Make] = CANARY.decode()
    data[Base.Artist] = CANARY.decode() * dice.randint(1, 200)
    data.get_ifd(IFD.GPSInfo)[GPS.GPSLatitude] = (4.0, 50.0, dice.random() * 60)
    data.get_ifd(IFD.Exif)[Base.UserComment] = CANARY
    return data.tobytes()


def photograph(seed: int) -> tuple[bytes, bytes, int]:
    """A JPEG with everything in it that a camera or a program may add; the same without; and its way up."""
    dice, turned = thrown(seed), thrown(seed).randint(1, 8)
    image = picture(dice, dice.choice(("L", "RGB", "CMYK")))
    bare, full = io.BytesIO(), io.BytesIO()
    options = {"quality": dice.randint(20, 100), "progressive": bool(seed % 2), "restart_marker_blocks": seed % 3}
    image.save(bare, "JPEG", **options)
    profile = CANARY * dice.randint(1, 9000)
    image.save(full, "JPEG", exif=exif(dice, turned), comment=CANARY, icc_profile=profile, **options)
    xmp = b"http://ns.adobe.com/xap/1.0/\x00" + CANARY
    segments = b"".join(bytes((0xFF, marker)) + struct.pack(">H", len(xmp) + 2) + xmp for marker in (0xE1, 0xED, 0xFE))
    content = full.getvalue()
    return content[:2] + segments + content[2:] + CANARY + b"\xff\xd8\xff" + CANARY, bare.getvalue(), turned


@pytest.mark.parametrize("seed", range(50))
def test_a_photograph_keeps_its_pixels_and_its_way_up_and_nothing_else(seed: int) -> None:
    """EXIF with its place and thumbnail, XMP, IPTC, comments, profiles, and what hangs behind the picture."""
    content, bare, turned = photograph(seed)

    type_, kept = cleaned(cut(content, thrown(seed)))

    assert (type_, CANARY in content, CANARY in kept) == (FileType.JPEG, True, False)
    with Image.open(io.BytesIO(kept)) as shown, Image.open(io.BytesIO(bare)) as wanted:
        assert shown.tobytes() == wanted.tobytes()
        assert dict(shown.getexif()) == ({Base.Orientation: turned} if turned > 1 else {})
        assert not {"icc_profile", "comment", "xmp", "photoshop", "mp"} & set(shown.info)


@pytest.mark.parametrize("seed", range(20))
def test_a_png_keeps_its_pixels_and_nothing_else(seed: int) -> None:
    """Texts, times, EXIF, profiles, and what hangs behind the picture."""
    dice = thrown(seed)
    image, notes = picture(dice, dice.choice(("L", "RGB", "RGBA"))), PngImagePlugin.PngInfo()
    notes.add_text("Author", CANARY.decode(), zip=bool(seed % 2))
    notes.add_itxt("Comment", CANARY.decode())
    notes.add(b"tIME", struct.pack(">HBBBBB", 2026, 5, 21, 10, 0, 0))
    saved = io.BytesIO()
    image.save(saved, "PNG", pnginfo=notes, exif=exif(dice, 3), icc_profile=CANARY)
    content = saved.getvalue() + CANARY

    type_, kept = cleaned(cut(content, dice))

    assert type_ is FileType.PNG
    assert CANARY not in kept
    assert not [name for name in (b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf", b"iCCP") if name in kept]
    with Image.open(io.BytesIO(kept)) as shown:
        assert shown.tobytes() == image.tobytes()
        assert dict(shown.getexif()) == {}


def test_what_is_taken_is_told_by_content() -> None:
    """PDF and text pass as they are."""
    for content, type_ in ((PDF, FileType.PDF), ("Surat – résumé\n".encode(), FileType.TEXT), (b"a", FileType.TEXT)):
        assert cleaned([content]) == (type_, content)
        assert cleaned(bytes((byte,)) for byte in content) == (type_, content)


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of chunks."""
    made = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(made)


HEAD = struct.pack(">IIBBBBB", 10, 10, 8, 0, 0, 0, 0)
HUGE = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
JPEG_HUGE = b"\xff\xd8\xff\xc0\x00\x0b\x08\xff\xff\xff\xff\x01\x01\x11\x00"
REFUSED = {
    "nothing": b"",
    "a program": b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff",
    "an archive": b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00",
    "a text with control characters": b"hello\x1b[31m",
    "a text of another encoding": "Suratnya é".encode("utf-16"),
    "a text cut within a letter": "é".encode()[:1],
    "a PDF cut short": PDF[:-8],
    "a JPEG cut short": photograph(1)[1][:-2],
    "a JPEG of its ends": b"\xff\xd8\xff\xd9",
    "a JPEG that unfolds to billions": JPEG_HUGE,
    "a JPEG of an unknown kind": b"\xff\xd8\xff\xc8\x00\x04\x00\x00",
    "a JPEG damaged": b"\xff\xd8\xff\xdb\x00\x03\x00\x00\x00\x00",
    "a PNG cut short": png((b"IHDR", HEAD), (b"IDAT", b"x")),
    "a PNG without a head": png((b"IDAT", b"x" * 20), (b"IEND", b"")),
    "a PNG that unfolds to billions": png((b"IHDR", HUGE), (b"IEND", b"")),
    "a PNG of an unknown kind": png((b"IHDR", HEAD), (b"EVIL", b""), (b"IEND", b"")),
    "a PNG damaged": png((b"IHDR", HEAD), (b"IDAT", b"x"), (b"IEND", b"")).replace(b"IDATx", b"IDATy"),
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=list(REFUSED))
def test_what_is_none_of_these_or_not_whole_is_refused(content: bytes) -> None:
    """Said without repeating any of it."""
    for pieces in ([content], [bytes((byte,)) for byte in content]):
        with pytest.raises(InvalidInputError) as refused:
            cleaned(pieces)
        assert [error["pointer"] for error in refused.value.extra["errors"]] == ["/file"]


samples = st.sampled_from([photograph(seed)[0] for seed in range(3)] + [png((b"IHDR", HEAD), (b"IEND", b""))])


@given(st.binary(max_size=400), samples, st.data())
@settings(max_examples=150)
def test_whatever_comes_is_taken_or_refused(noise: bytes, sample: bytes, data: st.DataObject) -> None:
    """Damaged anywhere, cut anywhere: an answer, never a defect; and how it was cut does not matter."""
    at = data.draw(st.integers(0, len(sample)))
    for content in (noise, sample[:at] + noise + sample[at:], sample[:at]):
        outcomes = []
        for pieces in ([content], cut(content, thrown(at))):
            try:
                outcomes.append(cleaned(pieces))
            except InvalidInputError as refused:
                outcomes.append((FileType.TEXT, refused.detail.encode()))
        assert outcomes[0] == outcomes[1]


LONG = {
    "a scan": photograph(1)[1][:-2],
    "notes": png((b"IHDR", HEAD)) + struct.pack(">I", 2**31 - 1) + b"tEXt",
    "a picture": png((b"IHDR", HEAD)) + struct.pack(">I", 2**31 - 1) + b"IDAT",
    "a PDF": PDF,
    "a text": b"Surat ",
}


@pytest.mark.parametrize("start", LONG.values(), ids=list(LONG))
def test_no_part_that_is_held_grows_with_the_file(start: bytes) -> None:
    """One segment or less: what comes in goes out, or goes."""
    cleaning = Cleaning()
    cleaning.feed(start)
    for _ in range(40):
        cleaning.feed(b"a" * 100_000)

    held = [value for value in vars(cleaning._cleaner).values() if isinstance(value, bytes | bytearray)]
    assert sum(map(len, held)) < 70_000
