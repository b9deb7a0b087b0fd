"""The board reads what it shows and little besides, however many cases there are: held by the plan, not by a watch."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event

from casework.db.caller import acting
from casework.db.reads import SqlReads
from casework.db.session import engine_for, writing
from casework.models.people import Actor, Role
from casework.ports import BoardQuery
from tests.many_cases import CASEWORKERS, CLOCKS, EVERY_LOST, EVERY_STALLED, fill
from tests.postgres import scratch_database
from tests.recordings import OFFICE, SUPERVISOR
from tests.test_outlook import COORDINATOR, NOW

COUNT = 24_000
LIMIT = 50
SHOWN = LIMIT + 1
STALLED, LOST = COUNT // EVERY_STALLED, COUNT // EVERY_LOST
CASEWORKER = Actor(account_id="caseworker1", role=Role.CASEWORKER, agency_id=OFFICE)
OWN = COUNT // CASEWORKERS


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """A database with many cases, as the application's own role asks it: through the walls."""
    with scratch_database() as scratch:
        owner, engine = engine_for(scratch.owner_url, size=1, statement_seconds=60), engine_for(scratch.app_url)
        with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            fill(connection, COUNT, NOW)
        yield engine
        for each in (owner, engine):
            each.dispose()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's nodes."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def plan_of(engine: Engine, reader: Actor, **asked: Any) -> list[dict[str, Any]]:
    """The nodes of the plan of one page, as it was run; the page is full."""
    ran: list[tuple[str, Any]] = []

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        ran.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", keep)
    page = SqlReads(engine).board(reader, BoardQuery(**{"now": NOW, "limit": LIMIT, **asked}))
    event.remove(engine, "before_cursor_execute", keep)
    assert page.items
    ((statement, parameters),) = ran
    with writing(engine, acting(reader, NOW)) as connection:
        explained = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters).scalar_one()
    return list(nodes(explained[0]["Plan"]))


WALL = "wall"
"""The case of a row, as its wall looks it up; see `casework.db.migrations.walls`."""


def rows_read(plan: list[dict[str, Any]]) -> Counter[str]:
    """How many rows of each table were looked at, kept or not; those that walls look up apart."""
    read: Counter[str] = Counter()
    for node in plan:
        dropped = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        table = node.get("Relation Name", "")
        walled = table == "cases" and re.fullmatch(r"c(_\d+)?", node["Alias"])
        read[WALL if walled else table] += round((node["Actual Rows"] + dropped) * node["Actual Loops"])
    return read


def through_indexes(plan: list[dict[str, Any]]) -> None:
    """No table that grows is read from end to end."""
    whole = {node["Relation Name"] for node in plan if node["Node Type"] == "Seq Scan"}

    assert not whole & {"cases", "deadlines", "notices", "reservations", "findings"}


@pytest.mark.parametrize(("reader", "offices"), [(SUPERVISOR, 1), (COORDINATOR, 2)])
def test_a_page_reads_what_it_shows(engine: Engine, reader: Actor, offices: int) -> None:
    """Of each urgency and office no more than a page, of its cases their clocks, and the notices that are lost."""
    plan = plan_of(engine, reader)

    through_indexes(plan)
    assert "cases_stalling" in {node.get("Index Name") for node in plan}
    read = rows_read(plan)
    assert read["cases"] <= 3 * SHOWN * offices + SHOWN + LOST + 3 * offices
    assert read["deadlines"] <= SHOWN * CLOCKS
    assert read["notices"] <= LOST + SHOWN
    assert read[WALL] <= read["deadlines"] + read["notices"]
    assert read["reservations"] + read["findings"] == 0


def test_the_page_after_starts_where_the_one_before_ended(engine: Engine) -> None:
    """It does not read the first again."""
    cursor = SqlReads(engine).board(SUPERVISOR, BoardQuery(now=NOW, limit=LIMIT)).next_cursor

    plan = plan_of(engine, SUPERVISOR, cursor=cursor)

    through_indexes(plan)
    assert rows_read(plan)["cases"] <= 3 * SHOWN + SHOWN + LOST


def test_a_caseworkers_page_reads_no_more_than_the_own_cases_or_what_stands_still(engine: Engine) -> None:
    """For each urgency one of both."""
    plan = plan_of(engine, CASEWORKER)

    through_indexes(plan)
    assert rows_read(plan)["cases"] <= 3 * max(OWN, STALLED) + SHOWN + LOST


def test_a_filter_reads_what_stands_still_and_no_more(engine: Engine) -> None:
    """However rare the reason is."""
    plan = plan_of(engine, SUPERVISOR, reason="approval_pending")

    through_indexes(plan)
    read = rows_read(plan)
    assert read["cases"] <= STALLED + SHOWN + LOST
    assert read["deadlines"] <= (STALLED + LOST + SHOWN) * CLOCKS
