"""The watch tells exactly what a case would tell by itself, once, in time, and while the engine is away too."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy import Engine, select, update

from casework import commands as c
from casework.alarms import Watched, alarms
from casework.db.caller import ENGINE
from casework.db.reads import SqlReads
from casework.db.session import deciding, reading
from casework.db.store import SqlCaseStore
from casework.db.tables import cases, deadlines, notices
from casework.db.watch import SqlWatch
from casework.errors import CaseworkError
from casework.events import Recording
from casework.models.notice import Notice, NoticeKind
from casework.models.people import ITSELF
from casework.models.state import Automatic, CaseState
from casework.rules.ladders import Holder
from casework.rules.lapses import lapse
from tests import play as p
from tests.play import Play, opened
from tests.postgres import scratch_engine
from tests.recordings import OPENED, deadline, opening
from tests.test_life import Life

MANY = 1000
SOON, LATER = timedelta(hours=30), timedelta(days=20)


def by_itself(state: CaseState, now: datetime) -> tuple[CaseState, list[Recording]]:
    """What a case comes to and records when it takes, late, everything that is due."""
    recordings = []
    while found := lapse(state, now):
        state, recording = found
        recordings.append(recording)
    return state, recordings


def of_ladders(recordings: list[Recording], known: CaseState) -> dict[str, Notice]:
    """What was told of deadlines that were there before; a conference that a step calls is the case's own affair."""
    told = (notice for recording in recordings for notice in recording.notices)
    return {n.id: n for n in told if n.kind is not NoticeKind.CONFERENCE_CALLED and n.about_id in known.deadlines}


class Stuck(Life):
    """A case that is left alone at any point of its life, holds included."""

    held = 0

    @rule(data=st.data(), minutes=st.integers(1, 60 * 24 * 29))
    def hold(self, data: st.DataObject, minutes: int) -> None:
        """Some clocks, each time until another instant."""
        state = self.play.state
        may = [d.id for d in state.deadlines.values() if d.running and d.class_ == "local" and not d.held]
        if may:
            ids = data.draw(st.lists(st.sampled_from(may), unique=True, min_size=1, max_size=3))
            self.held += 1
            until = self.play.now + timedelta(minutes=minutes, seconds=self.held)
            with suppress(CaseworkError):
                self.give(c.HoldClock, p.SUPERVISOR, deadline_ids=ids, until=until, reason="Menunggu hasil.")

    @rule(minutes=st.integers(0, 60 * 24 * 40))
    def left_alone(self, minutes: int) -> None:
        """Ids, recipients, kinds and times are those of the case, none more and none less."""
        state, now = self.play.state, self.play.now + timedelta(minutes=minutes)
        acting = tuple(d for d in state.deadlines.values() if d.next_at)

        told = alarms(Watched(state.case_id, state.number, Holder.of(state), acting), now, now)

        assert {notice.id: notice for notice in told} == of_ladders(by_itself(state, now)[1], state)


