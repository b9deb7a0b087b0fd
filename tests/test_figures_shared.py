"""What is told beyond the own office gives no small count back: not by sums over figures, not by days, not in time."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from casework.errors import InvalidInputError
from casework.figures import definitions
from casework.models.figure import Cell, Counted, Definition, Figure
from casework.models.people import Actor, Role
from casework.rules.figures import period_of, shown_to
from casework.rules.suppression import FEWEST, is_small
from tests.play import LEAD, ZONE

VIEWER = Actor(account_id="viewer", role=Role.VIEWER, agency_id="bupati")
COORDINATOR = Actor(account_id="coordinator", role=Role.COORDINATOR, agency_id="setda-asisten-1")
SUPERVISOR = Actor(account_id="supervisor", role=Role.SUPERVISOR, agency_id=LEAD)
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ONE = ("", "all")
"""That somebody is counted at all: the sum of every figure that divides the same people."""
VALUES = {
    "recorded_cases": 3,
    "channels": 5,
    "reporting_delay": 6,
    "by_sex": 2,
    "by_age": 5,
    "by_subdistrict": 12,
    "by_place": 4,
    "by_category": 5,
    "by_violence": 5,
}
"""The figures that divide the cases recorded in a quarter, and into how many keys."""
BY_ID = {each.id: each for each in definitions()}
Person = Mapping[str, tuple[str, ...]]
Sum = dict[tuple[str, str], Fraction]
"""What a number sums up: a combination of who stands under which key."""


def people(dice: Random) -> list[Person]:
    """Some, each with what is known of it; small places and rare things among them."""
    return [
        {name: _drawn(dice, name, count) for name, count in VALUES.items()} for _ in range(dice.choice([3, 8, 20, 60]))
    ]


def _drawn(dice: Random, name: str, count: int) -> tuple[str, ...]:
    weights = [2.0 ** -(n * dice.choice([0.4, 1.0])) for n in range(count)]
    many = 1 + (BY_ID[name].several and dice.random() < 0.4)
    return tuple(dict.fromkeys(f"k{n}" for n in dice.choices(range(count), weights, k=many)))


def counted(everybody: Iterable[Person], name: str) -> Counted:
    counts = Counter(key for person in everybody for key in person[name])
    return Counted({(key, None): Cell(count) for key, count in counts.items()}, len(list(everybody)))


def told(figure: Figure) -> Iterator[Sum]:
    """What the numbers of a figure sum up."""
    name = figure.definition.id
    for cell in figure.cells:
        if cell.count is not None:
            yield under(figure, cell.key)
    if figure.total is not None and not figure.definition.several:
        yield {ONE: Fraction(1)}
    assert name


def under(figure: Figure, key: str) -> Sum:
    """Who stands under a key. Of keys that divide people the last is who stands under none of the others."""
    name, keys = figure.definition.id, [cell.key for cell in figure.cells]
    if figure.definition.several or key != keys[-1]:
        return {(name, key): Fraction(1)}
    return {ONE: Fraction(1), **{(name, other): Fraction(-1) for other in keys[:-1]}}


def plus(first: Sum, second: Sum, times: Fraction) -> Sum:
    """A sum of sums."""
    found = {each: first.get(each, Fraction(0)) + times * second.get(each, Fraction(0)) for each in {*first, *second}}
    return {each: value for each, value in found.items() if value}


class Attacker:
    """Adds and subtracts whatever was told, as often as it likes."""

    def __init__(self, known: Iterable[Sum]) -> None:
        self.basis: list[tuple[tuple[str, str], Sum]] = []
        for each in known:
            rest = self.less(each)
            if rest:
                lead = min(rest)
                self.basis.append((lead, {at: value / rest[lead] for at, value in rest.items()}))

    def less(self, wanted: Sum) -> Sum:
        """What is left of a sum after all that is known of it."""
        for lead, row in self.basis:
            if lead in wanted:
                wanted = plus(wanted, row, -wanted[lead])
        return wanted

    def knows(self, wanted: Sum) -> bool:
        return not self.less(wanted)


def targets(dice: Random, figures: list[Figure], everybody: list[Person]) -> Iterator[Sum]:
    """Who would be told of by a small count: under one key, under neither of two, or under none but it."""
    for figure in figures:
        name, keys = figure.definition.id, [cell.key for cell in figure.cells]
        for key in keys:
            count = sum(key in person[name] for person in everybody)
            if is_small(count):
                yield under(figure, key)
            if is_small(len(everybody) - count):
                yield plus({ONE: Fraction(1)}, under(figure, key), Fraction(-1))
        if len(keys) > 2 and not figure.definition.several:
            one, other = dice.sample(keys, 2)
            if is_small(sum(bool({one, other} & {*person[name]}) for person in everybody)):
                yield plus(under(figure, one), under(figure, other), Fraction(1))


def test_a_thousand_attempts_by_sums_and_filters_give_nothing_back() -> None:
    """Over all figures of one quarter together: any combination of any of their numbers."""
    dice, attempts, world = Random(6), 0, 0  # noqa: S311
    while attempts < 1000:
        world += 1
        everybody = people(dice)
        figures = [shown_to(VIEWER, BY_ID[name], counted(everybody, name)) for name in VALUES]
        attacker = Attacker(each for figure in figures for each in told(figure))
        for target in targets(dice, figures, everybody):
            attempts += 1
            assert not attacker.knows(target), (world, target)


def test_the_attacker_finds_what_is_not_hidden() -> None:
    """Or the attempts would prove nothing: a single small count beside its total is solved."""
    definition = BY_ID["by_sex"]
    figure = shown_to(SUPERVISOR, definition, Counted({("k0", None): Cell(9), ("k1", None): Cell(2)}, 11))
    attacker = Attacker([{ONE: Fraction(1)}, under(figure, "k0")])

    assert attacker.knows(under(figure, "k1"))


def test_days_are_whole_quarters_that_are_over() -> None:
    """Of a thousand pairs of days none is answered but a quarter, so that two answers never overlap in part."""
    dice, taken = Random(3), set()  # noqa: S311
    days = [date(2025, 1, 1) + timedelta(days=n) for n in range(760)]
    edges = [day for day in days if day.day == 1 or (day + timedelta(days=1)).day == 1]
    for attempt in range(1000):
        pool = edges if attempt % 2 else days
        first, last = sorted((dice.choice(pool), dice.choice(pool)))
        for reader in (VIEWER, COORDINATOR):
            try:
                period = period_of(reader, first, last, NOW, ZONE)
            except InvalidInputError:
                continue
            taken.add((period.first, period.last))
    for first, last in taken:
        assert (first.day, (last + timedelta(days=1)).day, (last - first).days // 89) == (1, 1, 1)
        assert last < NOW.date()
        assert not [other for other in taken if other != (first, last) and other[0] <= last and first <= other[1]]
    assert taken


@pytest.mark.parametrize("reader", [VIEWER, COORDINATOR])
def test_nobody_else_is_told_of_the_quarter_that_runs(reader: Actor) -> None:
    """It would change from one reading to the next by the case that came in between."""
    with pytest.raises(InvalidInputError):
        period_of(reader, date(2026, 10, 1), date(2026, 12, 31), NOW, ZONE)
    asked = period_of(reader, None, None, NOW, ZONE)
    assert (asked.first, asked.last) == (date(2026, 7, 1), date(2026, 9, 30))


@pytest.mark.parametrize("definition", definitions(), ids=[each.id for each in definitions()])
def test_no_small_count_is_told_of_any_figure(definition: Definition) -> None:
    """Whatever kind of figure it is; and the own office is told all of it."""
    keys: list[Any] = [("a", "p"), ("a", "q"), ("b", "p")] if definition.parts else [("a", None), ("b", None)]
    cells = {key: Cell(count, 2.0, 2.0) for key, count in zip(keys, (2, 30, 40), strict=False)}
    few = Counted(cells, sum(cell.count for cell in cells.values()))

    shown = shown_to(VIEWER, definition, few)

    assert not [cell for cell in shown.cells if cell.count is not None and cell.count < FEWEST]
    assert not [cell for cell in shown.cells if cell.count is None and cell.value is not None]
    assert bool(shown.cells) is (definition.shared and not definition.missing)
    if not definition.missing:
        assert [cell.count for cell in shown_to(SUPERVISOR, definition, few).cells] == sorted(
            (cell.count for cell in cells.values()), key=[2, 30, 40].index
        )
