"""Figures: each equals a slow recount from the log, and leads to the cases that it counts."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from casework.db.caller import ENGINE
from casework.db.figure_rows import MAKERS
from casework.db.reads import SqlReads
from casework.db.session import engine_for, reading
from casework.db.store import SqlCaseStore
from casework.db.tables import case_log, deadlines
from casework.figures import definitions
from casework.models.figure import Period
from casework.models.people import Actor, Role
from casework.rules.figures import period_of, shown_to
from casework.rules.register import VIOLENCE, entry
from starter.year.plans import district_year
from tests.play import LEAD, PROVINCE, ZONE
from tests.postgres import scratch_database
from tests.recount import Row, differing, recount
from tests.year_played import played

ENDS = datetime(2026, 11, 20, 9, tzinfo=UTC)
SUPERVISOR = Actor(account_id="supervisor", role=Role.SUPERVISOR, agency_id=LEAD)
VIEWER = Actor(account_id="viewer", role=Role.VIEWER, agency_id="bupati")
IDS = [each.id for each in definitions()]
COUNT = 45


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """The record of a made-up year, as its store wrote it."""
    with scratch_database() as scratch:
        engine = engine_for(scratch.app_url)
        store = SqlCaseStore(engine)
        for plan in district_year(COUNT, ENDS, 5, ZoneInfo(ZONE)):
            for recording in played(plan, ENDS).recordings:
                store.record(recording.model_copy(update={"notices": ()}))
        yield engine
        engine.dispose()


@pytest.fixture(scope="module")
def reads(engine: Engine) -> SqlReads:
    return SqlReads(engine, lambda: ENDS)


@pytest.fixture(scope="module")
def record(engine: Engine) -> tuple[list[Row], list[Row]]:
    """The log, and the deadlines."""
    with reading(engine, ENGINE) as connection:
        return tuple(  # type: ignore[return-value]
            [dict(row) for row in connection.execute(select(table)).mappings()] for table in (case_log, deadlines)
        )


def days(first: date, last: date) -> Period:
    return period_of(SUPERVISOR, first, last, ENDS, ZONE)


YEAR = days(date(2025, 11, 1), date(2026, 11, 20))


def test_every_figure_is_counted_or_says_why_not() -> None:
    """Each has a select, or words for what it lacks; and a select for every figure that has none."""
    assert {each.id for each in definitions() if each.missing is None} == MAKERS.keys()


def test_the_year_holds_something_of_every_figure(reads: SqlReads) -> None:
    """Or the recount would compare nothing."""
    counted = reads.counted(SUPERVISOR, YEAR, ZONE, IDS)

    rare = {"kla_dispensations", "kla_conferences"}
    assert {each for each in MAKERS if not counted[each].cells} <= rare


@settings(max_examples=12)
@given(st.integers(0, 380), st.integers(0, 400))
def test_each_figure_equals_a_recount_from_the_log(
    reads: SqlReads, record: tuple[list[Row], list[Row]], begins: int, length: int
) -> None:
    """Of any days: every key, every count, mean and median, and what is counted once under several keys."""
    first = date(2025, 11, 1) + timedelta(days=begins)
    period = days(first, first + timedelta(days=length))

    counted = reads.counted(SUPERVISOR, period, ZONE, IDS)

    assert counted.keys() == MAKERS.keys()
    assert differing(counted, recount(*record, period, ZONE)) == []


def test_what_happens_later_changes_no_past_figure(reads: SqlReads, record: tuple[list[Row], list[Row]]) -> None:
    """Of the second quarter as the log of the year has it, and as it was on its last day."""
    period = days(date(2026, 4, 1), date(2026, 6, 30))
    log, clocks = record
    cut = [row for row in log if row["at"] < period.ends]

    assert len(cut) < len(log)
    assert recount(cut, clocks, period, ZONE) == recount(log, clocks, period, ZONE)


def test_a_number_leads_to_its_cases(reads: SqlReads, record: tuple[list[Row], list[Row]]) -> None:
    """As many as are counted, where cases are; and to nothing for another office."""
    counted = reads.counted(SUPERVISOR, YEAR, ZONE, IDS)
    stranger = SUPERVISOR.model_copy(update={"account_id": "supervisor2", "agency_id": PROVINCE})
    for figure_id in ("by_sex", "by_category", "open_by_risk", "assessments"):
        for key, cell in counted[figure_id].cells.items():
            found, _ = reads.cases_of(SUPERVISOR, YEAR, ZONE, figure_id, key, 200, None)
            assert len({row["id"] for row in found}) == cell.count
            assert reads.cases_of(stranger, YEAR, ZONE, figure_id, key, 200, None) == ([], None)
    assert counted["by_sex"].whole == COUNT
    assert reads.counted(stranger, YEAR, ZONE, IDS)["by_sex"].whole == 0


def test_what_is_behind_a_number_is_read_in_pages(reads: SqlReads, record: tuple[list[Row], list[Row]]) -> None:
    """Together they are all of it, once each, newest first."""
    whole, last = reads.cases_of(SUPERVISOR, YEAR, ZONE, "recorded_cases", None, 200, None)
    paged: list[Row] = []
    cursor = None
    while cursor or not paged:
        some, cursor = reads.cases_of(SUPERVISOR, YEAR, ZONE, "recorded_cases", None, 7, cursor)
        paged += some

    assert (len(whole), last) == (COUNT, None)
    assert [row["id"] for row in paged] == [row["id"] for row in whole]


def test_a_caseworker_counts_the_own_cases(reads: SqlReads, record: tuple[list[Row], list[Row]]) -> None:
    """What the access rule lets be seen is what is counted."""
    caseworker = Actor(account_id="caseworker", role=Role.CASEWORKER, agency_id=LEAD)
    last = {row["case_id"]: row["case_after"]["assigned_to"] for row in sorted(record[0], key=lambda r: r["sequence"])}
    own = sum(account == "caseworker" for account in last.values())

    assert 0 < reads.counted(caseworker, YEAR, ZONE, ["by_sex"])["by_sex"].whole == own < COUNT


def test_a_figure_without_input_has_no_number(reads: SqlReads) -> None:
    """It says what it lacks, in both languages, and is never zero."""
    for definition in definitions():
        if definition.missing:
            shown = shown_to(SUPERVISOR, definition, None)
            assert (shown.cells, shown.total, shown.value) == ((), None, None)
            assert definition.missing.id != definition.missing.en


def test_the_register_list_is_the_same_in_pages(reads: SqlReads, record: tuple[list[Row], list[Row]]) -> None:
    """Each case once, in the same order; and each with the ground on which it is read."""
    whole = [entry(row) for row in reads.register(SUPERVISOR, YEAR, ZONE)]
    paged: list[Row] = []
    cursor = None
    while cursor or not paged:
        some, cursor = reads.register_page(SUPERVISOR, YEAR, ZONE, 7, cursor)
        paged += some

    assert [entry(row) for row in paged] == whole
    assert [(row["id"], row["ground"]) for row in paged] == reads.to_register(SUPERVISOR, YEAR, ZONE)
    assert len({each.case_id for each in whole}) == len(whole) == COUNT


def test_the_register_is_told_what_is_new_changed_and_closed(
    reads: SqlReads, record: tuple[list[Row], list[Row]]
) -> None:
    """Each case once, in the register's words, as the log has it at the end of the period."""
    period = days(date(2026, 5, 1), date(2026, 5, 31))
    entries = [entry(row) for row in reads.register(SUPERVISOR, period, ZONE)]
    said: dict[str, set[str]] = {}
    for row in record[0]:
        if period.begins <= row["at"] < period.ends and row["account_id"] != "engine":
            said.setdefault(row["case_id"], set()).add(row["kind"])
    tells = {"AssessmentRecorded", "ServiceRecorded", "ReferralCompleted", "CaseReopened", "ClientAmended"}
    expected = {
        case_id: "closed" if "CaseClosed" in kinds else "new" if "CaseOpened" in kinds else "changed"
        for case_id, kinds in said.items()
        if kinds & {*tells, "CaseOpened", "CaseClosed"}
    }

    assert {each.case_id: each.change for each in entries} == expected
    assert set(expected.values()) == {"new", "changed", "closed"}
    assert [each.case_id for each in entries] == [id_ for id_, _ in reads.to_register(SUPERVISOR, period, ZONE)]
    assert all(each.services[0] == "pengaduan" for each in entries)
    assert {kind for each in entries for kind in each.violence} <= {*VIOLENCE.values()}
    assert any(each.entered_at for each in entries)
