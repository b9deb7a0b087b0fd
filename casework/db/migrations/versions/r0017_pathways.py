"""Pathway files that are uploaded and activated."""

from alembic import op

from casework.db.migrations.grants import grant

revision = "0017"
down_revision = "0018"

TABLE = """
CREATE TABLE pathway_versions (
    id text PRIMARY KEY,
    command_id text NOT NULL UNIQUE,
    file text NOT NULL,
    version integer NOT NULL,
    digest text NOT NULL,
    content bytea NOT NULL,
    uploaded_by text NOT NULL,
    uploaded_at timestamptz NOT NULL,
    activation integer UNIQUE,
    activated_by text,
    activated_at timestamptz,
    CHECK ((activation IS NULL) = (activated_by IS NULL) AND (activation IS NULL) = (activated_at IS NULL))
);
"""


def upgrade() -> None:
    """Add the table."""
    op.execute(TABLE)
    grant({"pathway_versions": "SELECT, INSERT, UPDATE, DELETE"})
