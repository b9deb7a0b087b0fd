"""Sign-in: sessions, second factors, clients and lock-out."""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Nothing yet."""
