"""My work: a person's own clocks, what came in for them, and nothing of anybody else's."""

from datetime import UTC, datetime, timedelta

import pytest

from casework import commands as c
from casework.models.people import Actor, Role
from casework.ports import Work
from tests.stack import Stack
from tests.test_walk import assessed, refer


@pytest.fixture(scope="module")
async def case_id(app: Stack) -> str:
    """A case assigned, assessed, referred to the hospital and accepted there."""
    one = await assessed(app)
    sent = await app.cases.refer(app.ask(app.caseworker, one), refer("rsud-muaradua", "health"))
    ask = app.ask(app.hospital, one, subject_id=sent.subject_id)
    await app.cases.answer(ask, c.AnswerReferral.model_validate({"answer": "accepted"}))
    return one


def of(app: Stack, reader: Actor, days: float = 0) -> Work:
    """The reader's work, so many days from now."""
    return app.outside.reads.work(reader, datetime.now(UTC) + timedelta(days=days))


def test_clocks_are_the_readers_own_and_soonest_first(app: Stack, case_id: str) -> None:
    """A caseworker's are not a supervisor's."""
    mine, theirs = of(app, app.caseworker).clocks, of(app, app.supervisor).clocks

    assert {"plan"} <= {clock["kind"] for clock in mine}
    assert {"supervisor_review"} <= {clock["kind"] for clock in theirs}
    assert not {clock["id"] for clock in mine} & {clock["id"] for clock in theirs}
    assert [clock["due_at"] for clock in mine] == sorted(clock["due_at"] for clock in mine)
    assert {clock["case_id"] for clock in mine} == {case_id}


def test_news_are_those_of_a_week(app: Stack, case_id: str) -> None:
    """An answer and an assignment, and neither eight days later."""
    now, later = of(app, app.caseworker), of(app, app.caseworker, days=8)

    assert [(row["case_id"], row["status"]) for row in now.answers] == [(case_id, "accepted")]
    assert [row["case_id"] for row in now.assignments] == [case_id]
    assert (later.answers, later.assignments) == ((), ())


def test_nobody_finds_what_they_may_not_see(app: Stack, case_id: str) -> None:
    """Another caseworker, another office, an agency that holds a referral, the coordinator's clocks alone."""
    others = (
        app.actor("caseworker2", Role.CASEWORKER),
        app.actor("supervisor2", Role.SUPERVISOR, "uptd-ppa-sumatera-selatan"),
    )
    for reader in (*others, app.actor("school", Role.AGENCY_OFFICER, "dinas-pendidikan")):
        assert of(app, reader) == Work((), (), ())
    assert {row["ground"] for row in of(app, app.caseworker).clocks} == {"assignment"}
    assert case_id
