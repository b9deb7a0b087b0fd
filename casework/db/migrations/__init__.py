"""Alembic migrations, forward only; configured in code by `migrate`."""

from alembic import command
from alembic.config import Config
from sqlalchemy import func, select

from casework.db.session import database_errors, engine_for

_LOCK = 0x74756E746173  # "tuntas": the advisory lock of whoever migrates


def migrate(owner_url: str, app_role: str = "tuntas_app") -> None:
    """Bring the case database to the newest revision, as its owner, and grant the existing `app_role` what it needs.

    All in one transaction: it is at the newest revision afterwards, or as it was. Of two at once, one waits.
    """
    engine = engine_for(owner_url, size=1, statement_seconds=0, name="tuntas-migrate")
    try:
        with database_errors(), engine.begin() as connection:
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            config = Config()
            config.set_main_option("script_location", "casework.db:migrations")
            config.attributes.update(connection=connection, app_role=app_role)
            command.upgrade(config, "head")
    finally:
        engine.dispose()
