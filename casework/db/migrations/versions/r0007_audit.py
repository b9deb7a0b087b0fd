"""Who read what, and signed checkpoints over every chain."""

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Nothing yet."""
