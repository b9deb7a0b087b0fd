"""Notices that were lost for too long to be told any more."""

from alembic import op

revision = "0013"
down_revision = "0012"

STATES = """
ALTER TABLE notices DROP CONSTRAINT notices_state_check,
    ADD CONSTRAINT notices_state_check
        CHECK (state IN ('queued', 'delivered', 'skipped', 'failed', 'outdated'));
"""


def upgrade() -> None:
    """One state more."""
    op.execute(STATES)
