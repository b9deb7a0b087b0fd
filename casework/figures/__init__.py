"""What each figure says, as data: its words in both languages, and its source."""

from functools import cache

from casework.datafile import built_in
from casework.models.figure import Definition, Definitions

FILE = "figures.toml"


@cache
def definitions() -> tuple[Definition, ...]:
    """The figures, in the order in which they are shown; raises DataFileError where the file is not as it must be."""
    return built_in(__name__, FILE, Definitions).figures


def chapters() -> tuple[str, ...]:
    """What they stand under, in the same order."""
    return tuple(dict.fromkeys(each.chapter for each in definitions()))


def of_chapter(chapter: str) -> tuple[Definition, ...]:
    """Those of one chapter; none of one that there is not."""
    return tuple(each for each in definitions() if each.chapter == chapter)


def definition(figure_id: str) -> Definition | None:
    """One of them."""
    return next((each for each in definitions() if each.id == figure_id), None)
