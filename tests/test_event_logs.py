"""Event logs: of the published forms, whole, with the pathway in them, and with nothing that leads to anybody."""

import json
import tracemalloc
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib import resources
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select

from casework.db.caller import ENGINE
from casework.db.event_logs import SqlEventLogs
from casework.db.pathways import SqlPathwayVersions
from casework.db.session import engine_for, reading
from casework.db.store import SqlCaseStore
from casework.db.tables import access_log, case_log, cases, deadlines, referrals
from casework.errors import ForbiddenError, InvalidInputError, StaleVersionError
from casework.event_logs.ocel import writing_ocel
from casework.event_logs.reading import cases_in
from casework.event_logs.xes import writing_xes
from casework.models.agency import Agency
from casework.models.codes import Channel
from casework.models.event_log import CaseRows, LoggedAgency, Pages
from casework.models.figure import Period
from casework.models.pathway import Service
from casework.models.people import Role
from casework.models.sight import Sight
from casework.pathways.in_force import InForce
from casework.ports import Keyed
from casework.rules.dry_run import Ground, course
from casework.rules.event_log import Names, days_between, logged
from starter.exporting import Exporter
from starter.rulebook import Rulebook
from starter.trying import PastCases
from starter.year.plans import district_year
from tests.command_line import Run, run
from tests.play import CALENDAR, DIRECTORY, LEAD, PATHWAYS, SURROUNDINGS, ZONE, actor
from tests.postgres import Scratch, scratch_database
from tests.published_forms import Trace, ocel_of, values_of, xes_of
from tests.short_pathways import hurried
from tests.year_played import played

COUNT, PAGE = 12, 5
ENDS = datetime.now(UTC) - timedelta(days=1)
ALL = days_between(None, None, datetime.now(UTC), ZONE)
NAMED = Names(DIRECTORY, SURROUNDINGS.ladders)
__all__ = ["run"]


@dataclass(frozen=True)
class Record:
    """The record of a made-up year."""

    scratch: Scratch
    engine: Engine

    def rows(self, table: Any) -> list[Mapping[str, Any]]:
        """All of a table."""
        with reading(self.engine, ENGINE) as connection:
            return [dict(row) for row in connection.execute(select(table)).mappings()]


@pytest.fixture(scope="module")
def record() -> Iterator[Record]:
    with scratch_database() as scratch:
        engine = engine_for(scratch.app_url)
        store = SqlCaseStore(engine)
        for plan in district_year(COUNT, ENDS, 11, ZoneInfo(ZONE)):
            for recording in played(plan, ENDS).recordings:
                store.record(recording.model_copy(update={"notices": ()}))
        yield Record(scratch, engine)
        engine.dispose()


