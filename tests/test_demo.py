"""The example scenarios, played to their end: what they expect is so, and what falls due on the way is told in time."""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from casework.db import caller
from casework.db.session import engine_for, reading
from casework.db.tables import case_log, deadlines
from casework.events import EventKind
from casework.models.people import ENGINE
from casework.settings import Settings
from starter.demo.report import NOTES, Played
from starter.demo.run import run_on
from starter.demo.scenario import read
from tests.attesting import attesting
from tests.command_line import Run, run
from tests.postgres import scratch_database

SCENARIOS = Path(__file__).parents[1] / "examples" / "scenarios"
OKUS, PPU, MARRIAGE, SCHOOL = (
    SCENARIOS / f"{name}.json"
    for name in (
        "okus-trafficking-2024",
        "ppu-trafficking-2023",
        "marriage-dispensation-path",
        "silent-school-invented",
    )
)
DAY, SECONDS = timedelta(days=1), timedelta(seconds=5)
Row = Mapping[str, Any]
__all__ = ["run"]


@dataclass
class Playing:
    """A scenario that was played, with what its database then held of the engine's own steps."""

    path: Path
    played: Played
    rungs: list[Row]
    deadlines: dict[str, Row]


@pytest.fixture(scope="module", params=[OKUS, PPU, MARRIAGE, SCHOOL], ids=lambda path: path.stem)
async def playing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Playing:
    """Each of the examples, played once."""
    return await play(request.param, tmp_path_factory.mktemp("keys"))


async def play(path: Path, directory: Path) -> Playing:
    """Play a scenario on a database of its own."""
    key = directory / "master.key"
    key.write_bytes(base64.b64encode(secrets.token_bytes(32)))
    told = read(path)
    acts: list[str] = []
    with scratch_database() as scratch:
        names = {"DATABASE_URL": scratch.app_url, "KEYSTORE_URL": scratch.keystore_url, "TUNTAS_MASTER_KEY_FILE": key}
        with attesting(Settings.model_validate(names), directory) as settings:
            played = await run_on(settings, told, acts.append)
        rungs, rows = held(scratch.app_url)
    assert len(acts) == told.length
    return Playing(path, played, rungs, rows)


def held(url: str) -> tuple[list[Row], dict[str, Row]]:
    """The rungs of the case logs, and every deadline by its id."""
    kinds = (EventKind.REMINDER_SENT.value, EventKind.CASE_ESCALATED.value)
    told = select(case_log).where(case_log.c.account_id == ENGINE, case_log.c.kind.in_(kinds))
    engine = engine_for(url, size=1)
    with reading(engine, caller.ENGINE) as connection:
        rungs: list[Row] = [dict(row) for row in connection.execute(told).mappings()]
        rows: dict[str, Row] = {row["id"]: dict(row) for row in connection.execute(select(deadlines)).mappings()}
    engine.dispose()
    return rungs, rows


def due(rung: Row) -> datetime:
    """When the deadline of a rung was due, as it was told."""
    return datetime.fromisoformat(rung["body"]["due_at"])


def test_all_that_is_expected_is_looked_at_and_is_so(playing: Playing) -> None:
    """Every `expect` of the file, for every case of its step, and nothing was found otherwise."""
    written = [step for step in json.loads(playing.path.read_text())["steps"] if step.get("expect")]

    assert written
    assert [looked.step.what for looked in playing.played.looked] == [step["what"] for step in written]
    for looked, step in zip(playing.played.looked, written, strict=True):
        asked = {name: wanted for name, wanted in step["expect"].items() if name not in ("at", "why")}
        each = sum(len(wanted) if "overdue" in name or name == "armed" else 1 for name, wanted in asked.items())
        assert len(looked.checks) == each * len(step["for"])
    assert playing.played.mismatches == ()


def test_what_was_played_is_as_it_was_written(playing: Playing) -> None:
    """Every log, sealed text and checkpoint was looked at, and what the engine knows of them."""
    verified = playing.played.verified

    assert (verified.findings, verified.unchecked, verified.away) == ([], [], False)
    assert verified.cases == len(playing.played.rungs)
    assert verified.rows > len(playing.rungs)
    assert (verified.documents > verified.cases, verified.checkpoints) == (True, 1)


def test_every_rung_is_told_at_its_own_time(playing: Playing) -> None:
    """Months pass in one move of the clock; each rung stands in the log within seconds of when it was to be told."""
    for rung in playing.rungs:
        deadline = playing.deadlines[rung["body"]["deadline_id"]]
        if rung["kind"] == EventKind.REMINDER_SENT:
            before = (due(rung) - deadline["since"]) / 4
            assert abs(rung["at"] - (due(rung) - before)) < SECONDS
        else:
            assert timedelta() <= (rung["at"] - due(rung)) % DAY < SECONDS


