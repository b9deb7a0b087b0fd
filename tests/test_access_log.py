"""The access log on a real database: written at once, chained afterwards, never changed, and read by whom it is for."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.exc import ProgrammingError

from casework.db.access_chain import LOCK, SqlAccessChain
from casework.db.access_log import SqlAccessLog
from casework.db.caller import ENGINE
from casework.db.session import deciding, engine_for, reading, writing
from casework.db.store import SqlCaseStore
from casework.db.tables import access_chain, access_log
from casework.errors import DatabaseUnavailableError
from casework.ids import new_id
from casework.models.people import Actor, Role
from casework.models.sight import Sight, SightKind
from casework.ports import SightQuery
from casework.rules.chain import ACCESS_LOG, first_break
from tests.postgres import Scratch, scratch_database
from tests.recordings import CASEWORKER, OPENED, POLICE, SUPERVISOR, opening

AUDITOR = Actor(account_id="auditor", role=Role.AUDITOR, agency_id="dinas")
ELSEWHERE = Actor(account_id="supervisor2", role=Role.SUPERVISOR, agency_id="province")
LOGS = ("access_log", "access_chain")


@pytest.fixture(scope="module")
def scratch() -> Iterator[Scratch]:
    with scratch_database() as made:
        yield made


@pytest.fixture(scope="module")
def engine(scratch: Scratch) -> Iterator[Engine]:
    made = engine_for(scratch.app_url)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def owner(scratch: Scratch) -> Iterator[Engine]:
    made = engine_for(scratch.owner_url, size=2)
    yield made
    made.dispose()


@pytest.fixture
def log(engine: Engine, owner: Engine) -> SqlAccessLog:
    """The log, empty."""
    with owner.begin() as connection:
        for table in reversed(LOGS):
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER append_only"))
        connection.execute(text("TRUNCATE access_chain, access_log RESTART IDENTITY"))
        for table in LOGS:
            connection.execute(text(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only"))
    return SqlAccessLog(engine)


def sight(minute: int = 0, **changes: Any) -> Sight:
    """A caseworker is shown a case."""
    seen: dict[str, Any] = {
        "at": OPENED + timedelta(minutes=minute),
        "actor": CASEWORKER,
        "thing": "case",
        "kind": SightKind.SHOWN,
        "case_ids": (new_id(),),
        "ground": "assigned",
    }
    return Sight(**{**seen, **changes})


def chained(engine: Engine) -> list[dict[str, Any]]:
    """The chain with what it covers, in its order."""
    both = access_chain.join(access_log, access_chain.c.id == access_log.c.id)
    columns = [*access_log.c, *(each for each in access_chain.c if each.name != "id")]
    with reading(engine, ENGINE) as connection:
        found = select(*columns).select_from(both).order_by(access_chain.c.sequence)
        return [dict(row) for row in connection.execute(found).mappings()]


def a_case(engine: Engine, agency_id: str = "dinas") -> str:
    """A case of an office."""
    recording = opening(agency_id=agency_id)
    SqlCaseStore(engine).record(recording)
    return recording.case.id


def test_it_is_written_in_one_statement_that_stands_alone(log: SqlAccessLog, engine: Engine) -> None:
    """So that readers never wait for each other, nor for a transaction's beginning and end."""
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2]))

    log.write([sight(), sight(1)])

    assert len(statements) == 1, statements
    assert statements[0].startswith("INSERT INTO access_log")


def test_what_is_written_is_read_as_it_was(log: SqlAccessLog) -> None:
    one = sight(subject_id=new_id(), case_ids=(new_id(), new_id()))
    log.write([one])

    (row,), following = log.sights(AUDITOR, SightQuery())

    assert following is None
    assert row == {
        "id": row["id"],
        "at": one.at,
        "account_id": "caseworker",
        "role": "caseworker",
        "agency_id": "dinas",
        "thing": "case",
        "kind": "shown",
        "case_ids": list(one.case_ids),
        "subject_id": one.subject_id,
        "ground": "assigned",
    }


def test_it_is_chained_in_the_order_it_came(log: SqlAccessLog, engine: Engine) -> None:
    chain = SqlAccessChain(engine)
    log.write([sight(), sight(1)])
    assert (chain.extend(), chain.extend()) == (2, 0)
    log.write([sight(2)])
    assert chain.extend() == 1

    rows = chained(engine)

    assert [row["sequence"] for row in rows] == [1, 2, 3]
    assert first_break(ACCESS_LOG, rows) is None


def test_readers_at_once_are_each_chained_once(log: SqlAccessLog, engine: Engine) -> None:
    """While two processes chain."""
    chains = [SqlAccessChain(engine), SqlAccessChain(engine)]
    with ThreadPoolExecutor(6) as pool:
        for _ in range(4):
            list(pool.map(lambda _: log.write([sight()]), range(20)))
            list(pool.map(lambda chain: chain.extend(), chains))
    for chain in chains:
        chain.extend()

    rows = chained(engine)

    assert len(rows) == 80
    assert first_break(ACCESS_LOG, rows) is None


