"""Plots made on the server: bars with their names and numbers as text, each leading to what it is of.

Nothing is told by colour. Places are in `em` and lengths in shares of the width, so that a plot fits a telephone and
grows with the reader's letters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap

LINE, BAR, GAP = 1.4, 1.0, 0.5
"""Heights: of a line of a name, of a bar, and between two."""
LONGEST = 56.0
"""The longest bar, in hundredths of the width; its number stands beside it."""
LETTERS = 34
"""What fits into a line of a name on a telephone."""


@dataclass(frozen=True)
class Bar:
    """One number. Bars of one name that follow each other stand under it together, each with its part."""

    name: str
    number: str
    size: float | None
    """None for what is not told: it has no bar."""
    leads: str = ""
    """Where its cases are, for who may see them."""
    part: str = ""


@dataclass(frozen=True)
class Placed:
    """A bar where it is drawn, with the lines of its name above it, where it is the first of that name."""

    bar: Bar
    lines: tuple[tuple[str, str], ...]
    top: str
    foot: str
    """Where the text beside it stands."""
    length: str


@dataclass(frozen=True)
class Plot:
    """What is drawn, and how high it is."""

    bars: tuple[Placed, ...]
    height: str


def plot(bars: Sequence[Bar]) -> Plot:
    """Bars one under the other, the longest as long as there is room."""
    most = max((bar.size or 0 for bar in bars), default=0) or 1
    placed: list[Placed] = []
    down = 0.0
    for name, its in groupby(bars, key=lambda bar: bar.name):
        lines = wrap(name, LETTERS) or [name]
        for bar in its:
            named = [(_em(down + LINE * number - 0.3), line) for number, line in enumerate(lines, start=1)]
            down += LINE * len(lines)
            length = None if bar.size is None else LONGEST * bar.size / most
            placed.append(Placed(bar, tuple(named), _em(down), _em(down + 0.85), _share(length)))
            down, lines = down + BAR + GAP, []
    return Plot(tuple(placed), _em(down))


def _em(height: float) -> str:
    return f"{height:.4g}em"


def _share(length: float | None) -> str:
    return f"{length or 0:.4g}%"
