"""A file on its way in: parsed, typed, cleaned and sealed piece by piece; what lies on the disk meanwhile is sealed.

Nothing of it is in the record before all of it was taken, and nothing of it is left where it was not.
"""

import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Any, Self

from pydantic import ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from casework.commands import AddDocument
from casework.errors import InvalidInputError, TooLargeError
from casework.files.cleaning import Cleaning
from casework.models.codes import FileType
from casework.ports import FileSealer, SealedFile
from web.api.problems import entry, invalid

MOST_BYTES = 10 * 1024 * 1024
"""Of the file; a form around it may take `MOST_AROUND` more."""
MOST_AROUND = 16 * 1024
MOST_FIELD = 2048
FIELDS = frozenset({"kind", "title"})
FILE = "file"


class Upload:
    """Takes the body of one request; use it as a context manager. Every method may block on the disk."""

    def __init__(self, sealer: FileSealer, content_type: str, around: frozenset[str] = frozenset()) -> None:
        """`around` names fields that the form may have besides; `given` tells what stood in them."""
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise refused("", "not_multipart", "Send multipart/form-data with the parts kind, title and file.")
        self._sealer = sealer
        self._around = around
        self._cleaning = Cleaning()
        self._spool: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  it is closed with the upload
        self._lengths: list[int] = []
        self._fields: dict[str, bytes] = {}
        self._taken = 0
        self._whole = False
        self._name: str | None = None
        self._part = Part()
        self._parser = MultipartParser(options[b"boundary"], callbacks=self._callbacks())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()

    def feed(self, body: bytes) -> None:
        """The next piece of the body; raises the refusal of what cannot be taken."""
        try:
            self._parser.write(body)
        except FormParserError:
            raise refused("", "wrong_form", "The form is not whole.") from None

    def end(self) -> tuple[AddDocument, SealedFile]:
        """The command that the form gives, and its file; raises the refusal of a form that is not whole."""
        if not self._whole:  # a sender that was cut off, or stopped in the middle of a file
            raise refused("", "wrong_form", "The form is not whole.")
        if self._name is None:
            raise refused(f"/{FILE}", "missing", "The file itself.")
        type_, rest = self._cleaning.end()
        self._keep(self._sealer.add(rest))
        self._keep([self._sealer.end()])
        body = self._body(type_)
        count = len(self._lengths)
        return body, SealedFile(self._sealer.document_id, type_, self._sealer.size, count, self._pieces)

    def given(self, name: str) -> str:
        """What stood in a field; empty where it was not sent."""
        return self._fields.get(name, b"").decode("utf-8", "replace")

    def _body(self, type_: FileType) -> AddDocument:
        given = {name: self.given(name) for name in self._fields if name not in self._around}
        found = {"name": self._name, "type": type_, "size": self._sealer.size, "content": self._sealer.content}
        try:
            return AddDocument.model_validate({**given, **found})
        except ValidationError as error:
            raise invalid(error.errors(include_url=False, include_input=False, include_context=False)) from None

    def _pieces(self) -> Iterator[bytes]:
        self._spool.seek(0)
        for length in self._lengths:
            yield self._spool.read(length)

    def _keep(self, pieces: list[bytes]) -> None:
        for piece in pieces:
            self._lengths.append(self._spool.write(piece))

    # ---- what the parser tells

    def _callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._part.header(data[start:end]),
            "on_header_value": lambda data, start, end: self._part.value(data[start:end]),
            "on_header_end": lambda: self._part.header_end(),
            "on_headers_finished": self._headers,
            "on_part_data": lambda data, start, end: self._data(data[start:end]),
            "on_end": self._ended,
        }

    def _begin(self) -> None:
        self._part = Part()

    def _ended(self) -> None:
        self._whole = True

    def _headers(self) -> None:
        name = self._part.name
        if name not in FIELDS | self._around | {FILE}:
            raise refused("", "unknown_field", "There is no such part here.")
        if name in self._fields or (name == FILE and self._name is not None):
            raise refused(f"/{name}", "invalid", "is there twice")
        if name == FILE:
            self._name = self._part.filename[:300]
        else:
            self._fields[name] = b""

    def _data(self, data: bytes) -> None:
        if self._part.name != FILE:
            self._fields[self._part.name] += data
            if len(self._fields[self._part.name]) > MOST_FIELD:
                raise refused(f"/{self._part.name}", "too_long", f"at most {MOST_FIELD} bytes")
            return
        self._taken += len(data)
        if self._taken > MOST_BYTES:
            raise TooLargeError(f"A file holds at most {MOST_BYTES} bytes; nothing was stored.")
        self._keep(self._sealer.add(self._cleaning.feed(data)))


class Part:
    """The headers of one part of a form."""

    def __init__(self) -> None:
        self.name = ""
        self.filename = ""
        self._header = b""
        self._value = b""

    def header(self, data: bytes) -> None:
        """More of a header's name."""
        self._header += data

    def value(self, data: bytes) -> None:
        """More of its value."""
        self._value += data

    def header_end(self) -> None:
        """The header is whole."""
        if self._header.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            self.name = options.get(b"name", b"").decode("utf-8", "replace")
            self.filename = _printable(options.get(b"filename", b"").decode("utf-8", "replace"))
        self._header = self._value = b""


def _printable(name: str) -> str:
    return "".join(letter for letter in name if letter.isprintable())


def refused(pointer: str, code: str, detail: str) -> InvalidInputError:
    """The refusal of a form."""
    return InvalidInputError("This form cannot be taken.", errors=[entry(pointer, code, detail)])
