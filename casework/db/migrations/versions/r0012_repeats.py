"""Commands that are of no case: each is given once, and its repeats are known."""

from alembic import op

from casework.db.migrations.grants import grant

revision = "0012"
down_revision = "0010"


def upgrade() -> None:
    """Add the table of what was given."""
    op.execute("CREATE TABLE given (command_id text PRIMARY KEY, body_digest text NOT NULL, at timestamptz NOT NULL);")
    grant({"given": "SELECT, INSERT"})