def test_one_that_commits_late_is_chained_late(log: SqlAccessLog, engine: Engine) -> None:
    """Its number is an earlier one; the chain has the order in which readings came to be known."""
    chain = SqlAccessChain(engine)
    values = {"at": OPENED, "account_id": "x", "role": "head", "agency_id": "y", "thing": "case", "kind": "shown"}
    with deciding(engine, ENGINE) as late:
        late.execute(access_log.insert().values(case_ids=[], **values))
        log.write([sight()])
        assert chain.extend() == 1
        late.commit()

    assert chain.extend() == 1
    assert [row["id"] for row in chained(engine)] == [2, 1]
    assert first_break(ACCESS_LOG, chained(engine)) is None


def test_what_is_long_chained_is_not_looked_for_again(log: SqlAccessLog, engine: Engine) -> None:
    """A round reads what is new, not what there ever was."""
    now = 0.0
    chain = SqlAccessChain(engine, lambda: now)
    log.write([sight() for _ in range(3)])
    chain.extend()
    now = 31.0
    chain.extend()
    asked: list[Any] = []
    event.listen(engine, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])))

    log.write([sight()])
    assert chain.extend() == 1

    (given,) = [given for statement, given in asked if "LEFT OUTER JOIN access_chain" in statement]
    assert 3 in given.values()


def test_while_one_process_chains_another_leaves_it_alone(log: SqlAccessLog, engine: Engine) -> None:
    log.write([sight()])
    with writing(engine, ENGINE) as other:
        other.execute(select(func.pg_advisory_xact_lock(LOCK)))
        assert SqlAccessChain(engine).extend() == 0

    assert SqlAccessChain(engine).extend() == 1


def test_the_auditor_finds_by_case_account_and_time(log: SqlAccessLog) -> None:
    case_id = new_id()
    log.write([sight(minute, case_ids=(case_id, new_id())) for minute in range(3)])
    log.write([sight(5, actor=POLICE)])

    def found(**query: Any) -> list[datetime]:
        return [row["at"] for row in log.sights(AUDITOR, SightQuery(**query))[0]]

    at = [OPENED + timedelta(minutes=minute) for minute in range(6)]
    assert found() == [at[5], at[2], at[1], at[0]]
    assert found(case_id=case_id) == [at[2], at[1], at[0]]
    assert found(account_id="police") == [at[5]]
    assert found(since=at[1], until=at[5]) == [at[2], at[1]]
    assert found(case_id=new_id()) == []


def test_pages_lead_through_all_of_it_once(log: SqlAccessLog) -> None:
    """Also where many were seen in the same instant, and where more are added meanwhile."""
    log.write([sight(minute // 3) for minute in range(7)])
    ids, cursor = [], None
    while True:
        rows, cursor = log.sights(AUDITOR, SightQuery(limit=3, cursor=cursor))
        ids += [row["id"] for row in rows]
        log.write([sight(60)])
        if cursor is None:
            break

    assert ids == [7, 6, 5, 4, 3, 2, 1]


def test_an_office_sees_who_saw_its_own_cases(log: SqlAccessLog, engine: Engine) -> None:
    """Of a list that held others too, its own; of refusals, those of its accounts, whichever case it was."""
    own, other = a_case(engine), a_case(engine, "province")
    coordinator = Actor(account_id="coordinator", role=Role.COORDINATOR, agency_id="setda")
    refused = {"kind": SightKind.REFUSED, "ground": None}
    log.write(
        [
            sight(1, case_ids=(own, other), actor=coordinator, kind=SightKind.LISTED),
            sight(2, case_ids=(other,)),
            sight(3, case_ids=(other,), **refused),
            sight(4, case_ids=(own,), actor=ELSEWHERE, **refused),
        ]
    )

    def found(reader: Actor) -> list[tuple[str, list[str]]]:
        return [(row["account_id"], row["case_ids"]) for row in log.sights(reader, SightQuery())[0]]

    assert found(SUPERVISOR) == [("supervisor2", [own]), ("caseworker", []), ("coordinator", [own])]
    assert found(ELSEWHERE) == [
        ("supervisor2", []),
        ("caseworker", [other]),
        ("caseworker", [other]),
        ("coordinator", [other]),
    ]


@pytest.mark.parametrize(
    ("table", "column"), [("access_log", "thing"), ("access_chain", "digest"), ("case_log", "kind")]
)
@pytest.mark.parametrize(
    "change", ["UPDATE {} SET {} = 'x'", "UPDATE {} SET {} = 'x' WHERE false", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_nothing_of_it_is_changed(
    log: SqlAccessLog, engine: Engine, owner: Engine, table: str, column: str, change: str
) -> None:
    """The application has no right to; its owner, who has every right, is stopped by a trigger."""
    a_case(engine)
    log.write([sight()])
    SqlAccessChain(engine).extend()
    statement = text(change.format(table, column))

    with pytest.raises(ProgrammingError, match="InsufficientPrivilege"), writing(engine, ENGINE) as connection:
        connection.execute(statement)
    with pytest.raises(ProgrammingError, match=f"{table} is append-only"), owner.begin() as connection:
        connection.execute(statement)


def test_a_database_that_is_away_is_said_so() -> None:
    engine = engine_for("postgresql://tuntas_app:secret@127.0.0.1:1/tuntas")
    with pytest.raises(DatabaseUnavailableError):
        SqlAccessLog(engine).write([sight()])
    engine.dispose()
