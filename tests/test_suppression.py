"""Small counts are left out so that nothing gives them back: no totals, no solving, no trying of every table."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.rules.suppression import FEWEST, Shown, is_small, suppressed, suppressed_list, with_totals

Table = list[list[int]]
counts = st.one_of(st.integers(0, 6), st.integers(0, 40))


def tables(rows: int, columns: int) -> st.SearchStrategy[Table]:
    """Tables of at most so many rows and columns."""
    sizes = st.tuples(st.integers(1, rows), st.integers(1, columns))
    return sizes.flatmap(
        lambda size: st.lists(st.lists(counts, min_size=size[1], max_size=size[1]), min_size=size[0], max_size=size[0])
    )


def hidden(shown: Shown) -> list[tuple[int, int]]:
    """What was left out."""
    return [(r, c) for r, row in enumerate(shown) for c, count in enumerate(row) if count is None]


# ---- what is shown


@given(tables(5, 5))
def test_what_is_shown_is_true_and_never_small(table: Table) -> None:
    """A count is what it was, or nothing is said of it."""
    whole = with_totals(table)
    for (r, row), c in product(enumerate(suppressed(table)), range(len(whole[0]))):
        assert row[c] is None or (row[c] == whole[r][c] and not is_small(whole[r][c]))


@given(tables(4, 4))
def test_where_nothing_is_small_everything_is_shown(table: Table) -> None:
    """None of it is left out for nothing."""
    large = [[0 if count == 0 else count + FEWEST for count in row] for row in table]

    assert suppressed(large) == with_totals(large)


def test_a_table_as_a_reader_sees_it() -> None:
    """Beside the small count three others go; the rest stays."""
    assert suppressed([[2, 20, 30], [15, 9, 40], [50, 60, 70]]) == (
        (None, None, 30, 52),
        (None, None, 40, 64),
        (50, 60, 70, 180),
        (67, 89, 140, 296),
    )


@pytest.mark.parametrize("table", [[[3]], [[0, 2], [1, 0]], [[1, 1], [1, 1]]])
def test_of_too_few_people_nothing_is_shown(table: Table) -> None:
    """Any number would tell of them."""
    assert {count for row in suppressed(table) for count in row} <= {None, 0}


# ---- attackers


@settings(max_examples=200, deadline=None)
@given(tables(5, 5))
def test_solving_the_sums_gives_no_small_count_back(table: Table) -> None:
    """Every row and column is an equation; no combination of them has a small count alone."""
    whole, shown = with_totals(table), suppressed(table)
    unknown = hidden(shown)
    solved = determined(equations(shown, unknown), len(unknown))

    assert not [cell for index, cell in enumerate(unknown) if index in solved and is_small(whole[cell[0]][cell[1]])]


def equations(shown: Shown, unknown: list[tuple[int, int]]) -> list[list[Fraction]]:
    """What each row and column says of the unknown counts: interior less total is nothing."""
    rows, columns = len(shown), len(shown[0])
    lines = [[(r, c) for c in range(columns)] for r in range(rows)] + [
        [(r, c) for r in range(rows)] for c in range(columns)
    ]
    found = []
    for line in lines:
        equation = [Fraction(0)] * len(unknown)
        for place, cell in enumerate(line):
            if cell in unknown:
                equation[unknown.index(cell)] = Fraction(-1 if place == len(line) - 1 else 1)
        found.append(equation)
    return found


def determined(matrix: list[list[Fraction]], width: int) -> set[int]:
    """The unknowns that elimination leaves alone in a row: their values are known."""
    rows, pivots = [row[:] for row in matrix], 0
    for column in range(width):
        pivot = next((r for r in range(pivots, len(rows)) if rows[r][column]), None)
        if pivot is None:
            continue
        rows[pivots], rows[pivot] = rows[pivot], rows[pivots]
        rows[pivots] = [value / rows[pivots][column] for value in rows[pivots]]
        for other, row in enumerate(rows):
            if other != pivots and row[column]:
                rows[other] = [a - row[column] * b for a, b in zip(row, rows[pivots], strict=True)]
        pivots += 1
    return {next(c for c, value in enumerate(row) if value) for row in rows if sum(bool(value) for value in row) == 1}


@settings(max_examples=12, deadline=None)
@given(st.lists(st.lists(st.integers(0, 5), min_size=2, max_size=2), min_size=2, max_size=2))
def test_trying_every_table_leaves_a_small_count_open(table: Table) -> None:
    """People are no fractions and no debts: of all tables that would be shown so, it is any of a range of `FEWEST`."""
    whole, shown = with_totals(table), suppressed(table)
    possible: dict[tuple[int, int], set[int]] = {cell: set() for cell in hidden(shown)}
    # Far enough: the tables that hide a count differ from the true one by so much at most.
    for a, b, c, d in product(range(6 + FEWEST), repeat=4):
        other = with_totals([[a, b], [c, d]])
        if all(count in (None, other[r][k]) for r, row in enumerate(shown) for k, count in enumerate(row)):
            for cell in possible:
                possible[cell].add(other[cell[0]][cell[1]])

    for (r, c), values in possible.items():
        assert not is_small(whole[r][c]) or max(values) - min(values) >= FEWEST


@settings(max_examples=200)
@given(tables(4, 4))
def test_each_small_count_has_other_tables_that_read_the_same(table: Table) -> None:
    """Found by moving people around a rectangle, which changes nothing that is shown."""
    whole, shown = with_totals(table), suppressed(table)
    for r, c in hidden(shown):
        if is_small(whole[r][c]):
            assert reach(whole, shown, (r, c)) >= FEWEST


def reach(whole: tuple[tuple[int, ...], ...], shown: Shown, cell: tuple[int, int]) -> int:
    """How far a count can be moved along one rectangle of hidden cells, step by step, until somebody is missing."""
    rows, columns = range(len(whole)), range(len(whole[0]))
    found = [0]
    for r, c in product((r for r in rows if r != cell[0]), (c for c in columns if c != cell[1])):
        corners = [cell, (cell[0], c), (r, cell[1]), (r, c)]
        if all(shown[a][b] is None for a, b in corners):
            found.append(sum(steps(whole, corners, way) for way in (1, -1)))
    return max(found)


def steps(whole: tuple[tuple[int, ...], ...], corners: list[tuple[int, int]], way: int) -> int:
    """How often one person can be moved this way, at most `FEWEST` times, with all sums kept."""
    moved = [list(row) for row in whole]
    last = (len(whole) - 1, len(whole[0]) - 1)
    signs = [(-1) ** ((r == last[0]) + (c == last[1])) for r, c in corners]
    for count in range(FEWEST + 1):
        for (r, c), sign, turn in zip(corners, signs, (1, -1, -1, 1), strict=True):
            moved[r][c] += way * sign * signs[0] * turn
        if any(moved[r][c] < 0 for r, c in corners):
            return count
        assert with_totals([row[:-1] for row in moved[:-1]]) == tuple(map(tuple, moved))
    return FEWEST


# ---- lists


@given(st.dictionaries(st.text("abcdefgh", min_size=1, max_size=2), counts, max_size=8))
def test_a_list_and_its_total_give_no_small_count_back(listed: dict[str, int]) -> None:
    """What is left out adds up to enough, and is never one alone."""
    shown, total = suppressed_list(listed)
    left_out = [name for name, count in shown.items() if count is None]

    assert all(count is None or (count == listed[name] and not is_small(count)) for name, count in shown.items())
    assert bool(left_out) >= any(is_small(count) for count in listed.values())
    if left_out and total is not None:
        assert len(left_out) > 1
        assert total - sum(count for count in shown.values() if count is not None) >= FEWEST
