"""A file from the form to the reader: sealed piece by piece, kept whole or not at all, given back to be saved."""

import asyncio
import secrets
import tempfile
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from casework import commands as c
from casework.db.caller import ENGINE
from casework.db.session import reading
from casework.ids import new_id
from casework.models.codes import FileType, Part
from casework.models.people import ITSELF
from casework.vault.errors import VaultError
from casework.vault.files import PIECE_BYTES, FileSealer, content_of, open_piece
from casework.vault.sealing import new_key
from tests.real_site import RealSite
from tests.stack import Stack
from tests.test_files import CANARY, PDF, photograph
from tests.test_location import READERS
from tests.test_walk import opened, planned, refer
from web import uploads
from web.api.files import MEDIA

BOUNDARY = "----batas"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
LETTER = {"kind": "letter", "title": "Surat keterangan"}
MEGABYTE = 1024 * 1024


def pdf(size: int) -> bytes:
    """A PDF of so many bytes."""
    return PDF[:9] + secrets.token_bytes(size - len(PDF)) + PDF[9:]


def form(fields: dict[str, str], content: bytes | None, name: str = "surat.pdf") -> bytes:
    """A form as a browser sends it; the claimed type is wrong on purpose."""
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    whole = "".join(parts).encode()
    if content is not None:
        head = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: image/gif\r\n\r\n'
        whole += f"--{BOUNDARY}\r\n{head}".encode() + content + b"\r\n"
    return whole + f"--{BOUNDARY}--\r\n".encode()


@pytest.fixture
def site(app: Stack) -> RealSite:
    """The API on the stack."""
    return RealSite(app)


async def sent(site: RealSite, case_id: str, body: bytes | AsyncIterator[bytes], **headers: str) -> httpx.Response:
    """A form given to a case by its caseworker."""
    named = {"Content-Type": FORM, **{name.replace("_", "-"): value for name, value in headers.items()}}
    actor = site.stack.caseworker
    return await site.ask(actor, "POST", f"/cases/{case_id}/documents", content=body, headers=named)


def lying(engine: Engine, case_id: str) -> tuple[int, int]:
    """How many documents of a case there are besides those of its opening, and pieces of files in all."""
    with reading(engine, ENGINE) as connection:
        documents = "SELECT count(*) FROM documents WHERE case_id = :case AND id IN (SELECT document_id FROM files)"
        pieces = "SELECT count(*) FROM file_pieces"
        return (
            connection.scalar(text(documents), {"case": case_id}) or 0,
            connection.scalar(text(pieces)) or 0,
        )


# ---- round trips


async def test_a_file_is_kept_and_given_back_to_be_saved(app: Stack, site: RealSite) -> None:
    """Its own bytes, under a name that tells nothing, in a place where nothing of it runs."""
    case_id, content = await opened(app), pdf(3 * PIECE_BYTES + 17)

    answer = await sent(site, case_id, form(LETTER, content, name="Siti Kenari.exe"))

    assert answer.status_code == 201, answer.text
    where = answer.headers["location"].removeprefix("/api/v1")
    assert answer.headers["etag"] == '"3"'
    got = await site.ask(app.supervisor, "GET", where)
    document_id = where.rsplit("/", 1)[1]
    assert (got.status_code, got.content == content) == (200, True)
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["content-length"] == str(len(content))
    assert got.headers["content-disposition"] == f'attachment; filename="{document_id}.pdf"'
    assert got.headers["content-security-policy"].startswith("sandbox;")
    assert (got.headers["x-content-type-options"], got.headers["cache-control"]) == ("nosniff", "no-store")
    (listed,) = (await site.ask(app.supervisor, "GET", f"/cases/{case_id}/documents")).json()["items"]
    assert (listed["id"], listed["name"], listed["title"]) == (document_id, "Siti Kenari.exe", LETTER["title"])
    assert (listed["kind"], listed["type"], listed["size"]) == ("letter", "pdf", len(content))
    assert app.log(case_id)[-1]["kind"] == "DocumentAdded"