Stuck.TestCase.settings = settings(
    max_examples=50, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestStuck = pytest.mark.timeout(300)(Stuck.TestCase)


# ---- on a database


@pytest.fixture
def engine() -> Iterator[Engine]:
    with scratch_engine() as engine:
        yield engine


@pytest.fixture
def watch(engine: Engine) -> SqlWatch:
    return SqlWatch(engine, p.SURROUNDINGS)


@pytest.fixture
def played(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Play]:
    """Plays a case that is recorded as it goes: held, and with a referral."""
    keep, store = Play.keep, SqlCaseStore(engine)

    def recorded(play: Play, recording: Recording) -> None:
        keep(play, recording)
        store.record(recording)

    monkeypatch.setattr(Play, "keep", recorded)

    def make() -> Play:
        play = opened().planned()
        play.referred(consent={"given_by": "self"})
        held = [
            d.id for d in play.state.deadlines.values() if d.running and d.kind in ("follow_up", "supervisor_review")
        ]
        assert len(held) == 2
        play.do(c.HoldClock, p.SUPERVISOR, deadline_ids=held, until=play.now + timedelta(days=3), reason="Libur.")
        return play

    return make


def kept(engine: Engine) -> dict[str, dict[str, Any]]:
    """The notices of ladders, by id."""
    told = notices.c.kind.in_(("reminder", "escalation", "clock_released"))
    with reading(engine, ENGINE) as connection:
        rows = connection.execute(select(notices).where(told)).mappings()
        return {row["id"]: dict(row) for row in rows}


def written(engine: Engine) -> list[Any]:
    """Everything that is the case's own to write."""
    with reading(engine, ENGINE) as connection:
        rows = [connection.execute(select(table)).all() for table in (cases, deadlines)]
    return [*rows, SqlReads(engine).log(ITSELF, "case-1")]


def record(engine: Engine, recordings: list[Recording]) -> None:
    """As the case's own activity does."""
    for recording in recordings:
        SqlCaseStore(engine).record(recording)


@pytest.mark.parametrize("span", [SOON, LATER])
def test_the_watch_first_then_the_case(
    engine: Engine, watch: SqlWatch, played: Callable[[], Play], span: timedelta
) -> None:
    """What the watch told stands; the case adds its log and not one notice."""
    play = played()
    now = play.now + span
    before = written(engine)

    told = watch.tell(now, now, 10)

    first = kept(engine)
    assert len(first) == told > 0
    assert written(engine) == before
    assert watch.tell(now, now, 10) == 0
    _, recordings = by_itself(play.state, now)
    record(engine, recordings)
    assert first.keys() == of_ladders(recordings, play.state).keys()
    assert {id_: row for id_, row in kept(engine).items() if id_ in first} == first
    assert len(SqlReads(engine).log(ITSELF, "case-1")) == play.state.revision + len(recordings)


@pytest.mark.parametrize("span", [SOON, LATER])
def test_the_case_first_then_the_watch(
    engine: Engine, watch: SqlWatch, played: Callable[[], Play], span: timedelta
) -> None:
    """Nothing is left for the watch to tell, be it in the midst of the case's steps or after them."""
    play = played()
    now = play.now + span
    _, recordings = by_itself(play.state, now)
    half = len(recordings) // 2

    record(engine, recordings[:half])
    watch.tell(now, now, 10)
    midway = kept(engine)
    record(engine, recordings[half:])

    assert of_ladders(recordings, play.state).keys() <= midway.keys()
    assert watch.tell(now, now, 10) == 0
    assert {id_: row for id_, row in kept(engine).items() if id_ in midway} == midway


def test_an_alarm_waits_for_its_grace_and_ends_with_its_deadline(
    engine: Engine, watch: SqlWatch, played: Callable[[], Play]
) -> None:
    """Nothing before `until`, nothing of what was met, whoever looks."""
    play = played()
    first = play.state.next_at
    assert first is not None
    assert watch.tell(first - timedelta(seconds=1), first, 10) == 0

    play.do(c.CompleteReferral, p.HOSPITAL, subject_id=next(iter(play.state.referrals)), outcome="service_provided")

    watch.tell(play.now + LATER, play.now + LATER, 10)
    assert not [row for row in kept(engine).values() if row["about_kind"] == "referral_answer"]


def test_who_takes_the_case_after_the_watch_told_for_it_hears_of_it(
    engine: Engine, watch: SqlWatch, played: Callable[[], Play]
) -> None:
    """The watch tells the supervisor of a case that has no caseworker yet; the case, when it wakes, tells the one it
    has by then, and the supervisor no second time."""
    play = opened()
    [contact] = play.running("first_contact")
    play.now = contact.due_at + timedelta(minutes=1)
    watch.tell(play.now, play.now, 10)
    play.do(c.AssignCase, p.SUPERVISOR, caseworker_id=p.CASEWORKER.account_id)
    play.wake()

    told = [row for row in kept(engine).values() if (row["about_id"], row["kind"]) == (contact.id, "escalation")]
    to = sorted(row["recipient"]["account_id"] or row["recipient"]["role"] for row in told)
    assert to == [p.CASEWORKER.account_id, "supervisor"]


def overdue(number: int, engine: Engine) -> str:
    """A case whose one clock was to remind and to escalate, earlier for a lower number."""
    at = OPENED + timedelta(minutes=number)
    steps = (
        Automatic(action="remind", to="supervisor", at=at, rung=0),
        Automatic(action="escalate", to="supervisor", at=at + timedelta(hours=1), rung=1),
    )
    made = opening()
    late = deadline("plan", id=f"{made.case.id}.plan", next_at=at, forecast=steps)
    SqlCaseStore(engine).record(made.model_copy(update={"deadlines": (late,), "notices": ()}))
    return late.id


def test_many_that_are_stuck_do_not_keep_others_waiting(engine: Engine, watch: SqlWatch) -> None:
    """A round is bounded and takes the longest due; who was told stands in nobody's way."""
    ids = [overdue(number, engine) for number in range(30)]
    now = OPENED + timedelta(days=1)

    counts = [watch.tell(now, now, 10) for _ in range(4)]

    assert counts == [20, 20, 20, 0]
    new = overdue(MANY, engine)
    assert watch.tell(now, now, 1) == 2
    steps = ("remind.0", "escalate.1")
    stems = [notice_id.rpartition(".")[0] for notice_id in kept(engine)]
    assert sorted(stems) == sorted(f"{id_}.0.{step}" for id_ in (*ids, new) for step in steps)


def test_a_case_that_is_being_written_is_left_for_the_next_round(engine: Engine, watch: SqlWatch) -> None:
    """Its step may be its own just now; nobody waits for anybody."""
    overdue(1, engine)
    overdue(2, engine)
    now = OPENED + timedelta(days=1)
    with deciding(engine, ENGINE) as busy:
        first = select(cases.c.id).order_by(cases.c.id).limit(1).scalar_subquery()
        busy.execute(update(cases).where(cases.c.id == first).values(stage="assessment"))

        assert watch.tell(now, now, 10) == 2

    assert watch.tell(now, now, 10) == 2
