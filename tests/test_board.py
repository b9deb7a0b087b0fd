"""The board of what stands still, on a real database: what is on it, for whom, in which order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, event, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from casework.db.caller import ENGINE
from casework.db.reads import SqlReads
from casework.db.reservations import SqlReservations
from casework.db.rows import case_values, values_of
from casework.db.session import engine_for, writing
from casework.db.tables import accounts, cases, deadlines, findings, heartbeats, notices, reservations
from casework.errors import InvalidInputError
from casework.ids import new_id
from casework.models.codes import Stage, Status
from casework.models.pathway import Risk
from casework.models.people import Actor, Role
from casework.models.state import CaseRow, Deadline, Owner
from casework.ports import Board, BoardQuery, Standing, Troubles
from casework.rules.access import Grants, clocks_shown, may_see, shown
from casework.rules.outlook import BoardReason, reasons, since, stalled
from tests.postgres import scratch_database
from tests.recordings import CASEWORKER, OFFICE, SUPERVISOR, case_row, deadline, notice
from tests.test_outlook import COORDINATOR, NOW, late, soon

HEAD = Actor(account_id="head", role=Role.HEAD, agency_id=OFFICE)
COLLEAGUE = Actor(account_id="caseworker2", role=Role.CASEWORKER, agency_id=OFFICE)
ELSEWHERE = Actor(account_id="supervisor2", role=Role.SUPERVISOR, agency_id="province")
READERS = (CASEWORKER, COLLEAGUE, SUPERVISOR, HEAD, ELSEWHERE, COORDINATOR)
GONE = "gone"
HOUR = timedelta(hours=1)
URGENCY = {Risk.HIGH: 0, Risk.MEDIUM: 1, Risk.LOW: 2, Risk.UNASSESSED: 0}


@pytest.fixture(scope="module")
def engines() -> Iterator[tuple[Engine, Engine]]:
    """As the application's role, and as the owner, who may clear the tables."""
    with scratch_database() as scratch:
        both = engine_for(scratch.app_url), engine_for(scratch.owner_url, size=2)
        yield both
        for each in both:
            each.dispose()


@pytest.fixture
def engine(engines: tuple[Engine, Engine]) -> Engine:
    clear(engines)
    return engines[0]


def clear(engines: tuple[Engine, Engine]) -> None:
    """Forget everything but one account that is disabled."""
    with engines[1].begin() as connection:
        for table in (deadlines, notices, findings, heartbeats, reservations, cases, accounts):
            connection.execute(delete(table))
        account = {"username": GONE, "password_hash": "x", "role": "caseworker", "agency_id": OFFICE, "disabled": True}
        connection.execute(insert(accounts), {"id": GONE, **account})


@dataclass
class Given:
    """A case as a test puts it into the database."""

    case: CaseRow
    clocks: tuple[Deadline, ...] = ()
    lost_at: datetime | None = None
    failing_at: datetime | None = None

    def put(self, engine: Engine) -> "Given":
        """Write it, as the store would."""
        with writing(engine, ENGINE) as connection:
            connection.execute(insert(cases), case_values(self.case))
            for clock in self.clocks:
                connection.execute(insert(deadlines), {**values_of(clock), "case_id": self.case.id})
            if self.lost_at:
                lost = notice(self.case, created_at=self.lost_at)
                connection.execute(insert(notices), {**values_of(lost), "state": "skipped"})
            if self.failing_at:
                connection.execute(insert(findings), finding(self.case.id, self.failing_at))
        return self

    def standing(self, reader: Actor) -> Standing:
        """How it stands, as Python says it."""
        open_ = self.case.status is Status.OPEN
        troubles = Troubles(
            caseworker_gone=open_ and self.case.assigned_to == GONE,
            undelivered_at=self.lost_at if open_ else None,
            failing_at=self.failing_at if open_ else None,
        )
        running = [clock for clock in self.clocks if clock.running]
        return Standing(shown(reader, self.case.model_dump()), clocks_shown(reader, running), troubles)

    def place(self, reader: Actor) -> tuple[int, datetime, str]:
        """Where it stands on the board."""
        at = since(self.standing(reader), NOW)
        gone = self.case.opened_at if self.case.assigned_to == GONE else None
        by_clock = self.case.stalls_at and self.case.stalls_at < NOW
        return self.case.urgency, at if at and by_clock else min(filter(None, (at, gone))), self.case.id


