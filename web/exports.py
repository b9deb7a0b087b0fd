"""Tables as files, written row by row: many rows take no more memory, and no cell is ever taken for a formula."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import TextIOWrapper
from tempfile import TemporaryFile
from typing import IO

import xlsxwriter
from starlette.responses import StreamingResponse

Cell = str | int | float | None
Row = Sequence[Cell]
Writes = Callable[[IO[bytes], Row, Iterable[Row]], None]
PIECE = 64 * 1024
BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
BOM = b"\xef\xbb\xbf"
"""By which spreadsheets know UTF-8."""


def write_csv(file: IO[bytes], head: Row, rows: Iterable[Row]) -> None:
    """As RFC 4180 has it, in UTF-8. A text that a spreadsheet would calculate is kept a text by an apostrophe."""
    file.write(BOM)
    text = TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(head)
    for row in rows:
        writer.writerow([_plain(cell) for cell in row])
    text.detach()


def write_xlsx(file: IO[bytes], head: Row, rows: Iterable[Row]) -> None:
    """One sheet; texts are written as texts, whatever they begin with."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, head, book.add_format({"bold": True}))
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows, start=1):
            sheet.write_row(number, 0, row)


FORMATS: dict[str, tuple[Writes, str]] = {
    "csv": (write_csv, "text/csv; charset=utf-8"),
    "xlsx": (write_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def exported(name: str, format_: str, head: Row, rows: Iterable[Row]) -> StreamingResponse:
    """A file to be saved. It is whole before its first byte goes out, so that a slow reader holds up nothing."""
    write, media_type = FORMATS[format_]
    return spooled(f"{name}.{format_}", media_type, lambda file: write(file, head, rows))


def spooled(name: str, media_type: str, write: Callable[[IO[bytes]], None]) -> StreamingResponse:
    """What is written, from a file that nobody else can open and that is gone with it."""
    file = TemporaryFile()  # noqa: SIM115  closed when all of it was sent
    write(file)
    file.seek(0)
    return StreamingResponse(_pieces(file), media_type=media_type, headers=saved_as(name))


def saved_as(name: str) -> Mapping[str, str]:
    """The headers of what a browser saves, and keeps nowhere else."""
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


def _plain(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(BEGINS_A_FORMULA) else cell
