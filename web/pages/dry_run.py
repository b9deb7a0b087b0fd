"""A dry run as drawings: of each clock two bars, as it was and as it would be, with their numbers beside them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from casework.models.dry_run import DryRun, Tally

LONGEST = 70
"""The longest bar, in hundredths of the width."""


Bars = tuple[tuple[int | None, float], ...]


@dataclass(frozen=True)
class Drawn:
    """One clock of one owner, what is counted of it, and two bars: how many, and how long the bar is."""

    name: str
    tally: Tally
    bars: Bars


def drawings(run: DryRun, name: Callable[[Tally], str]) -> Iterator[Drawn]:
    """Each tally with its bars, those of what is late; what is so few that it is not told has no length."""
    most = max((count or 0 for tally in run.tallies for count in _late(tally)), default=0) or 1
    for tally in run.tallies:
        yield Drawn(name(tally), tally, tuple((count, LONGEST * (count or 0) / most) for count in _late(tally)))


def _late(tally: Tally) -> tuple[int | None, int | None]:
    return tally.late_before, tally.late_after
