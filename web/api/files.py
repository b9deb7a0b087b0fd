"""Files: taken in a form, and given back as something to be saved, never as something to be shown."""

from collections.abc import Iterator

from fastapi.responses import StreamingResponse

from casework.errors import NotFoundError
from casework.ids import new_id
from casework.models.codes import FileType
from casework.models.people import Actor
from casework.ports import FileSealer, KeptFile
from casework.vault.errors import KeyMissingError, VaultError
from starter.desk import Desk

MEDIA = {
    FileType.PDF: ("application/pdf", "pdf"),
    FileType.JPEG: ("image/jpeg", "jpg"),
    FileType.PNG: ("image/png", "png"),
    FileType.TEXT: ("text/plain; charset=utf-8", "txt"),
}
POLICY = "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""A browser that shows it all the same runs nothing of it, and gives it no place it could speak for."""

FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["kind", "file"],
                    "additionalProperties": False,
                    "properties": {
                        "kind": {"$ref": "#/components/schemas/DocumentKind"},
                        "title": {"type": "string", "maxLength": 300},
                        "file": {"type": "string", "format": "binary"},
                    },
                }
            }
        },
    }
}
"""What a file comes in, for the OpenAPI document."""


def sealer_for(desk: Desk, case_id: str) -> FileSealer:
    """What seals a file that is added to a case, under an id of its own; raises NotFoundError where it is erased."""
    try:
        return desk.vault.file_sealer(case_id, new_id())
    except KeyMissingError:
        raise NotFoundError("There is no such case.") from None


def sent_file(desk: Desk, reader: Actor, case_id: str, kept: KeptFile) -> StreamingResponse:
    """A file, opened piece by piece as it is sent; raises NotFoundError where the case is erased.

    Its name tells nothing: it may lie in the list of downloads of a machine that others use.
    """
    pieces = _opened(desk, reader, case_id, kept)
    try:
        first = next(pieces)
    except KeyMissingError:
        raise NotFoundError("There is no such document.") from None
    media, ending = MEDIA[kept.type]
    headers = {
        "Content-Length": str(kept.size),
        "Content-Disposition": f'attachment; filename="{kept.document_id}.{ending}"',
        "Content-Security-Policy": POLICY,
    }
    return StreamingResponse(_all(first, pieces), media_type=media, headers=headers)


def _all(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _opened(desk: Desk, reader: Actor, case_id: str, kept: KeptFile) -> Iterator[bytes]:
    for number in range(kept.count):
        sealed = desk.files.piece(reader, kept.document_id, number)
        if sealed is None:
            raise VaultError(f"piece {number} of file {kept.document_id} is missing")
        last = number == kept.count - 1
        yield desk.vault.open_piece(case_id, kept.document_id, number, sealed, last=last)
