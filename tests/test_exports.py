"""Tables as files: nothing in them is calculated, and many rows take no more memory than few."""

import csv
import tracemalloc
import zipfile
from collections.abc import Iterator
from io import BytesIO, StringIO
from tempfile import TemporaryFile

import pytest

from web.exports import FORMATS, Row, write_csv, write_xlsx

EVIL = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x.example")')


def table(count: int) -> Iterator[Row]:
    """As many rows as a register list of a large office."""
    for number in range(count):
        yield (f"OKUS-2026-{number:05}-1", number, None)


def test_no_cell_of_a_csv_begins_a_formula() -> None:
    """Texts are kept, numbers stay numbers, commas and quotes stay in their cell."""
    file = BytesIO()
    write_csv(file, ("a", "b"), [*((each, -3) for each in EVIL), ('x,"y"', 4)])

    rows = list(csv.reader(StringIO(file.getvalue().decode("utf-8-sig"), newline="")))

    assert [row[0] for row in rows[1:]] == [*(f"'{each}" for each in EVIL), 'x,"y"']
    assert [row[1] for row in rows[1:]] == [*("-3" for _ in EVIL), "4"]


def test_no_cell_of_a_workbook_is_a_formula() -> None:
    """Nor a link."""
    file = BytesIO()
    write_xlsx(file, ("a",), [(each,) for each in (*EVIL, "http://x.example")])

    with zipfile.ZipFile(file) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert sheet.count('t="inlineStr"') == len(EVIL) + 2


@pytest.mark.parametrize("name", FORMATS)
def test_ten_thousand_rows_take_no_more_memory(name: str) -> None:
    """Than a tenth of them."""
    write, _ = FORMATS[name]
    peaks = []
    for count in (1_000, 10_000):
        with TemporaryFile() as file:
            tracemalloc.start()
            write(file, ("number", "count", "place"), table(count))
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < peaks[0] + 300_000
