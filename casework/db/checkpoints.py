"""Signed checkpoints, in a database that the application's role cannot reach. They are added to, nothing else."""

from collections.abc import Iterator

from sqlalchemy import BigInteger, Column, Engine, MetaData, Table, select
from sqlalchemy.dialects.postgresql import insert

from casework.db.caller import ENGINE
from casework.db.session import reading, writing
from casework.db.tables.base import must
from casework.models.checkpoint import Signed

metadata = MetaData()
checkpoints = Table(
    "checkpoints",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    must("content"),
    must("root", unique=True),
    must("key_id"),
    must("signature"),
)
AT_ONCE = 500

APPEND_ONLY = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'checkpoints is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE checkpoints ENABLE ALWAYS TRIGGER append_only;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
"""


def create_checkpoints(engine: Engine, role: str) -> None:
    """Make the table, as the database's owner, for a role that adds to it and may do nothing else. May be repeated."""
    name = engine.dialect.identifier_preparer.quote_identifier(role)
    with engine.begin() as connection:
        metadata.create_all(connection)
        connection.exec_driver_sql(APPEND_ONLY)
        connection.exec_driver_sql(f"GRANT SELECT, INSERT ON checkpoints TO {name}")


class SqlCheckpoints:
    """Keeps checkpoints, one for each number."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, signed: Signed) -> bool:
        """Keep it; False, and nothing changes, where another process kept one of that number first."""
        new = insert(checkpoints).on_conflict_do_nothing(index_elements=[checkpoints.c.number])
        with writing(self._engine, ENGINE) as connection:
            return connection.execute(new, signed.model_dump()).rowcount == 1

    def newest(self) -> Signed | None:
        """The one of the highest number."""
        with reading(self._engine, ENGINE) as connection:
            found = select(checkpoints).order_by(checkpoints.c.number.desc()).limit(1)
            row = connection.execute(found).mappings().one_or_none()
        return Signed.model_validate(dict(row)) if row else None

    def after(self, number: int) -> Iterator[Signed]:
        """Those of higher numbers, in their order."""
        while True:
            found = select(checkpoints).where(checkpoints.c.number > number).order_by(checkpoints.c.number)
            with reading(self._engine, ENGINE) as connection:
                rows = connection.execute(found.limit(AT_ONCE)).mappings().all()
            for row in rows:
                yield Signed.model_validate(dict(row))
            if len(rows) < AT_ONCE:
                return
            number = rows[-1]["number"]
