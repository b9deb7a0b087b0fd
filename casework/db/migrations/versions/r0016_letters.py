"""Letters and their numbers."""

from alembic import op

from casework.db.migrations.grants import grant

revision = "0016"
down_revision = "0013"

TABLES = """
CREATE TABLE letter_numbers (
    agency_id text,
    year integer,
    last integer NOT NULL,
    PRIMARY KEY (agency_id, year)
);
CREATE TABLE letters (
    command_id text PRIMARY KEY,
    agency_id text NOT NULL,
    year integer NOT NULL,
    sequence integer NOT NULL,
    at timestamptz NOT NULL,
    UNIQUE (agency_id, year, sequence)
);
"""


def upgrade() -> None:
    """Add the tables."""
    op.execute(TABLES)
    grant({"letter_numbers": "SELECT, INSERT, UPDATE", "letters": "SELECT, INSERT"})