async def test_a_photograph_is_kept_without_what_the_camera_added(app: Stack, site: RealSite) -> None:
    """Whatever it is called."""
    case_id, (content, _, _) = await opened(app), photograph(7)
    answer = await sent(site, case_id, form({"kind": "photograph"}, content, name="a.txt"))

    got = await site.ask(app.caseworker, "GET", answer.headers["location"].removeprefix("/api/v1"))

    assert (answer.status_code, got.headers["content-type"]) == (201, "image/jpeg")
    assert CANARY not in got.content


async def test_a_repeat_gets_the_first_answer_and_another_file_is_refused(app: Stack, site: RealSite) -> None:
    """One file is kept; the key stands for its content too."""
    case_id, content = await opened(app), pdf(1000)
    first, again = [await sent(site, case_id, form(LETTER, content), Idempotency_Key="k-file") for _ in range(2)]
    other = await sent(site, case_id, form(LETTER, pdf(1000)), Idempotency_Key="k-file")
    stale = await sent(site, case_id, form(LETTER, pdf(1000)), If_Match='"1"')

    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["location"] == first.headers["location"]
    assert (other.json()["code"], stale.json()["code"]) == ("idempotency_key_reused", "revision_conflict")
    assert lying(app.outside.engine, case_id)[0] == 1


async def test_who_has_no_ground_neither_adds_nor_reads_a_file(app: Stack, site: RealSite) -> None:
    """Refused before a byte of it is read; by its id from another case as well."""
    case_id, other = await opened(app), await opened(app)
    where = (await sent(site, case_id, form(LETTER, pdf(1000)))).headers["location"].removeprefix("/api/v1")
    before = lying(app.outside.engine, case_id)

    for reader in READERS:
        actor, may = app.actor(*reader), reader[0] in {"caseworker", "supervisor", "head"}
        headers = {"Content-Type": "none/at-all"}
        add = await site.ask(actor, "POST", f"/cases/{case_id}/documents", content=b"x", headers=headers)
        assert add.status_code == 422 if may else add.status_code in (403, 404), reader
        got = await site.ask(actor, "GET", where)
        assert got.status_code == 200 if may else got.status_code in (403, 404), reader
    elsewhere = where.replace(case_id, other)
    assert (await site.ask(app.supervisor, "GET", elsewhere)).status_code == 404
    assert lying(app.outside.engine, case_id) == before


async def test_an_agency_reads_the_files_that_were_disclosed_to_it_while_they_are(app: Stack, site: RealSite) -> None:
    """Those that lay with the case when it was sent; no other agency, no later file, nothing once it is revoked."""
    case_id = await planned(app)
    place = [(await sent(site, case_id, form(LETTER, pdf(500)))).headers["location"].removeprefix("/api/v1")]
    asked = refer("rsud-muaradua", "health").model_copy(update={"disclose": (Part.DOCUMENTS,)})
    referral = (await app.cases.refer(app.ask(app.caseworker, case_id), asked)).subject_id
    without = refer("unit-ppa-polres", "police")
    await app.cases.refer(app.ask(app.caseworker, case_id), without)
    place.append((await sent(site, case_id, form(LETTER, pdf(500)))).headers["location"].removeprefix("/api/v1"))

    shown = (await site.ask(app.hospital, "GET", f"/referrals/{referral}")).json()["disclosed"]["documents"]
    assert [(each["id"], each["title"]) for each in shown] == [(place[0].rsplit("/", 1)[1], LETTER["title"])]
    assert "surat.pdf" not in str(shown)
    reads = [(app.hospital, place[0]), (app.hospital, place[1]), (app.police, place[0])]
    assert [(await site.ask(actor, "GET", path)).status_code for actor, path in reads] == [200, 403, 403]
    text_id = app.log(case_id)[0]["document_id"]
    assert (await site.ask(app.hospital, "GET", f"/cases/{case_id}/documents/{text_id}")).status_code == 403
    ask = app.ask(app.caseworker, case_id, subject_id=referral)
    await app.cases.revoke(ask, c.RevokeReferral(reason="Tidak perlu lagi."))
    assert (await site.ask(app.hospital, "GET", place[0])).status_code in (403, 404)


# ---- what is refused leaves nothing

