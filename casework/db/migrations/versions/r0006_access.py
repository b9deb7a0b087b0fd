"""Who may see what: break-glass, exclusions, and row-level security."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Nothing yet."""
