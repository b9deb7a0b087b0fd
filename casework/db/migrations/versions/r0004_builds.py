"""Builds that have replayed the histories."""

from alembic import op

from casework.db.migrations.grants import grant

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table; the application adds to it."""
    op.execute("CREATE TABLE builds (fingerprint text PRIMARY KEY, passed_at timestamptz NOT NULL)")
    grant({"builds": "SELECT, INSERT"})