@pytest.fixture
def machine(record: Record, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The machine that has the record; a directory for files on it."""
    monkeypatch.setenv("DATABASE_URL", record.scratch.app_url)
    monkeypatch.setenv("KEYSTORE_URL", record.scratch.keystore_url)
    monkeypatch.setenv("TUNTAS_MASTER_KEY", "bm90IG5lZWRlZCBmb3IgYSBsb2cgdGhhdCBoYXMgbm8=")
    return tmp_path


@dataclass(frozen=True)
class Logs:
    """Both logs of one export."""

    xes: Path
    ocel: Path
    told: Mapping[str, Any]

    @property
    def traces(self) -> list[Trace]:
        return xes_of(self.xes)


@pytest.fixture
def logs(run: Run, machine: Path) -> Logs:
    xes, ocel = machine / "kasus.xes", machine / "kasus.json"
    status, out, err = run("export-events", "--xes", xes, "--ocel", ocel, "--json")
    assert (status, err) == (0, "")
    return Logs(xes, ocel, json.loads(out))


def test_both_logs_are_of_the_published_forms_and_hold_the_whole_record(record: Record, logs: Logs) -> None:
    """Each fact once, at its time, in its order; each case, referral and clock once."""
    ocel, facts = ocel_of(logs.ocel), record.rows(case_log)
    objects = Counter(each["type"] for each in ocel["objects"])

    assert logs.told["cases"] == len(logs.traces) == objects["case"] == COUNT
    assert logs.told["events"] == len(ocel["events"]) == sum(len(events) for _, events in logs.traces) == len(facts)
    assert objects["referral"] == len(record.rows(referrals)) > 0
    assert objects["clock"] == len(record.rows(deadlines))
    written = Counter((each["type"], datetime.fromisoformat(each["time"])) for each in ocel["events"])
    assert written == Counter((row["kind"], row["at"]) for row in facts)


def test_the_pathway_is_found_again(logs: Logs) -> None:
    """Which stage follows which, and that a closed case begins anew."""
    followed = Counter(
        (one["stage"], other["stage"])
        for _, events in logs.traces
        for one, other in pairwise(events)
        if one["stage"] != other["stage"]
    )

    way = ("intake", "assessment", "planning", "referral", "closure", "closed")
    assert set(pairwise(way)) <= followed.keys() <= {*pairwise(way), ("closed", "assessment"), ("closure", "referral")}
    assert all(events[0]["concept:name"] == "CaseOpened" for _, events in logs.traces)


def test_events_and_objects_say_how_they_hang_together(logs: Logs) -> None:
    """Every event is of one case and by one agency; a referral's are about it, a rung's of its clock."""
    log = ocel_of(logs.ocel)
    types = {each["id"]: each["type"] for each in log["objects"]}
    for event in log["events"]:
        related = Counter((each["qualifier"], types[each["objectId"]]) for each in event["relationships"])
        assert (related["of", "case"], related["by", "agency"]) == (1, 1)
        assert (related["about", "referral"] == 1) is event["type"].startswith("Referral")
        assert related["clock", "clock"] == (event["type"] in ("ReminderSent", "CaseEscalated"))
    begun = Counter(
        each["objectId"] for event in log["events"] for each in event["relationships"] if each["qualifier"] == "starts"
    )
    assert begun == {id_: 1 for id_, type_ in types.items() if type_ == "clock"}


def test_nothing_in_a_log_leads_to_anybody(record: Record, logs: Logs) -> None:
    """No id, number, account or place of the record stands in it; what does are codes, instants and agencies."""
    written = logs.xes.read_text() + logs.ocel.read_text()
    facts, rows = record.rows(case_log), record.rows(cases)
    for names in (
        {row[name] for row in rows for name in ("id", "number", "subdistrict", "opened_by", "assigned_to", "age_band")},
        {row[name] for row in facts for name in ("command_id", "document_id", "subject_id", "digest", "account_id")},
    ):
        assert not [name for name in names - CODES if f'"{name}"' in written]
    for row in rows:
        assert row["id"] not in written
        assert row["number"] not in written
    values = set(values_of(ocel_of(logs.ocel)))
    assert not [value for value in values if not _is_code(value) and not _is_instant(value)]


CODES = {None, "engine", *Role, *Channel, *Service}
"""The made-up accounts of a year are called after their role or service."""


def _is_code(value: str) -> bool:
    return all(part.replace("_", "").isalnum() and part.islower() for part in value.split("+"))


def _is_instant(value: str) -> bool:
    return datetime.fromisoformat(value).tzinfo is not None


def test_agencies_that_are_near_a_client_are_told_by_their_kind_alone() -> None:
    village = Agency(id="desa-pelangki", name="Desa Pelangki", kind="village", ladder="village")
    police = Agency(id="polres", name="Polres", kind="police")
    named = Names((village, police), {"desa-pelangki": "village"})

    assert named("desa-pelangki") == LoggedAgency("village", "village", "village")
    assert named("polres") == LoggedAgency("polres", "police")
    assert named("gone") == named(None) == LoggedAgency("unknown", "unknown")


def test_who_reads_for_a_log_is_in_the_access_log(record: Record, logs: Logs) -> None:
    """Every case, as read on that ground, before it is in a file."""
    noted = [row for row in record.rows(access_log) if row["thing"] == "event_log"]

    assert {case_id for row in noted for case_id in row["case_ids"]} == {row["id"] for row in record.rows(cases)}
    assert {(row["ground"], row["kind"], row["account_id"]) for row in noted} == {("export", "listed", "engine")}


def test_days_choose_the_cases_that_were_opened_in_them(record: Record, run: Run, machine: Path) -> None:
    """Both included, where the office is; days without cases make an empty log, which is whole too."""
    file = machine / "log.xes"
    opened = sorted(row["opened_at"].astimezone(ZoneInfo(ZONE)).date() for row in record.rows(cases))
    days = ("--from", opened[3], "--to", opened[7])

    told = json.loads(run("export-events", "--xes", file, *days, "--json")[1])
    assert told["cases"] == len(xes_of(file)) == sum(opened[3] <= day <= opened[7] for day in opened)
    assert run("export-events", "--xes", file, "--to", opened[0] - timedelta(days=1))[:2] == (
        0,
        f"0 cases, 0 events: {file}\n",
    )
    assert xes_of(file) == []


def test_a_file_is_there_when_it_is_whole(run: Run, machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What breaks in the middle leaves what was there, and nothing beside it."""
    old = machine / "log.json"
    old.write_text("of last month")
    with monkeypatch.context() as patch:
        patch.setattr("starter.exporting.logged", _breaks_at(3))
        assert run("export-events", "--ocel", old, "--xes", machine / "new.xes")[0] == 1
    assert [(each.name, each.read_text()) for each in machine.iterdir()] == [("log.json", "of last month")]


def _breaks_at(case: int) -> Any:
    def breaks(number: int, *rest: Any) -> Any:
        if number == case:
            raise InvalidInputError("It broke.")
        return logged(number, *rest)

    return breaks


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--xes", "/nowhere/at/all.xes"),
        ("--xes", "a", "--ocel", "a"),
        ("--xes", "a", "--from", "yesterday"),
    ],
    ids=["no file", "no directory", "one file for both", "no day"],
)
def test_bad_usage_reads_nothing(record: Record, run: Run, machine: Path, words: tuple[str, ...]) -> None:
    before = len(record.rows(access_log))

    assert run("export-events", *words)[0] == 2
    assert len(record.rows(access_log)) == before


