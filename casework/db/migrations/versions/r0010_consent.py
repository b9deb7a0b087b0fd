"""Consents, what they disclose and until when, and contacts that are safe."""

from alembic import op

revision = "0010"
down_revision = "0009"

# What had its result before this shows nothing any more: no pathway said until when.
DISCLOSED = """
ALTER TABLE referrals ADD COLUMN disclosed_until timestamptz;
ALTER TABLE notifications ADD COLUMN disclose text[] NOT NULL DEFAULT '{}', ADD COLUMN disclosed_until timestamptz;
"""


def upgrade() -> None:
    """Columns of what is disclosed."""
    op.execute(DISCLOSED)