TOO_LARGE = pdf(uploads.MOST_BYTES + 1)
TWICE = form(LETTER, PDF)[:-4] + b"\r\n" + form(LETTER, PDF)[len(BOUNDARY) + 4 :]
WITHOUT_END = form(LETTER, PDF)[: -len(BOUNDARY) - 8]
REFUSED: dict[str, tuple[bytes, int, str, str]] = {
    "a file over the limit": (form(LETTER, TOO_LARGE), 413, "too_large", ""),
    "of no kind": (form({}, PDF), 422, "invalid_input", "/kind"),
    "of an unknown kind": (form({"kind": "secret"}, PDF), 422, "invalid_input", "/kind"),
    "the content of a visum": (form({"kind": "visum"}, PDF), 422, "invalid_input", "/kind"),
    "no file": (form(LETTER, None), 422, "invalid_input", "/file"),
    "an empty file": (form(LETTER, b""), 422, "invalid_input", "/file"),
    "a program": (form(LETTER, b"MZ\x90\x00\x03" * 100), 422, "invalid_input", "/file"),
    "a program that is called a PDF": (form(LETTER, b"\x7fELF" * 100_000), 422, "invalid_input", "/file"),
    "a PDF cut short": (form(LETTER, pdf(900_000)[:-10]), 422, "invalid_input", "/file"),
    "an unknown part": (form({**LETTER, "admin": "1"}, PDF), 422, "invalid_input", ""),
    "a part of another command": (form({**LETTER, "size": "1"}, PDF), 422, "invalid_input", ""),
    "a part that is there twice": (TWICE, 422, "invalid_input", "/kind"),
    "a title without end": (form({"kind": "letter", "title": "a" * 3000}, PDF), 422, "invalid_input", "/title"),
    "a title with NUL": (form({"kind": "letter", "title": "a\x00b"}, PDF), 422, "invalid_input", "/title"),
    "a form without end": (WITHOUT_END, 422, "invalid_input", ""),
    "no form": (b"{}", 422, "invalid_input", ""),
}


@pytest.mark.parametrize("refused", REFUSED.values(), ids=list(REFUSED))
async def test_what_is_refused_leaves_nothing(
    app: Stack, site: RealSite, refused: tuple[bytes, int, str, str], one_case: str
) -> None:
    """Neither a row nor a piece, nor a file on the disk, and nothing of it is repeated."""
    body, status, code, pointer = refused
    before, revision = lying(app.outside.engine, one_case), len(app.log(one_case))

    async def in_pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    for content in (body, in_pieces()):
        answer = await sent(site, one_case, content)

        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert [error["pointer"] for error in answer.json().get("errors", [{"pointer": ""}])] == [pointer]
        assert "secret" not in answer.text
    assert (lying(app.outside.engine, one_case), len(app.log(one_case))) == (before, revision)


@pytest.fixture(scope="module")
async def one_case(app: Stack) -> str:
    """A case that files are offered to."""
    return await opened(app)


