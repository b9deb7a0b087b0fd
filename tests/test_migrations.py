"""The migrations: they make the tables that the statements speak of, once, whoever comes first."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from casework.db.migrations import migrate
from casework.db.session import engine_for
from casework.db.tables import metadata
from tests.postgres import empty_database


@pytest.fixture
def empty() -> Iterator[tuple[str, str]]:
    with empty_database() as database:
        yield database


@pytest.fixture
def owner(empty: tuple[str, str]) -> Iterator[Engine]:
    engine = engine_for(empty[0])
    yield engine
    engine.dispose()


def test_two_migrating_at_once_make_what_the_statements_speak_of(empty: tuple[str, str], owner: Engine) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: migrate(*empty), range(2)))

    with owner.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_every_table_is_granted_to_the_application(empty: tuple[str, str], owner: Engine) -> None:
    url, role = empty
    migrate(url, role)

    with owner.connect() as connection:
        for table in metadata.tables:
            right = connection.scalar(text("SELECT has_table_privilege(:r, :t, 'SELECT')"), {"r": role, "t": table})
            assert right, table


def test_a_migration_without_its_role_leaves_nothing(empty: tuple[str, str], owner: Engine) -> None:
    with pytest.raises(Exception, match="nobody_at_all"):
        migrate(empty[0], "nobody_at_all")

    assert inspect(owner).get_table_names() == []