def finding(case_id: str | None, at: datetime, **changes: Any) -> dict[str, Any]:
    """What the patrol has found."""
    found = {"id": new_id(), "found_at": at, "kind": "step_failing", "case_id": case_id}
    return {**found, "detail": None, "ended_at": None, **changes}


def stuck(*clocks: Deadline, risk: Risk = Risk.HIGH, **more: Any) -> Given:
    """A case with clocks, its row as the state would have it."""
    besides = {name: more.pop(name) for name in ("lost_at", "failing_at") if name in more}
    stalls_at = min((clock.stalls_at for clock in clocks if clock.stalls_at), default=None)
    case = case_row(**{"risk": risk, "urgency": URGENCY[risk], "stalls_at": stalls_at, **more})
    return Given(case, clocks, **besides)


def board(engine: Engine, reader: Actor = SUPERVISOR, **asked: Any) -> Board:
    """A page of the board."""
    return SqlReads(engine).board(reader, BoardQuery(**{"now": NOW, "limit": 200, **asked}))


def ids(page: Board) -> list[str]:
    """Its cases."""
    return [str(item.case.get("id") or item.case.get("case_id")) for item in page.items]


kinds = st.sampled_from(("plan", "assignment", "referral_answer", "no_activity", "first_contact"))
spans = st.integers(-3, 3).map(lambda hours: NOW + hours * HOUR)
owners = st.sampled_from((Owner(role="caseworker"), Owner(role="supervisor"), Owner(agency_id="rsud")))


@st.composite
def clocks(draw: st.DrawFn, id_: str) -> Deadline:
    """A clock that runs, is held, or has ended, and stalls when the rules would have it so."""
    due_at, class_ = draw(spans), draw(st.sampled_from(("local", "local", "statutory", "may", "watch")))
    state = draw(st.sampled_from(("running", "running", "running", "held", "ended")))
    early = draw(st.booleans())
    stalls_at = due_at - 2 * HOUR if early else due_at
    return deadline(
        draw(kinds),
        id=id_,
        class_=class_,
        category="trafficking" if class_ == "statutory" else None,
        owner=draw(owners),
        reason=draw(st.sampled_from(get_args(BoardReason)[:12])),
        due_at=due_at,
        stalls_at=stalls_at if state != "ended" and class_ != "may" else None,
        held_since=NOW - HOUR if state == "held" else None,
        held_until=NOW + draw(st.sampled_from((HOUR, -HOUR / 2, timedelta()))) if state == "held" else None,
        ended_at=NOW if state == "ended" else None,
        met=True if state == "ended" else None,
    )


