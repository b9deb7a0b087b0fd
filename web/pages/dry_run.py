"""A dry run as a plot: of each clock two bars, what is late now and what would be."""

from collections.abc import Callable, Iterator

from casework.models.dry_run import DryRun, Tally
from web.pages.plots import Bar, Plot, plot

UNTOLD = "–"


def plot_of(run: DryRun, name: Callable[[Tally], str], now: str, would_be: str) -> Plot:
    """Of the clocks of which it is told that more or fewer would be late."""
    return plot([bar for tally in run.tallies for bar in _bars(tally, name(tally), now, would_be)])


def _bars(tally: Tally, name: str, now: str, would_be: str) -> Iterator[Bar]:
    if tally.late_before != tally.late_after:
        for count, part in ((tally.late_before, now), (tally.late_after, would_be)):
            yield Bar(name, UNTOLD if count is None else str(count), count, part=part)