def test_the_record_is_read_a_page_at_a_time(record: Record) -> None:
    """Each case once, whole, whatever the size of a page."""
    pages = list(SqlEventLogs(record.engine, PAGE).pages(ALL))

    assert [len(page) for page in pages] == [5, 5, 2]
    assert [rows for page in pages for rows in page] == [*next(SqlEventLogs(record.engine).pages(ALL))]
    assert SqlEventLogs(record.engine).count(ALL) == COUNT


class Long:
    """A record as long as one likes, of one case; it keeps no sights."""

    def __init__(self, rows: CaseRows, pages: int) -> None:
        self._rows = rows
        self._pages = pages
        self.noted = 0

    def count(self, period: Period) -> int:
        return self._pages * PAGE

    def pages(self, period: Period) -> Pages:
        for _ in range(self._pages):
            yield (self._rows,) * PAGE

    def write(self, sights: list[Sight]) -> None:
        self.noted += len(sights[0].case_ids)


class Nowhere(BytesIO):
    """A file that keeps nothing but its length."""

    length = 0

    def write(self, written: Any) -> int:
        self.length += len(written)
        return len(written)


def test_memory_stays_flat_however_long_the_log(record: Record) -> None:
    """It never holds more than a small part of what it has written."""
    long = Long(next(SqlEventLogs(record.engine).pages(ALL))[0], 6)
    exporter = Exporter(long, long, NAMED, CALENDAR, lambda: ENDS)  # type: ignore[arg-type]
    xes, ocel = Nowhere(), Nowhere()
    tracemalloc.start()
    try:
        with writing_xes(xes) as one, writing_ocel(ocel) as other:
            exporter.export(ALL, (one, other), lambda _: None)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert long.noted == 6 * PAGE
    assert peak < (xes.length + ocel.length) / 5


def test_what_a_log_says_of_clocks_is_enough_to_tell_what_the_engine_did(record: Record) -> None:
    """Under the pathways that the cases had, clocks come to what they came to; but for a few whose risk changed on the
    way, or that the clock of another category spoke for."""
    ground, found = Ground(CALENDAR, ENDS), []
    for number, rows in enumerate(next(SqlEventLogs(record.engine).pages(ALL))):
        case = logged(number, rows, NAMED, CALENDAR)
        for clock in case.clocks:
            tried = course(case, clock, PATHWAYS, ground)
            assert tried is not None, clock.kind
            late = clock.class_ not in ("may", "watch") and clock.due_at < (clock.ended_at or ENDS)
            found.append((tried.late == late, bool(tried.steps) == bool(clock.rung)))

    for kept in zip(*found, strict=True):
        assert sum(kept) >= 0.97 * len(found) > 100