@st.composite
def worlds(draw: st.DrawFn) -> list[Given]:
    """Some cases of two offices."""
    return [
        stuck(
            *[draw(clocks(f"clock-{n}")) for n in range(draw(st.integers(0, 3)))],
            risk=draw(st.sampled_from(Risk)),
            status=draw(st.sampled_from((Status.OPEN, Status.OPEN, Status.CLOSED, Status.DUPLICATE))),
            agency_id=draw(st.sampled_from((OFFICE, OFFICE, "province"))),
            assigned_to=draw(st.sampled_from((None, "caseworker", "caseworker2", GONE))),
            lost_at=draw(st.none() | spans.filter(lambda at: at < NOW)),
            failing_at=draw(st.none() | spans.filter(lambda at: at < NOW)),
        )
        for _ in range(draw(st.integers(1, 6)))
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds())
def test_the_board_says_the_same_in_both_languages(engines: tuple[Engine, Engine], world: list[Given]) -> None:
    """Whoever reads, whatever the world is like: the cases, their order, their reasons, and each filter."""
    clear(engines)
    for each in world:
        each.put(engines[0])
    for reader in READERS:
        mine = [each for each in world if may_see(reader, each.case, Grants(), NOW)]
        mine = [each for each in mine if each.case.status in (Status.OPEN, Status.CLOSED)]
        mine = sorted((e for e in mine if stalled(e.standing(reader), NOW)), key=lambda e: e.place(reader))
        page = board(engines[0], reader)

        assert ids(page) == [each.case.id for each in mine]
        expected = [reasons(each.standing(reader), NOW) for each in mine]
        assert [reasons(item, NOW) for item in page.items] == expected
        assert [since(item, NOW) for item in page.items] == [since(each.standing(reader), NOW) for each in mine]
        for reason in get_args(BoardReason):
            named = [each.case.id for each, given in zip(mine, expected, strict=True) if reason in given]
            assert ids(board(engines[0], reader, reason=reason)) == named


def test_an_item_is_the_case_with_its_running_clocks(engine: Engine) -> None:
    running, ended = late("plan"), late("assessment", ended_at=NOW, met=True, stalls_at=None)
    held = late("follow_up", held_since=NOW - HOUR, held_until=NOW + HOUR)
    stuck(running, ended, held).put(engine)

    (item,) = board(engine).items

    assert set(item.deadlines) == {running, held}
    assert item.case["client"] is not None


