"""What an export of event logs holds in memory: a thousand cases, then ten thousand, copied from a made-up year.

`python -m bench.event_logs` prints cases, events, seconds, and the most that the process has held so far: flat, it is
the same on both lines.
"""

import resource
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine, make_url, text

from casework.db.access_log import SqlAccessLog
from casework.db.event_logs import SqlEventLogs
from casework.db.session import engine_for
from casework.db.store import SqlCaseStore
from casework.event_logs.ocel import writing_ocel
from casework.event_logs.xes import writing_xes
from casework.rules.event_log import Names, days_between
from starter.exporting import Exporter
from starter.year.plans import district_year
from tests.play import CALENDAR, DIRECTORY, SURROUNDINGS, ZONE
from tests.postgres import Scratch, scratch_database
from tests.year_played import played

MADE, SIZES = 50, (1_000, 10_000)
NOW = datetime.now(UTC)
COPIES = {
    "cases": "'id', r.id || '.copy.' || n, 'number', r.number || '.copy.' || n",
    "case_log": "'case_id', r.case_id || '.copy.' || n, 'command_id', r.command_id || '.copy.' || n",
    "referrals": "'case_id', r.case_id || '.copy.' || n, 'id', r.id || '.copy.' || n",
    "deadlines": "'case_id', r.case_id || '.copy.' || n",
}
"""What makes a copy of a row another one."""
COPY = """
INSERT INTO {table} SELECT c.* FROM {table} AS r, generate_series(CAST(:first AS int), CAST(:last AS int)) AS n,
    LATERAL jsonb_populate_record(NULL::{table}, to_jsonb(r) || jsonb_build_object({other})) AS c
WHERE {case} NOT LIKE '%.copy.%'
"""


def make(scratch: Scratch) -> None:
    """The cases of a year."""
    engine = engine_for(scratch.app_url)
    for plan in district_year(MADE, NOW, 1, ZoneInfo(ZONE)):
        for recording in played(plan, NOW).recordings:
            SqlCaseStore(engine).record(recording.model_copy(update={"notices": ()}))
    engine.dispose()


def copy(scratch: Scratch, first: int, last: int) -> None:
    """So many copies of each of them."""
    owner = create_engine(make_url(scratch.owner_url).set(drivername="postgresql+psycopg"))
    with owner.begin() as connection:
        for table, other in COPIES.items():
            case = "r.id" if table == "cases" else "r.case_id"
            statement = COPY.format(table=table, other=other, case=case)
            connection.execute(text(statement), {"first": first, "last": last})
    owner.dispose()


def measure(scratch: Scratch, directory: Path) -> str:
    """Export all of it."""
    engine = engine_for(scratch.app_url)
    named = Names(DIRECTORY, SURROUNDINGS.ladders)
    exporter = Exporter(SqlEventLogs(engine), SqlAccessLog(engine), named, CALENDAR, lambda: NOW)
    begun = time.perf_counter()
    with (
        (directory / "log.xes").open("wb") as one,
        (directory / "log.json").open("wb") as other,
        writing_xes(one) as xes,
        writing_ocel(other) as ocel,
    ):
        done = exporter.export(days_between(None, None, NOW, ZONE), (xes, ocel), lambda _: None)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    engine.dispose()
    written = sum(file.stat().st_size for file in directory.iterdir())
    seconds = time.perf_counter() - begun
    return f"{done.cases:>8} {done.events:>9} {seconds:>9.1f} {written / 1e6:>11.1f} {peak / 1e6:>8.1f}"


def main() -> None:
    """Print one line for each size."""
    print("   cases    events   seconds  MB written  MB held")  # noqa: T201
    with scratch_database() as scratch, TemporaryDirectory() as directory:
        make(scratch)
        copies = 0
        for size in SIZES:
            copy(scratch, copies + 1, size // MADE - 1)
            copies = size // MADE - 1
            print(measure(scratch, Path(directory)))  # noqa: T201


if __name__ == "__main__":
    main()
