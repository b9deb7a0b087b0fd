"""What each page costs among many cases, beside an empty page of the same run; and what it weighs.

`python -m bench.pages [CASES]`: 10,000 by default. It needs nothing running. Each page is asked in turns, in this
process and without a network: what is measured is Tuntas and its database. Exits 1 where a page is too heavy.
"""

import asyncio
import logging
import statistics
import sys
import time

import structlog

from tests.crowd import Crowd, crowd
from tests.test_pages import FIRST_PAGE, LATER_PAGE
from tests.test_pages_board import counted
from tests.test_pages_budget import EVERY
from web.pages.sheet import address

ROUNDS, WARM = 30, 3
EMPTY = "/calendar"
"""A page that reads nothing but who asks."""
LOADED = ("tuntas.css", "tuntas.svg", "tuntas.js")
"""What the first page loads besides itself."""


async def main() -> bool:
    """Make the cases, ask, and print; whether every page is light enough."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    begun = time.perf_counter()
    async with crowd(count) as many:
        print(f"{count} cases made in {time.perf_counter() - begun:.0f} s; {ROUNDS} rounds each")  # noqa: T201
        first = await weight_of_first(many)
        print(f"first page with all it loads: {first / 1000:.1f} kB of {FIRST_PAGE / 1000:.0f}")  # noqa: T201
        seen = {name: await looked_at(many, who, path) for name, (who, path) in asked(many).items()}
        report(await measured(many), seen)
    return first < FIRST_PAGE and all(weight < LATER_PAGE for _, weight in seen.values())


def asked(many: Crowd) -> dict[str, tuple[str, str]]:
    """Who opens which page."""
    filled = {name: (who, path.format_map(many.known)) for name, (who, path, _) in EVERY.items()}
    return {"empty": ("administrator", EMPTY), **filled}


async def weight_of_first(many: Crowd) -> int:
    """Bytes of the door and of what it loads."""
    files = [(await many.client.get(address(name))).content for name in LOADED]
    return len((await many.client.get("/sign-in")).content) + sum(map(len, files))


async def looked_at(many: Crowd, who: str, path: str) -> tuple[int, int]:
    """How many statements a page takes, and what it weighs."""
    with counted(many.app) as statements:
        answer = await many.opens(who, path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status_code}")
    return len(statements), len(answer.content)


async def measured(many: Crowd) -> dict[str, list[float]]:
    """Seconds of each, one after the other in each round, so that all have the same weather."""
    took: dict[str, list[float]] = {name: [] for name in asked(many)}
    for number in range(WARM + ROUNDS):
        for name, (who, path) in asked(many).items():
            begun = time.perf_counter()
            await many.opens(who, path)
            if number >= WARM:
                took[name].append(time.perf_counter() - begun)
    return took


def report(took: dict[str, list[float]], seen: dict[str, tuple[int, int]]) -> None:
    """Statements, weight, median and 95th percentile, and the ratio of medians to the empty page."""
    least = statistics.median(took["empty"])
    print(f"{'':54}{'statements':>11}{'kB':>7}{'median':>11}{'p95':>11}{'/ empty':>9}")  # noqa: T201
    for name, seconds in took.items():
        (statements, weight), median = seen[name], statistics.median(seconds)
        late = statistics.quantiles(seconds, n=20)[-1]
        times = f"{median * 1000:>8.1f} ms{late * 1000:>8.1f} ms{median / least:>8.1f}x"
        print(f"{name:54}{statements:>11}{weight / 1000:>7.1f}{times}")  # noqa: T201


if __name__ == "__main__":
    sys.exit(not asyncio.run(main()))
