"""What a page of the board costs, against the least that a database can be asked, in the same run.

`python -m bench.board [CASES]`: 100,000 by default; 1,000,000 takes some minutes to make. It needs nothing running.
"""

import statistics
import sys
import time
from collections.abc import Callable

from sqlalchemy import Engine, select, text

from casework.db.caller import ENGINE, NOBODY
from casework.db.reads import SqlReads
from casework.db.session import engine_for, reading
from casework.db.tables import cases
from casework.models.people import Actor, Role
from casework.ports import BoardQuery
from tests.many_cases import fill
from tests.postgres import scratch_database
from tests.recordings import OFFICE, SUPERVISOR
from tests.test_outlook import COORDINATOR, NOW

ROUNDS = 300
WARM = 20
CASEWORKER = Actor(account_id="caseworker1", role=Role.CASEWORKER, agency_id=OFFICE)


def main() -> None:
    """Make the cases, measure in turns, and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with scratch_database() as scratch:
        owner = engine_for(scratch.owner_url, statement_seconds=0)
        begun = time.perf_counter()
        with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            fill(connection, count, NOW)
        print(f"{count} cases made in {time.perf_counter() - begun:.0f} s; {ROUNDS} rounds each")  # noqa: T201
        owner.dispose()
        engine = engine_for(scratch.app_url)
        report(measured(asked_of(engine)))
        engine.dispose()


def asked_of(engine: Engine) -> dict[str, Callable[[], object]]:
    """What is measured: two statements that any database answers at once, then the board as each reader asks for it."""
    reads = SqlReads(engine)

    def one() -> object:
        with reading(engine, NOBODY) as connection:
            return connection.scalar(text("SELECT 1"))

    def by_key() -> object:
        with reading(engine, ENGINE) as connection:
            return connection.execute(select(cases).where(cases.c.id == "case-60")).one()

    def board(reader: Actor) -> Callable[[], object]:
        return lambda: reads.board(reader, BoardQuery(now=NOW))

    readers = {"supervisor": SUPERVISOR, "coordinator": COORDINATOR, "caseworker": CASEWORKER}
    boards = {f"board, {name}": board(reader) for name, reader in readers.items()}
    return {"SELECT 1": one, "a case by its key": by_key, **boards}


def measured(asked: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Seconds of each, one after the other in each round, so that all have the same weather."""
    took: dict[str, list[float]] = {name: [] for name in asked}
    for number in range(WARM + ROUNDS):
        for name, ask in asked.items():
            begun = time.perf_counter()
            ask()
            if number >= WARM:
                took[name].append(time.perf_counter() - begun)
    return took


def report(took: dict[str, list[float]]) -> None:
    """Median and 95th percentile in milliseconds, and the ratio of medians to the two plain statements."""
    medians = {name: statistics.median(seconds) for name, seconds in took.items()}
    least, key = list(medians.values())[:2]
    print(f"{'':22}{'median':>10}{'p95':>10}{'/ SELECT 1':>12}{'/ by key':>10}")  # noqa: T201
    for name, seconds in took.items():
        late = statistics.quantiles(seconds, n=20)[-1]
        ratios = f"{medians[name] / least:>11.1f}x{medians[name] / key:>9.1f}x"
        print(f"{name:22}{medians[name] * 1000:>7.2f} ms{late * 1000:>7.2f} ms{ratios}")  # noqa: T201


if __name__ == "__main__":
    main()
