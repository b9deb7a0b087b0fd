"""Erasure, retention and legal holds."""

from alembic import op

from casework.db.migrations.grants import grant

revision = "0015"
down_revision = "0017"

ERASURES = """
ALTER TABLE cases ADD COLUMN erased_at timestamptz;
CREATE TABLE erasures (
    case_id text PRIMARY KEY REFERENCES cases (id),
    number text NOT NULL,
    decided_at timestamptz NOT NULL,
    decided_by text NOT NULL,
    destroyed_at timestamptz NOT NULL,
    copies_until timestamptz NOT NULL,
    documents integer NOT NULL,
    log_rows integer NOT NULL,
    log_digest text NOT NULL
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON erasures
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """A certificate is added, and never changed."""
    op.execute(ERASURES)
    grant({"erasures": "SELECT, INSERT"})
