"""What a scenario may say, what it expects held against a case, and how what it came to is shown."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from casework import commands as c
from casework.errors import ClosureBlockedError
from starter.audit.findings import Verified
from starter.demo.acts import COMMANDS
from starter.demo.expectations import Check, Looked, checks
from starter.demo.player import Player
from starter.demo.report import NOTES, Played, show
from starter.demo.scenario import Expectation, Scenario, ScenarioError, read
from starter.demo.scene import Scene
from starter.demo.timeline import expected, late, logged
from tests.command_line import Run, run
from tests.play import HOSPITAL, SUPERVISOR, Play, opened

SCENARIOS = Path(__file__).parents[1] / "examples" / "scenarios"
SCHOOL = json.loads((SCENARIOS / "silent-school-invented.json").read_text())
__all__ = ["run"]


def told(tmp_path: Path, **expect: Any) -> Path:
    """A scenario whose last step expects this."""
    steps = [*SCHOOL["steps"][:-1], {**SCHOOL["steps"][-1], "expect": expect}]
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps({**SCHOOL, "steps": steps}))
    return path


@pytest.mark.parametrize(
    ("expect", "because"),
    [
        ({"overdu": ["plan"]}, "steps/2/expect/overdu: Extra inputs are not permitted"),
        ({"why": "no reason"}, "expects nothing"),
        ({"overdue": ["referral_answer:nobody"]}, "names no clock"),
        ({"armed": [""]}, "names no clock"),
        ({"stage": "asleep"}, "steps/2/expect/stage"),
        ({"categories": ["weather"]}, "steps/2/expect/categories"),
        ({"rungs": 0}, "steps/2/expect/rungs"),
    ],
)
def test_expectation_that_says_nothing_known_is_refused(
    tmp_path: Path, run: Run, expect: dict[str, Any], because: str
) -> None:
    """When the file is read, before anything is started."""
    status, out, err = run("demo", told(tmp_path, **expect))

    assert (status, out) == (2, "")
    assert because in err


def test_expectation_of_no_case_is_refused(tmp_path: Path) -> None:
    """It would be met whatever happens."""
    steps = [{**SCHOOL["steps"][0], "for": [], "expect": {"stage": "intake"}}]
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps({**SCHOOL, "steps": steps}))

    with pytest.raises(ScenarioError, match="expects something of no case"):
        read(path)


def unmet(case: Play, now: datetime | None = None, rungs: int = 0, **expect: Any) -> list[tuple[str, str]]:
    """What is not as expected of a case, and what was found."""
    found = checks("A", Expectation.model_validate(expect), case.state, rungs, now or case.now)
    return [(check.expected, check.found) for check in found if not check.met]


def test_clock_is_overdue_after_its_due_instant_and_until_it_ends() -> None:
    """At the due instant it is in time; once it has ended it is no longer overdue, however late it was."""
    case = opened()
    due = case.running("assessment")[0].due_at

    assert unmet(case, due, not_overdue=["assessment"], armed=["assessment"]) == []
    assert unmet(case, due + timedelta(seconds=1), overdue=["assessment"]) == []
    case.later(days=5).assessed()
    assert unmet(case, not_overdue=["assessment"]) == []
    assert unmet(case, overdue=["assessment"], armed=["assessment"]) == [
        ("overdue: assessment", "due 2026-03-12 08:00, met 2026-03-14 09:00"),
        ("running: assessment", "due 2026-03-12 08:00, met 2026-03-14 09:00"),
    ]


def test_clock_of_a_referral_is_named_by_its_service_or_by_none() -> None:
    """Without a service any referral counts."""
    case = opened().planned()
    health = case.referred()
    case.referred("dinas-pendidikan", "education")
    case.later(hours=1).do(c.AnswerReferral, HOSPITAL, subject_id=health, answer="accepted")
    late = case.now + timedelta(days=3)

    assert unmet(case, late, overdue=["referral_answer", "referral_answer:education"]) == []
    assert unmet(case, late, not_overdue=["referral_answer:health"]) == []
    assert [name for name, _ in unmet(case, late, not_overdue=["referral_answer"])] == ["not overdue: referral_answer"]
    assert unmet(case, overdue=["referral_answer:shelter"]) == [("overdue: referral_answer:shelter", "never started")]


def test_clock_of_a_kind_that_no_pathway_has_is_never_as_expected() -> None:
    """A kind that is misspelt would else be not overdue for ever."""
    assert unmet(opened(), not_overdue=["asessment"]) == [
        ("not overdue: asessment", "no pathway of the case has such a clock")
    ]


def test_rungs_are_the_least_and_the_rest_must_be_equal() -> None:
    """More rungs are as expected; another stage, other categories or another number of open referrals are not."""
    case = opened().planned()
    case.referred()

    assert unmet(case, rungs=7, stage="referral", categories=["child_violence"], open_referrals=1) == []
    assert unmet(case, stage="closed", categories=["child_violence", "trafficking"], open_referrals=0) == [
        ("stage: closed", "referral"),
        ("categories: child_violence, trafficking", "child_violence"),
        ("open referrals: 0", "1"),
    ]
    enough = Expectation(rungs=3)
    assert [check.met for told in (2, 3, 4) for check in checks("A", enough, case.state, told, case.now)] == [0, 1, 1]


def test_clock_that_is_held_is_not_overdue() -> None:
    """It waits for the end of its hold."""
    case = opened().assessed()
    plan = case.running("plan")[0]
    case.do(c.HoldClock, SUPERVISOR, deadline_ids=[plan.id], reason="Libur.", until=case.now + timedelta(days=20))

    assert unmet(case, case.now + timedelta(days=10), not_overdue=["plan"]) == []
    assert unmet(case, case.now + timedelta(days=10), overdue=["plan"])[0][1].endswith(", on hold")


def rung(action: str, to: str, number: int, account_id: str = "engine") -> dict[str, Any]:
    """A row of the log that tells a rung."""
    kind = "ReminderSent" if action == "remind" else "CaseEscalated"
    body = {"kind": "plan", "action": action, "to": to, "rung": number, "deadline_id": "d", "due_at": f"{AT}"}
    return {"at": AT, "kind": kind, "body": body, "account_id": account_id, "agency_id": "office"}


AT = datetime(2026, 3, 9, 2, tzinfo=UTC)
ZONE = Scenario.model_validate(SCHOOL).zone


def test_rungs_have_a_sort_of_their_own_and_what_people_do_has_not() -> None:
    """The engine's reminders and escalations are rungs; a supervisor's own are deeds like others."""
    log = [rung("remind", "caseworker", 0), rung("escalate", "agency_head", 2), rung("escalate", "head", 1, "s-1")]

    found = [(entry.what, entry.by, entry.sort) for entry in logged("A", log, {"s-1": "supervisor"}, ZONE)]

    assert found == [
        ("plan: reminder to caseworker", "Tuntas", "rung"),
        ("plan: rung 2, escalated to agency head", "Tuntas", "rung"),
        ("CaseEscalated", "supervisor", "done"),
    ]


def deadline(**changes: Any) -> dict[str, Any]:
    """A deadline's row that was due a day ago and still waits."""
    row = {"id": "d", "kind": "plan", "class_": "local", "owner": {"role": "caseworker"}, "due_at": AT}
    return {**row, "ended_at": None, "met": None, **changes}


