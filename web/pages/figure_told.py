"""One figure as a page tells it: its number, its plot, or why it has neither."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from casework.models.figure import Definition, Figure, Shown
from web.pages.figure_words import MEASURES, ORDERS, FigureWords
from web.pages.periods import Chosen
from web.pages.plots import Bar, Plot, plot


@dataclass(frozen=True)
class Told:
    """What stands under the title of a figure."""

    its: Definition
    reason: str | None
    """Why there is no number, where there is none."""
    number: str
    """What it comes to; empty where it comes to no one number, or where that is not told."""
    leads: str
    """Where all its cases are, for who may see them."""
    bars: tuple[Bar, ...]
    withheld: bool
    """Whether something of it is not told."""

    @property
    def plot(self) -> Plot:
        """The bars as they are drawn."""
        return plot(self.bars)


def told(figure: Figure, reason: str | None, words: FigureWords, days: Chosen | None) -> Told:
    """A figure in words; `days` for who is led to the cases of these days."""
    its = figure.definition

    def leads(**cell: str | None) -> str:
        return f"/figures/{its.id}/cases?{days.asking(**cell)}" if days and not reason else ""

    bars = tuple(
        Bar(
            name=words.key(its, cell.key),
            part=words.part(its, cell.part),
            number=words.number(its, cell),
            size=_size(its, cell),
            leads=leads(key=cell.key, part=cell.part) if cell.count else "",
        )
        for cell in ordered(figure)
    )
    withheld = any(cell.count is None for cell in figure.cells)
    number = words.whole(figure)
    return Told(its, reason, number, leads() if figure.cells else "", bars, withheld)


def ordered(figure: Figure) -> list[Shown]:
    """The numbers as they are read: months and what has an order in it, everything else by how many there are."""
    its, many = figure.definition, Counter[str]()
    for cell in figure.cells:
        many[cell.key] += cell.count or 0
    if its.keys == "month":
        return list(figure.cells)

    def place(cell: Shown) -> tuple[Any, ...]:
        key = _rank(its.keys, cell.key) if its.keys in ORDERS else -many[cell.key]
        return key, cell.key, _rank(its.parts, cell.part or "")

    return sorted(figure.cells, key=place)


def _rank(codes: str | None, key: str) -> int:
    order = ORDERS.get(codes or "", ())
    return order.index(key) if key in order else len(order)


def _size(its: Definition, cell: Shown) -> float | None:
    return cell.value if its.counts in MEASURES else cell.count