def test_an_ocel_log_is_read_back(record: Record, logs: Logs) -> None:
    """As far as a dry run needs it: every clock as it was logged."""
    rows = next(SqlEventLogs(record.engine).pages(ALL))
    written = [logged(number, each, NAMED, CALENDAR) for number, each in enumerate(rows, start=1)]
    read, until = cases_in(logs.ocel)

    assert until == max(event.at for case in written for event in case.events)
    assert read == [replace(case, events=(), referrals=()) for case in written]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"objects": [{"id": "x", "type": "clock"}], "events": []}'])
def test_what_is_no_log_of_ours_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "log.json").write_text(content)

    with pytest.raises(InvalidInputError):
        cases_in(tmp_path / "log.json")


# ---- dry runs on the same record


@pytest.fixture
def hasty(tmp_path: Path) -> Path:
    """A district's pathways in which an assessment is due in an hour and the office's ladder climbs at once."""
    directory = tmp_path / "hasty"
    directory.mkdir()
    text = resources.files("casework.pathways").joinpath("common.toml").read_text()
    (directory / "common.toml").write_text(hurried(text))
    return directory


def test_a_dry_run_says_the_same_of_the_record_and_of_its_log(
    record: Record, run: Run, machine: Path, logs: Logs, hasty: Path
) -> None:
    """More assessments late, nothing else otherwise; no row and no file of it."""
    noted = len(record.rows(access_log))

    said = [run("pathways", "try", hasty, *where, "--json") for where in ((), ("--against", logs.ocel))]

    assert [status for status, _, _ in said] == [0, 0]
    of_record, of_log = (json.loads(out) for _, out, _ in said)
    assert {**of_record, "tallies": None} == {**of_log, "tallies": None}
    assert (
        [each["kind"] for each in of_record["tallies"]]
        == [each["kind"] for each in of_log["tallies"]]
        == ["assessment"]
    )
    (tally,) = of_log["tallies"]
    assert tally["late_after"] == tally["clocks"] > tally["late_before"]
    assert tally["steps_after"] >= tally["steps_before"]
    assert len(record.rows(access_log)) == noted


def test_a_dry_run_is_a_table_with_bars(run: Run, machine: Path, logs: Logs, hasty: Path, tmp_path: Path) -> None:
    status, out, _ = run("pathways", "try", hasty, "--against", logs.ocel)

    heading, row, told = out.splitlines()
    assert (status, heading.split("\t")[:3]) == (0, ["clock", "of", "how many"])
    assert row.startswith("assessment\tcaseworker\t")
    assert row.endswith("▒")
    assert told.startswith(f"{COUNT} cases, ")
    assert "late" in told
    (tmp_path / "same").mkdir()
    assert "nothing would have been otherwise" in run("pathways", "try", tmp_path / "same", "--against", logs.ocel)[1]


def test_what_cannot_be_tried_is_refused(run: Run, machine: Path, logs: Logs, hasty: Path, tmp_path: Path) -> None:
    """Pathways that are wrong, a log that is none, and days of a log that has its own."""
    (tmp_path / "no.json").write_text("{}")
    assert run("pathways", "try", hasty, "--against", tmp_path / "no.json")[0] == 1
    assert run("pathways", "try", hasty, "--against", logs.ocel, "--to", "2026-01-01")[0] == 2
    (hasty / "mine.toml").write_text("")
    status, _, err = run("pathways", "try", hasty)
    assert (status, "mine.toml" in err) == (1, True)


def test_an_administrator_is_told_counts_that_tell_of_nobody(record: Record) -> None:
    """Of a version that waits; nobody else is, and nothing of one that is in force already."""
    versions = SqlPathwayVersions(record.engine)
    past = PastCases(SqlEventLogs(record.engine), NAMED, CALENDAR)
    book = Rulebook(LEAD, InForce(None, versions), versions, lambda: ENDS, past)
    keeper = actor("administrator", Role.ADMINISTRATOR)
    text = hurried(book.in_force.texts()["common.toml"].decode())
    version_id = book.propose(keeper, "common.toml", text.encode(), Keyed("command", "digest"))

    (tally,) = book.try_out(keeper, version_id).run.tallies

    assert (
        tally.clocks == tally.late_after == len([row for row in record.rows(deadlines) if row["kind"] == "assessment"])
    )
    assert tally.late_before in (None, 0) or tally.late_before >= 5
    with pytest.raises(ForbiddenError):
        book.try_out(actor("supervisor", Role.SUPERVISOR), version_id)
    book.activate(keeper, version_id, 0)
    with pytest.raises(StaleVersionError):
        book.try_out(keeper, version_id)
