"""The second wall: what the database shows to the application's own role, whoever forgot to ask for less."""

import base64
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, Table, delete, func, insert, make_url, select, text, update
from sqlalchemy.exc import ProgrammingError

from casework.db import tables as t
from casework.db.caller import ENGINE, NOBODY, acting
from casework.db.migrations import migrate
from casework.db.rows import case_values
from casework.db.session import engine_for, reading, writing
from casework.db.walls import stand
from casework.errors import WallsMissingError
from casework.ids import new_id
from casework.models.access import Glass
from casework.models.people import Role
from tests.postgres import Scratch, another_role, empty_database, scratch_database, scratch_engine
from tests.recordings import CASEWORKER, SUPERVISOR, case_row, notification, referral
from tests.worlds import EVERY_ROW, NOW, SEES, Given, build, every_row

OF_CASES = ("case_id", "case_ids", "document_id")
"""Columns by which a row is of a case."""
BEFORE = "0015"
"""The revision that the walls were built on."""
SINCE = (t.public_reports,)
"""Tables that came after them, each with its own."""
NEVER_SHOWN = {"access_chain", "links", "suspect_numbers"}
"""Tables of cases that no person reads, or the auditor alone."""
OF_NO_CASE = {
    "absences",
    "accounts",
    "builds",
    "case_numbers",
    "checkpoints",
    "clients",
    "contacts",
    "factors",
    "given",
    "heartbeats",
    "identities",
    "letter_numbers",
    "letters",
    "mailboxes",
    "offices",
    "outreach",
    "pathway_versions",
    "promises",
    "recovery_codes",
    "sessions",
    "snooping",
    "throttles",
    "tokens",
}
"""Tables that need no wall. One that is neither here nor walled fails."""


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """A database with one case that has a row in every table."""
    with scratch_engine() as engine:
        with writing(engine, ENGINE) as connection:
            build(connection, [whole()])
        yield engine


def whole() -> Given:
    """A case that has a row in every table."""
    return Given(
        case=case_row(opened_by="caseworker"),
        referrals=[referral()],
        notifications=[notification()],
        glass=[Glass(account_id="supervisor", until=NOW.replace(minute=5))],
        excluded={"hotline"},
        by="caseworker",
    )


def test_every_table_has_its_wall_or_is_of_no_case(engine: Engine) -> None:
    walled = text("SELECT relname FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace")
    with reading(engine, NOBODY) as connection:
        names = set(connection.scalars(walled))

    assert names == {*(table.name for table in SEES), *NEVER_SHOWN}
    assert names.isdisjoint(OF_NO_CASE)
    assert set(t.metadata.tables) <= names | OF_NO_CASE


def test_a_table_of_cases_without_a_wall_fails(engine: Engine) -> None:
    """Asked of the database, so that a table counts whoever made it."""
    granted = text("""
        SELECT c.relname, c.relrowsecurity, array(
            SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND NOT attisdropped
        ) AS columns FROM pg_class AS c
        WHERE c.relkind IN ('r', 'p', 'v', 'm') AND c.relnamespace = 'public'::regnamespace
        AND has_any_column_privilege(c.oid, 'SELECT')
    """)
    with reading(engine, NOBODY) as connection:
        tables = connection.execute(granted).all()

    bare = {row.relname: set(row.columns) for row in tables if not row.relrowsecurity}
    assert set(bare) <= OF_NO_CASE | {"alembic_version"}
    assert {name for name, columns in bare.items() if not columns.isdisjoint(OF_CASES)} <= {"given"}


def test_the_role_is_held_by_the_walls(engine: Engine) -> None:
    with reading(engine, NOBODY) as connection:
        for table in SEES:
            assert connection.scalar(select(func.row_security_active(table.name))), table.name


@pytest.mark.parametrize("table", list(SEES), ids=lambda table: table.name)
def test_without_a_caller_nothing_is_seen_and_nothing_written(engine: Engine, table: Table) -> None:
    everything = select(func.count()).select_from(table)
    with engine.connect() as connection:
        assert connection.scalar(everything) == 0
    with reading(engine, NOBODY) as connection:
        assert connection.scalar(everything) == 0
    with reading(engine, ENGINE) as connection:
        assert (connection.scalar(everything) or 0) > 0


def test_without_a_caller_nothing_changes(engine: Engine) -> None:
    with writing(engine, NOBODY) as connection:
        assert connection.execute(update(t.cases).values(risk="low")).rowcount == 0
        assert connection.execute(delete(t.reservations)).rowcount == 0
    with pytest.raises(ProgrammingError, match="row-level security"), writing(engine, NOBODY) as connection:
        connection.execute(insert(t.cases), case_values(case_row()))


def test_a_person_changes_nothing_either(engine: Engine) -> None:
    """Only the engine writes, whatever a person may see."""
    with writing(engine, acting(SUPERVISOR, NOW)) as connection:
        assert connection.scalar(select(func.count()).select_from(t.cases)) == 1
        assert connection.execute(update(t.cases).values(risk="low")).rowcount == 0
    with pytest.raises(ProgrammingError, match="row-level security"), writing(engine, acting(SUPERVISOR, NOW)) as one:
        one.execute(insert(t.cases), case_values(case_row()))