def test_late_is_said_to_be_late_by_the_default_profile() -> None:
    """With how it ended; silences and mere powers are nobody's delay."""
    a_day = AT + timedelta(days=1)
    rows = [
        deadline(),
        deadline(ended_at=a_day, met=True),
        deadline(ended_at=a_day, met=False),
        deadline(ended_at=AT, met=True),
        deadline(class_="watch"),
        deadline(class_="may"),
    ]

    found = [entry.what for entry in late("A", rows, [], AT + timedelta(hours=3), ZONE)]

    assert found == [
        "plan was due by the default profile; nothing recorded for 3 h 0 min, still open",
        "plan was due by the default profile; recorded 1 d 0 h late",
        "plan was due by the default profile; nothing recorded for 1 d 0 h",
    ]


def test_late_says_when_it_was_due_before_it_was_moved() -> None:
    """Its rungs stand where it was due first."""
    (found,) = late("A", [deadline(due_at=AT + timedelta(days=2))], [rung("escalate", "head", 1)], FAR, ZONE)

    assert found.what.startswith("plan was due by the default profile (first on 2026-03-09 09:00); nothing")


FAR = AT + timedelta(days=30)


def shown(*found: Check) -> str:
    """What is printed of a playing with one expectation."""
    scenario = Scenario.model_validate(SCHOOL)
    step = scenario.steps[-1]
    assert step.expect is not None
    looked = Looked(AT, step, step.expect, found)
    out = io.StringIO()
    show(Played(scenario, (expected(looked),), (looked,), {"A": 4}, Verified()), Console(file=out, width=400))
    return out.getvalue()


def test_what_is_printed_says_whose_the_profile_and_the_gaps_are() -> None:
    """In both languages, with the numbers of expectations and rungs, and the source."""
    out = shown(Check("A", "rungs: at least 3", "4", met=True))

    assert "as expected: rungs: at least 3. Medium risk: due after 48 running hours" in out
    assert "Harapan terpenuhi / expectations met: 1 dari / of 1. Anak tangga / rungs told: A 4." in out
    assert "Sumber / source: invented, no real case." in out
    assert all(note in out for note in NOTES)


def test_what_is_printed_names_what_is_not_as_expected() -> None:
    """Beside what was found."""
    out = shown(Check("A", "rungs: at least 3", "2", met=False))

    assert "not as expected: A: rungs: at least 3, found 2" in out
    assert "expectations met: 0 dari / of 1" in out


class Still:
    """A clock that nobody moves."""

    reads = AT

    async def move_to(self, instant: datetime) -> None:
        """Nothing waits for it."""


def player(**first: Any) -> Player:
    """Of a scenario with one step."""
    scenario = Scenario.model_validate({**SCHOOL, "steps": [{**SCHOOL["steps"][0], **first}]})
    nothing: Any = None
    clock: Any = Still()
    return Player(Scene(scenario, nothing, nothing, nothing, nothing, nothing), clock)


async def test_refused_command_is_named_with_its_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which case, which command, and the code of the refusal."""

    async def refuse(*_: Any) -> None:
        raise ClosureBlockedError("A referral is open.")

    monkeypatch.setitem(COMMANDS, "open_case", refuse)

    with pytest.raises(ScenarioError, match="2026-06-02T09:00, open_case, case A: closure_blocked: A referral is"):
        await player().play(lambda _: None)


async def test_command_or_field_that_is_unknown_is_named_with_its_step() -> None:
    """A scenario is written by people."""
    with pytest.raises(ScenarioError, match="open_cas, case A: there is no such command"):
        await player(command="open_cas").play(lambda _: None)
    with pytest.raises(ScenarioError, match="open_case, case A: risk: Input should be"):
        await player(**{"with": {**SCHOOL["steps"][0]["with"], "risk": "huge"}}).play(lambda _: None)


async def test_case_that_is_expected_before_it_is_opened_is_not_as_expected() -> None:
    """It is said so, and the playing goes on."""
    playing = player(command=None, expect={"stage": "intake"})

    await playing.play(lambda _: None)

    assert playing.looked[0].unmet == (Check("A", "a case", "not opened yet", met=False),)