def test_pages_hold_every_case_once_while_others_come_to_stand_still(engine: Engine) -> None:
    risks = [Risk.HIGH, Risk.LOW, Risk.MEDIUM, Risk.UNASSESSED]
    # Of three that stall in one instant the id decides.
    before = [stuck(late(hours=n // 3 + 1), risk=risks[n % 4]).put(engine) for n in range(9)]
    before += [stuck(lost_at=NOW - n * HOUR, stalls_at=None).put(engine) for n in range(1, 4)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = board(engine, limit=3, cursor=cursor)
        seen += ids(page)
        stuck(late(hours=100)).put(engine)
        cursor = page.next_cursor
        if cursor is None:
            break

    assert seen == [each.case.id for each in sorted(before, key=lambda each: each.place(SUPERVISOR))]


@pytest.mark.parametrize("cursor", ["", "W10", "WzEsMl0", "nonsense", "é", "WyIwIiwgIjIwMjYiLCAiYSJd"])
def test_a_cursor_that_is_not_ours_is_bad_input(engine: Engine, cursor: str) -> None:
    with pytest.raises(InvalidInputError):
        SqlReads(engine).board(SUPERVISOR, BoardQuery(now=NOW, cursor=cursor or "="))


def test_it_is_filtered_by_office_and_by_whom_a_case_stands_still_with(engine: Engine) -> None:
    hospital = stuck(late("referral_answer", owner=Owner(agency_id="rsud"))).put(engine)
    soon_there = stuck(soon("referral_answer", owner=Owner(agency_id="rsud")), late("plan")).put(engine)
    other = stuck(late("plan"), agency_id="province").put(engine)

    assert ids(board(engine, agency_id="rsud")) == [hospital.case.id]
    assert set(ids(board(engine, agency_id=OFFICE))) == {hospital.case.id, soon_there.case.id}
    assert ids(board(engine, COORDINATOR, agency_id="province")) == [other.case.id]
    assert ids(board(engine, agency_id="province")) == []


def test_the_coordinator_is_not_told_whom_a_hidden_clock_waits_for(engine: Engine) -> None:
    law = late("tpks_report_police", class_="statutory", category="sexual_violence", owner=Owner(agency_id="polres"))
    case = stuck(law).put(engine).case

    assert ids(board(engine, SUPERVISOR, agency_id="polres")) == [case.id]
    assert ids(board(engine, COORDINATOR, agency_id="polres")) == []
    (item,) = board(engine, COORDINATOR).items
    assert (item.deadlines, item.case["categories"], item.case["client"]) == ((), [], None)


def reserved(engine: Engine, at: datetime, risk: str = "high", agency_id: str = OFFICE) -> str:
    """A report that was taken while the engine was away."""
    inbox = SqlReservations(engine, now=lambda: at)
    given = inbox.reserve(new_id(), "hotline", agency_id, "d", district="OKUS", year=2026, risk=risk)
    inbox.keep_opening(given.case_id, b"sealed")
    return given.case_id


def test_reports_that_wait_for_the_engine_stand_there_for_who_decides(engine: Engine) -> None:
    low, waits = reserved(engine, NOW - 2 * HOUR, "low"), reserved(engine, NOW - HOUR)
    reserved(engine, NOW - timedelta(seconds=59))
    reserved(engine, NOW - HOUR, agency_id="province")
    first = stuck(late(hours=3)).put(engine).case.id

    for reader in (SUPERVISOR, HEAD):
        assert ids(board(engine, reader)) == [first, waits, low]
        assert ids(board(engine, reader, reason="step_failing")) == [waits, low]
        assert ids(board(engine, reader, reason="overdue")) == [first]
    page = board(engine, limit=2)
    assert ids(board(engine, cursor=page.next_cursor)) == [low]
    assert page.items[1].case["status"] == "queued"
    assert "opening" not in page.items[1].case
    for other in (CASEWORKER, COORDINATOR):
        assert waits not in ids(board(engine, other))


def test_what_has_ended_or_is_of_no_case_fails_no_more(engine: Engine) -> None:
    case_id = stuck(soon()).put(engine).case.id
    with writing(engine, ENGINE) as connection:
        connection.execute(insert(findings), finding(case_id, NOW - HOUR, ended_at=NOW))
        connection.execute(insert(findings), finding(None, NOW - HOUR))

    assert board(engine).items == ()


def beat(engine: Engine, at: datetime, *, name: str = "watch", well: bool = True) -> None:
    """A sign of life, as its part gives it."""
    said = upsert(heartbeats).values(name=name, at=at, well=well)
    said = said.on_conflict_do_update(index_elements=[heartbeats.c.name], set_={"at": at, "well": well})
    with writing(engine, ENGINE) as connection:
        connection.execute(said)


def test_the_sign_of_life_comes_with_every_page_and_without_a_case(engine: Engine) -> None:
    assert (board(engine).watched_at, board(engine).well) == (None, False)

    beat(engine, NOW, name="patrol")
    beat(engine, NOW - HOUR)
    page = board(engine)
    assert (page.watched_at, page.well, page.patrolled_at) == (NOW - HOUR, True, NOW)

    stuck(late()).put(engine)
    beat(engine, NOW, well=False)
    assert (board(engine).watched_at, board(engine).well, len(board(engine).items)) == (NOW, False, 1)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.account_id)
def test_a_page_is_one_statement(engine: Engine, reader: Actor) -> None:
    """With clocks, troubles, reports that wait and the sign of life."""
    for _ in range(5):
        stuck(late(), soon("other"), lost_at=NOW - HOUR, failing_at=NOW - HOUR, assigned_to="caseworker").put(engine)
    reserved(engine, NOW - HOUR)
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2]))

    page = board(engine, reader, limit=2, reason="step_failing", agency_id=OFFICE)
    board(engine, reader, limit=2, cursor=page.next_cursor)

    assert len(statements) == 2


def test_how_one_case_stands_is_one_statement(engine: Engine) -> None:
    case = stuck(late(), lost_at=NOW - HOUR, stage=Stage.INTAKE).put(engine)
    reads = SqlReads(engine)
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2]))

    found = reads.standing(SUPERVISOR, case.case.id)

    assert len(statements) == 1
    assert found is not None
    assert (found.deadlines, found.troubles.undelivered_at) == (case.clocks, NOW - HOUR)
    assert reads.standing(ELSEWHERE, case.case.id) is None
