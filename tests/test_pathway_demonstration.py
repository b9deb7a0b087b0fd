"""The demonstration's pathways: the built-in ones in seconds, so that a case left alone climbs its rungs at once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from casework.models.pathway import Category, ClockKind, DeadlinePolicy, Ladder, Length, Level, Risk
from casework.pathways import check, load

DIRECTORY = Path(__file__).parents[1] / "examples" / "pathways" / "demonstration"
BUILT_IN, IN_SECONDS = load(), load(DIRECTORY)
LEVELS: tuple[Level, ...] = ("high", "medium", "low")
OPENED = ("case_opened", "reported_at", "incident_at", "activity")
"""What starts a clock when a case is opened, without anybody doing anything more."""


def seconds(length: Length) -> float:
    """How long it runs; days and working days have no place here."""
    assert length.clock is ClockKind.H
    return length.units * 3600


def timeless(value: Any) -> Any:
    """A pathway without its lengths and without what they are grounded on."""
    if isinstance(value, dict) and set(value) == {"clock", "units"}:
        return "a length"
    if isinstance(value, dict):
        return {key: timeless(inner) for key, inner in value.items() if key != "source"}
    return [timeless(inner) for inner in value] if isinstance(value, list | tuple) else value


def lengths(value: Any) -> Iterator[Length]:
    """Every length of a pathway."""
    if isinstance(value, dict) and set(value) == {"clock", "units"}:
        yield Length.model_validate(value)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from lengths(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from lengths(inner)


def test_directory_is_whole_and_right() -> None:
    """No file of the built-in ones stands in for a missing one."""
    assert check(DIRECTORY) == []
    assert {path.stem for path in DIRECTORY.glob("*.toml")} == {"common", *Category}


@pytest.mark.parametrize("category", list(Category))
def test_nothing_but_lengths_differs_from_the_built_in_pathway(category: Category) -> None:
    """The same kinds, starts, ends, owners, ladders and rungs, in the same order."""
    assert timeless(IN_SECONDS[category].model_dump()) == timeless(BUILT_IN[category].model_dump())


@pytest.mark.parametrize("category", list(Category))
def test_every_length_is_under_five_minutes(category: Category) -> None:
    """Nobody who watches has to wait longer."""
    assert max(seconds(length) for length in lengths(IN_SECONDS[category].model_dump())) < 300


@pytest.mark.parametrize("category", list(Category))
def test_every_figure_is_marked_as_a_demonstration(category: Category) -> None:
    """Seconds never pose as the law."""
    assert all(policy.source.startswith("demonstration of ") for policy in IN_SECONDS[category].deadlines)


def left_alone(category: Category, level: Level) -> Iterator[tuple[DeadlinePolicy, float, Ladder]]:
    """The clocks of a case that was opened and left alone: each with when it is due, and its ladder."""
    pathway = IN_SECONDS[category]
    for policy in pathway.deadlines:
        length = policy.runs(Risk(level))
        if policy.start in OPENED and length is not None:
            yield policy, seconds(length), next(ladder for ladder in pathway.ladders if ladder.name == policy.ladder)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("category", list(Category))
def test_case_left_alone_stands_still_and_has_climbed_every_rung(category: Category, level: Level) -> None:
    """Late within a minute whatever its risk, and on the last rung of each ladder within a minute and a half."""
    clocks = list(left_alone(category, level))

    assert {"assignment", "first_contact", "assessment", "plan"} <= {policy.kind for policy, _, _ in clocks}
    assert max(due for _, due, _ in clocks) <= 60
    assert max(due + seconds(ladder.rungs[-1].after[level]) for _, due, ladder in clocks) <= 90


def test_case_across_provinces_is_with_the_nation_by_then() -> None:
    """The longest ladder too ends within a minute and a half, on the clocks that come first at each risk."""
    for level in LEVELS:
        ladder = next(each for each in IN_SECONDS[Category.TRAFFICKING].ladders if each.name == "cross_province")
        last = max(due for policy, due, _ in left_alone(Category.TRAFFICKING, level) if policy.ladder == "office")
        assert last + seconds(ladder.rungs[-1].after[level]) <= 90
