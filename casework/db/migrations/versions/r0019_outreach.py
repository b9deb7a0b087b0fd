"""Outreach activities, and what was promised at them."""

from alembic import op

from casework.db.migrations.grants import grant

revision = "0019"
down_revision = "0014"

TABLES = """
CREATE TABLE outreach (
    id text PRIMARY KEY,
    agency_id text NOT NULL,
    held_on date NOT NULL,
    held_at timestamptz NOT NULL,
    subjects text[] NOT NULL,
    title text,
    subdistrict text NOT NULL,
    place text NOT NULL,
    organiser text NOT NULL,
    opened_by text,
    participants jsonb NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL
);
CREATE INDEX outreach_newest ON outreach (held_at, id);
CREATE TABLE promises (
    id text PRIMARY KEY,
    outreach_id text NOT NULL REFERENCES outreach (id),
    place integer NOT NULL,
    what text NOT NULL,
    owner jsonb NOT NULL,
    due_on date NOT NULL,
    since timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    rung integer NOT NULL,
    next_at timestamptz,
    kept_on date,
    kept_by text
);
CREATE INDEX promises_of_outreach ON promises (outreach_id, place);
CREATE INDEX promises_next ON promises (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX promises_running ON promises (due_at) WHERE kept_on IS NULL;
"""


def upgrade() -> None:
    """Add the tables. An activity is never changed; of a promise, what was told of it and that it was kept."""
    op.execute(TABLES)
    grant({"outreach": "SELECT, INSERT", "promises": "SELECT, INSERT, UPDATE"})
