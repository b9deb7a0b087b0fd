"""What each figure says, as data: its words in both languages, and its source."""

from functools import cache
from importlib import resources

from casework.datafile import DataFileError, parse
from casework.models.figure import Definition, Definitions

FILE = "figures.toml"


@cache
def definitions() -> tuple[Definition, ...]:
    """The figures, in the order in which they are shown; raises DataFileError where the file is not as it must be."""
    content = resources.files("casework.figures").joinpath(FILE).read_bytes()
    parsed, problems = parse(FILE, content, Definitions)
    if parsed is None:
        raise DataFileError(problems)
    return parsed.figures


def definition(figure_id: str) -> Definition | None:
    """One of them."""
    return next((each for each in definitions() if each.id == figure_id), None)
