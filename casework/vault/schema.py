"""The one table of the key store."""

import sqlalchemy as sa

from casework.ids import OFFICE, ROOT_KEY
from casework.vault.errors import VaultError
from casework.vault.keys import MasterKey

metadata = sa.MetaData()
keys = sa.Table(
    "keys",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False, index=True, comment="the case, or tuntas itself"),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
    sa.Column("wrapped_by", sa.Text, nullable=False, index=True, comment="id of the master key"),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)

# What everything else rests on outlives every case: no slip of a statement may take it away.
OWN_KEYS_STAY = f"""
CREATE OR REPLACE FUNCTION own_keys_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the keys of {OFFICE} itself are never destroyed';
END $$;
CREATE OR REPLACE TRIGGER own_keys_stay BEFORE DELETE ON keys
    FOR EACH ROW WHEN (OLD.owner = '{OFFICE}') EXECUTE FUNCTION own_keys_stay();
"""

# Version 0.1 kept the keys of cases in a table of that name, and derived everything else from the master key.
TAKE_OVER = """
INSERT INTO keys (id, owner, wrapped, wrapped_by, made_at)
    SELECT case_id, case_id, wrapped, wrapped_by, made_at FROM case_keys;
DROP TABLE case_keys;
"""


def create_keystore(engine: sa.Engine, role: str, master: MasterKey | None = None) -> None:
    """Make the table, as the database's owner, and give the application's role what it needs and no more.

    A key store of version 0.1 is taken over: with the master key it had, which stays the root of what was derived
    from it.
    """
    name = engine.dialect.identifier_preparer.quote_identifier(role)
    with engine.begin() as connection:
        metadata.create_all(connection)
        connection.exec_driver_sql(OWN_KEYS_STAY)
        if sa.inspect(connection).has_table("case_keys"):
            _take_over(connection, master)
        connection.exec_driver_sql(f"GRANT SELECT, INSERT, DELETE, UPDATE (wrapped, wrapped_by) ON keys TO {name}")


def _take_over(connection: sa.Connection, master: MasterKey | None) -> None:
    if master is None:
        raise VaultError("a key store of version 0.1 is migrated with the master key file that it was used with")
    connection.exec_driver_sql(TAKE_OVER)
    root = master.wrap_own(ROOT_KEY.encode())
    values = {"id": ROOT_KEY, "owner": OFFICE, "wrapped": root.key, "wrapped_by": root.by}
    connection.execute(sa.insert(keys).values(values))