def test_a_caller_is_forgotten_with_the_transaction_and_the_connection(engine: Engine) -> None:
    """Also after an error, and by the very connection that it was said on."""
    count = select(func.count()).select_from(t.cases)
    with reading(engine, ENGINE) as connection:
        behind = connection.scalar(select(func.pg_backend_pid()))
        assert connection.scalar(count) == 1
    with reading(engine, NOBODY) as connection:
        assert connection.scalar(select(func.pg_backend_pid())) == behind
        assert connection.scalar(count) == 0
    with pytest.raises(ProgrammingError), reading(engine, ENGINE) as connection:
        connection.execute(text("SELECT nothing FROM nowhere"))
    with engine.connect() as connection:
        assert connection.scalar(count) == 0


def test_each_statement_and_each_transaction_after_the_first_has_its_caller(engine: Engine) -> None:
    count = select(func.count()).select_from(t.cases)
    with reading(engine, ENGINE) as connection:
        assert [connection.scalar(count) for _ in range(8)] == [1] * 8
    with writing(engine, acting(CASEWORKER, NOW)) as connection:
        assert connection.scalar(count) == connection.scalar(count) == 1


def test_no_person_is_the_engine(engine: Engine) -> None:
    """The engine is told by its account, whose id no account can get, and by no word of a person's role or agency."""
    impostor = CASEWORKER.model_copy(update={"agency_id": "engine", "account_id": new_id()})
    with reading(engine, acting(impostor, NOW)) as connection:
        assert connection.execute(EVERY_ROW).mappings().one()["cases"] is None
    assert not Role.has(ENGINE.role)


@pytest.fixture(scope="module")
def scratch() -> Iterator[Scratch]:
    """A migrated database without a row, and its roles."""
    with scratch_database() as scratch:
        yield scratch


def is_held(url: str) -> bool:
    """Whether a process would work as the role of an address."""
    engine = engine_for(url, size=1, walled=True)
    try:
        stand(engine)
    except WallsMissingError:
        return False
    finally:
        engine.dispose()
    return True


def test_the_applications_role_may_work(scratch: Scratch) -> None:
    assert is_held(scratch.app_url)
    with another_role(scratch.app_url, f"IN ROLE {scratch.app_role}") as member:
        assert is_held(member)


@pytest.mark.parametrize("rights", ["BYPASSRLS IN ROLE {}", "SUPERUSER", "NOINHERIT IN ROLE {}", ""])
def test_a_role_that_is_not_held_is_refused(scratch: Scratch, rights: str) -> None:
    """Also one that no policy names: it would take an empty record for the whole."""
    with another_role(scratch.app_url, rights.format(scratch.app_role)) as other:
        assert not is_held(other)


def test_the_owner_is_refused(scratch: Scratch) -> None:
    assert not is_held(scratch.owner_url)


def test_a_database_without_walls_is_refused(scratch: Scratch) -> None:
    """One that was not migrated, and one where a single wall was taken down."""
    with empty_database() as (owner_url, role):
        assert not is_held(make_url(owner_url).set(username=role).render_as_string(hide_password=False))
    owner = engine_for(scratch.owner_url, size=1)
    for now, held in (("DISABLE", False), ("ENABLE", True)):
        with owner.begin() as connection:
            connection.execute(text(f"ALTER TABLE documents {now} ROW LEVEL SECURITY"))
        assert is_held(scratch.app_url) is held
    owner.dispose()


def test_rows_that_were_there_before_the_walls_stand_behind_them() -> None:
    """A database with cases is brought up as an empty one is: every row is kept, and only who may see it does."""
    with empty_database() as (owner_url, role):
        owner = engine_for(owner_url, size=1)
        with owner.begin() as connection:
            config = Config()
            config.set_main_option("script_location", "casework.db:migrations")
            config.attributes.update(connection=connection, app_role=role)
            command.upgrade(config, BEFORE)
            build(connection, [whole()], SINCE)
        there = every_row(table for table in SEES if table not in SINCE)
        with owner.connect() as connection:
            before = connection.execute(there).one()
        owner.dispose()
        migrate(owner_url, role)

        engine = engine_for(make_url(owner_url).set(username=role).render_as_string(hide_password=False), walled=True)
        with reading(engine, ENGINE) as connection:
            assert connection.execute(there).one() == before
        with reading(engine, acting(SUPERVISOR, NOW)) as connection:
            assert connection.scalar(select(func.count()).select_from(t.cases)) == 1
        with reading(engine, NOBODY) as connection:
            assert set(connection.execute(EVERY_ROW).one()) == {None}
        engine.dispose()
    assert all(before)


def test_a_database_that_is_away_is_asked_later() -> None:
    assert is_held("postgresql://nobody:secret@127.0.0.1:1/nowhere")


@pytest.mark.parametrize("module", ["worker", "web"])
def test_a_process_does_not_start_as_the_owner(scratch: Scratch, module: str) -> None:
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    urls = {"DATABASE_URL": scratch.owner_url, "KEYSTORE_URL": scratch.keystore_url}
    env = {**os.environ, **urls, "TUNTAS_MASTER_KEY": key}

    ended = subprocess.run([sys.executable, "-m", module], env=env, capture_output=True, text=True, timeout=60)

    assert ended.returncode == 1
    assert f"{module}_refused" in ended.stdout + ended.stderr
    assert "walls_missing" in ended.stdout + ended.stderr
    assert str(make_url(scratch.owner_url).password) not in ended.stdout + ended.stderr