def test_every_rung_is_told_once_and_stands_in_the_timeline(playing: Playing) -> None:
    """As many lines as rows, each with the kind of its deadline."""
    told = [(rung["body"]["deadline_id"], rung["body"]["action"], rung["body"]["rung"]) for rung in playing.rungs]
    lines = [entry for entry in playing.played.entries if entry.sort == "rung"]

    assert len(set(told)) == len(told) == len(lines)
    assert sorted(rung["at"] for rung in playing.rungs) == sorted(entry.at for entry in lines)
    assert sum(playing.played.rungs.values()) == sum("escalated to" in entry.what for entry in lines)


def lines(playing: Playing, letter: str, about: str) -> list[tuple[str, str]]:
    """The lines of a case's timeline that tell of a deadline's rungs or lateness."""
    return [
        (f"{entry.at:%m-%d %H:%M}", entry.what.removeprefix(about).lstrip(": "))
        for entry in playing.played.entries
        if entry.letter == letter and entry.sort in ("rung", "late") and entry.what.startswith(about)
    ]


@pytest.mark.parametrize("playing", [OKUS], indirect=True)
def test_silent_summer_climbs_the_ladder_in_each_of_the_two_cases(playing: Playing) -> None:
    """The assessment is late on 24 May; from June to September nobody reports, up to the national office."""
    for letter in ("A", "B"):
        assert playing.played.rungs[letter] >= 6
        assert lines(playing, letter, "assessment")[:3] == [
            ("05-23 16:00", "reminder to caseworker"),
            ("05-24 10:00", "was due by the default profile; recorded 2 d 23 h late"),
            ("05-24 10:00", "rung 1, escalated to supervisor"),
        ]
        assert lines(playing, letter, "service_feedback")[2:] == [
            ("06-03 10:00", "rung 1, escalated to supervisor"),
            ("06-04 10:00", "rung 2, escalated to head"),
            ("06-06 10:00", "rung 3, escalated to coordinator"),
            ("06-10 10:00", "rung 4, escalated to province"),
            ("06-17 10:00", "rung 5, escalated to national office"),
        ]
        assert lines(playing, letter, "assignment") == [("05-21 10:45", "reminder to supervisor")]


@pytest.mark.parametrize("playing", [PPU], indirect=True)
def test_four_good_days_raise_nothing(playing: Playing) -> None:
    """No rung, nothing late: reminders at most."""
    assert playing.played.rungs == {"A": 0}
    assert [entry for entry in playing.played.entries if entry.sort == "late"] == []


@pytest.mark.parametrize("playing", [PPU], indirect=True)
def test_working_days_end_when_the_office_of_the_scenario_closes(playing: Playing) -> None:
    """At 16:00 in its own zone, not in this machine's."""
    (entry,) = (row for row in playing.deadlines.values() if row["kind"] == "national_register_entry")

    assert f"{entry['due_at'].astimezone(playing.played.scenario.zone):%m-%d %H:%M}" == "06-14 16:00"


@pytest.mark.parametrize("playing", [SCHOOL], indirect=True)
def test_agency_that_never_answers_is_told_of_up_to_the_coordinator(playing: Playing) -> None:
    """Its own head after three days, the coordinator after seven, for a risk that is medium."""
    assert [at for at, _ in lines(playing, "A", "referral_answer") if at] == [
        "06-05 21:02",
        "06-06 09:02",
        "06-06 09:02",
        "06-09 09:02",
        "06-13 09:02",
    ]


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """The scenario of the silent school with three things expected that are not so."""
    told = json.loads(SCHOOL.read_text())
    told["steps"][-1]["expect"] |= {"rungs": 40, "stage": "closed", "not_overdue": ["referral_answer:education"]}
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(told))
    return path


def test_what_is_not_as_expected_is_named_and_fails(run: Run, wrong: Path) -> None:
    """The step, the expectation and what was found; the timeline is there all the same, and it alone."""
    status, out, err = run("demo", wrong, "--json")

    timeline = json.loads(out)
    assert status == 1
    assert [entry["what"] for entry in timeline if entry["sort"] == "note"] == list(NOTES)
    assert "referral_answer: rung 3, escalated to coordinator" in [e["what"] for e in timeline if e["sort"] == "rung"]
    assert [entry["sort"] for entry in timeline].count("unmet") == 1
    step = "2026-06-04T09:00 'Plan approved, the education office is asked', looked at 2026-06-13 12:00, case A: "
    found = [line.partition(step)[2] for line in err.splitlines() if step in line]
    assert found[0] == "expected not overdue: referral_answer:education; found due 2026-06-06 09:02, running"
    assert found[1].startswith("expected rungs: at least 40; found ")
    assert found[2:] == ["expected stage: closed; found referral"]
