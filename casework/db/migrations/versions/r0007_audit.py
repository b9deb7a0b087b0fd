"""Who read what, in a chain; and who read too much. The signed checkpoints over every chain are kept elsewhere."""

from alembic import op

from casework.db.migrations.grants import grant

revision = "0007"
down_revision = "0006"

# A reading is written by itself, unchained, so that readers never wait for each other; what chains them comes after.
ACCESS_LOG = """
CREATE TABLE access_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    account_id text NOT NULL,
    role text NOT NULL,
    agency_id text NOT NULL,
    thing text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('shown', 'listed', 'refused')),
    case_ids text[] NOT NULL,
    subject_id text,
    ground text
);
CREATE INDEX access_log_newest ON access_log (at, id);
CREATE INDEX access_log_of_account ON access_log (account_id, at);
CREATE INDEX access_log_of_case ON access_log USING gin (case_ids);
CREATE TABLE access_chain (
    sequence bigint PRIMARY KEY CHECK (sequence > 0),
    id bigint NOT NULL UNIQUE REFERENCES access_log (id),
    previous text NOT NULL,
    digest text NOT NULL
);
"""

APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only;
"""

# A notice may tell of a checkpoint.
NOTICES = "ALTER TABLE notices ADD COLUMN checkpoint jsonb"

SNOOPING = """
CREATE TABLE snooping (
    account_id text NOT NULL,
    kind text NOT NULL,
    began_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    count integer NOT NULL,
    PRIMARY KEY (account_id, kind, began_at)
);
"""


def upgrade() -> None:
    """Make the tables; the application reads the log of readings and adds to it, nothing else."""
    op.execute(ACCESS_LOG)
    for table in ("access_log", "access_chain"):
        op.execute(APPEND_ONLY.format(table=table))
    op.execute(SNOOPING)
    op.execute(NOTICES)
    grant(
        {
            **dict.fromkeys(("access_log", "access_chain"), "SELECT, INSERT"),
            "snooping": "SELECT, INSERT, UPDATE (last_at, count)",
        }
    )