@pytest.fixture
def spools(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every file on the disk that an upload has made."""
    made: list[Any] = []
    real = tempfile.TemporaryFile

    def noted(*words: Any, **options: Any) -> Any:
        made.append(real(*words, **options))
        return made[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", noted)
    return made


async def test_what_lies_on_the_disk_meanwhile_is_sealed_and_goes(
    app: Stack, site: RealSite, one_case: str, spools: list[Any]
) -> None:
    """Also where the sender is gone in the middle of it."""
    content = PDF[:9] + CANARY * 200_000 + PDF[9:]
    seen: list[bytes] = []

    async def gone() -> AsyncIterator[bytes]:
        yield form(LETTER, content)[:1_500_000]
        spools[0].seek(0)
        seen.append(spools[0].read())
        raise ConnectionError

    before = lying(app.outside.engine, one_case)
    assert (await sent(site, one_case, gone())).status_code == 500
    assert (await sent(site, one_case, form(LETTER, content))).status_code == 201

    assert len(seen[0]) > PIECE_BYTES
    assert CANARY not in seen[0]
    assert [spool.closed for spool in spools] == [True, True]
    assert lying(app.outside.engine, one_case)[0] == before[0] + 1


async def test_a_file_is_never_whole_in_memory(app: Stack, site: RealSite, one_case: str) -> None:
    """Ten megabytes go in and out through a fraction of that; what a request holds does not grow with its file."""

    async def in_pieces(size: int) -> AsyncIterator[bytes]:
        head, tail = form(LETTER, b"|").split(b"|")
        yield head + PDF[:9]
        for _ in range(size // 65_536):
            yield secrets.token_bytes(65_536)
        yield PDF[9:] + tail

    await sent(site, one_case, in_pieces(MEGABYTE))  # what is loaded once
    peaks = []
    for size in (MEGABYTE, 9 * MEGABYTE):
        await asyncio.sleep(0)
        tracemalloc.start()
        answer = await sent(site, one_case, in_pieces(size))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert answer.status_code == 201
    assert peaks[1] < 5 * MEGABYTE
    assert peaks[1] - peaks[0] < MEGABYTE


# ---- the seal of files


def sealed(content: bytes, key: bytes, document_id: str = "doc") -> list[bytes]:
    """The pieces of a file."""
    sealer = FileSealer(key, "case", document_id)
    return [*sealer.add(content), sealer.end()]


def test_a_piece_opens_in_its_place_only() -> None:
    """Not in another file or case, not at another number, not as the last where more follows, nor the other way."""
    key, content = new_key(), secrets.token_bytes(2 * PIECE_BYTES + 5)
    pieces = sealed(content, key)
    assert len(pieces) == 3

    whole = b"".join(open_piece(key, "case", "doc", n, piece, last=n == 2) for n, piece in enumerate(pieces))
    assert whole == content
    for n, piece in enumerate(pieces):
        others = [
            (key, "case", "doc", n, n != 2),
            (key, "case", "doc", n + 1, n == 2),
            (key, "case", "other", n, n == 2),
            (key, "other", "doc", n, n == 2),
            (new_key(), "case", "doc", n, n == 2),
        ]
        for one, case, document, number, last in others:
            with pytest.raises(VaultError):
                open_piece(one, case, document, number, piece, last=last)


def test_the_content_of_a_file_is_recomputed_from_its_pieces_alone() -> None:
    """What is cut, changed, doubled or out of order is found."""
    key, content = new_key(), secrets.token_bytes(2 * PIECE_BYTES + 5)
    sealer = FileSealer(key, "case", "doc")
    pieces = [*sealer.add(content), sealer.end()]

    assert content_of(key, "case", "doc", iter(pieces)) == sealer.content
    one, two, three = pieces
    harmed = two[:50] + bytes((two[50] ^ 1,)) + two[51:]
    for wrong in (
        [],
        [one, two],
        [two, three],
        [one, three],
        [one, two, two, three],
        [two, one, three],
        [one, harmed, three],
    ):
        with pytest.raises(VaultError):
            content_of(key, "case", "doc", wrong)


async def test_a_piece_changed_left_out_or_put_elsewhere_is_never_given(
    app: Stack, site: RealSite, one_case: str
) -> None:
    """The reader gets the file or an error, never a part that looks whole."""
    vault, documents = app.outside.vault, app.outside.files
    where = (await sent(site, one_case, form(LETTER, pdf(2 * PIECE_BYTES)))).headers["location"]
    document_id = where.rsplit("/", 1)[1]
    first, last = (documents.piece(ITSELF, document_id, number) for number in (0, 1))
    assert first is not None
    assert last is not None
    harmed = bytearray(first)
    harmed[100] ^= 1
    for number, piece, is_last in ((0, bytes(harmed), False), (0, last, True), (1, first, True), (0, first, True)):
        with pytest.raises(VaultError):
            vault.open_piece(one_case, document_id, number, piece, last=is_last)


def test_sizes_at_the_edge_of_a_piece() -> None:
    """No file has an empty last piece but the empty one; sealing in any steps gives one digest."""
    key = new_key()
    for size in (0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES):
        content = secrets.token_bytes(size)
        sealer = FileSealer(key, "case", new_id())
        pieces = [piece for start in range(0, size, 70_001) for piece in sealer.add(content[start : start + 70_001])]
        pieces.append(sealer.end())
        assert len(pieces) == max(1, -(-size // PIECE_BYTES))
        other = FileSealer(key, "case", new_id())
        other.add(content)
        assert (sealer.size, sealer.content) == (size, other.content)


def test_every_type_has_its_media_type() -> None:
    """Whoever adds a type says how it is given back."""
    assert MEDIA.keys() == set(FileType)
