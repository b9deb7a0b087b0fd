"""Search by keyed indexes, files, and where the client is now."""

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Nothing yet."""
