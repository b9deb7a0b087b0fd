"""Figures from which nobody can be told: small counts are left out, and others with them, so that no sum tells them.

A table has its totals: the last row and the last column. What is left out is None, and nothing says why it was. Each
small count is given three others at the corners of a rectangle with it. Between the four, people can be moved so that
every row and column still adds up: whoever reads the table cannot tell which of those tables it is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

FEWEST = 5
"""A count below it, but not none, tells of persons."""
Counts = Sequence[Sequence[int]]
Shown = tuple[tuple[int | None, ...], ...]
Cell = tuple[int, int]
Corners = tuple[Cell, Cell, Cell, Cell]


def suppressed(counts: Counts) -> Shown:
    """A table with its totals in a last row and column, without small counts and without what would give them back."""
    whole = with_totals(counts)
    hidden: set[Cell] = set()
    for cell in _small(whole):
        rectangle = _rectangle(whole, cell, hidden)
        if rectangle is None:
            # So few people are in it that any number would tell.
            return tuple(tuple(None for _ in row) for row in whole)
        hidden |= rectangle
    return tuple(
        tuple(None if (row, column) in hidden else count for column, count in enumerate(each))
        for row, each in enumerate(whole)
    )


def suppressed_list(counts: Mapping[str, int]) -> tuple[dict[str, int | None], int | None]:
    """The same for a plain list and its total: small counts go, with the next larger until nothing can be told."""
    small = {name for name, count in counts.items() if is_small(count)}
    others = sorted((name for name in counts if name not in small), key=lambda name: (counts[name] == 0, counts[name]))
    while small and not _hides(counts, small):
        if not others:
            return dict.fromkeys(counts), None
        small.add(others.pop(0))
    return {name: None if name in small else count for name, count in counts.items()}, sum(counts.values())


def is_small(count: int) -> bool:
    """Whether a count tells of persons."""
    return 0 < count < FEWEST


def with_totals(counts: Counts) -> tuple[tuple[int, ...], ...]:
    """A table with the sums of its rows, of its columns, and of all."""
    rows = [(*row, sum(row)) for row in counts]
    return (*rows, tuple(sum(column) for column in zip(*rows, strict=True)))


def _hides(counts: Mapping[str, int], left_out: Iterable[str]) -> bool:
    """Whether each of those left out may be anything from none to at least `FEWEST`, as far as the total says."""
    names = tuple(left_out)
    return len(names) > 1 and sum(counts[name] for name in names) >= FEWEST


def _small(whole: Counts) -> Iterator[Cell]:
    """The small counts, totals among them; the smallest first, because they need the most company."""
    cells = product(range(len(whole)), range(len(whole[0])))
    yield from sorted((cell for cell in cells if is_small(_at(whole, cell))), key=lambda cell: (_at(whole, cell), cell))


def _rectangle(whole: Counts, cell: Cell, hidden: set[Cell]) -> set[Cell] | None:
    """Four corners between which at least `FEWEST` people can be moved; those that hide least of what is shown."""
    row, column = cell
    others = product(
        (other for other in range(len(whole)) if other != row),
        (other for other in range(len(whole[0])) if other != column),
    )
    rectangles = (_corners(cell, other) for other in others)
    costs = [_cost(whole, corners, hidden) for corners in rectangles if _room(whole, *corners) >= FEWEST]
    return set(min(costs)[-1]) if costs else None


def _cost(whole: Counts, corners: Corners, hidden: set[Cell]) -> tuple[int, int, Corners]:
    """How much is hidden besides."""
    fresh = [each for each in corners if each not in hidden]
    return len(fresh), sum(_at(whole, each) for each in fresh), corners


def _corners(cell: Cell, other: Cell) -> Corners:
    return cell, (cell[0], other[1]), (other[0], cell[1]), other


def _room(whole: Counts, cell: Cell, beside: Cell, below: Cell, across: Cell) -> int:
    """How far the count of the first corner may be from what it is, up and down together, with every sum kept."""
    last_row, last_column = len(whole) - 1, len(whole[0]) - 1

    def sign(corner: Cell) -> int:
        # A total grows with what it sums; two totals crossing are a total of totals.
        return (-1 if corner[0] == last_row else 1) * (-1 if corner[1] == last_column else 1)

    moves = {cell: sign(cell), beside: -sign(beside), below: -sign(below), across: sign(across)}
    way = moves[cell]
    up = [_at(whole, corner) for corner, move in moves.items() if move * way < 0]
    down = [_at(whole, corner) for corner, move in moves.items() if move * way > 0]
    return (min(up) if up else FEWEST) + min(down)


def _at(whole: Counts, cell: Cell) -> int:
    return whole[cell[0]][cell[1]]
