"""Ladders: what each deadline does by itself, from when a case stands on the board, and what watches over it."""

from alembic import op

from casework.db.migrations.grants import grant

revision = "0005"
down_revision = "0004"

CASES = """
ALTER TABLE cases ADD COLUMN stalls_at timestamptz, ADD COLUMN urgency integer;
UPDATE cases SET urgency = CASE risk WHEN 'medium' THEN 1 WHEN 'low' THEN 2 ELSE 0 END;
ALTER TABLE cases ALTER COLUMN urgency SET NOT NULL;
CREATE INDEX cases_stalling ON cases (agency_id, urgency, stalls_at, id) WHERE stalls_at IS NOT NULL;
"""

DEADLINES = """
ALTER TABLE deadlines
    ADD COLUMN ladder text, ADD COLUMN reason text, ADD COLUMN armed_at timestamptz,
    ADD COLUMN arming integer, ADD COLUMN reminded boolean, ADD COLUMN rung integer, ADD COLUMN told_at timestamptz,
    ADD COLUMN held_since timestamptz, ADD COLUMN held_until timestamptz, ADD COLUMN paused double precision,
    ADD COLUMN stalls_at timestamptz, ADD COLUMN next_at timestamptz, ADD COLUMN forecast jsonb;
UPDATE deadlines SET ladder = 'office', reason = 'overdue', armed_at = since, arming = 0, reminded = false, rung = 0,
    paused = 0, forecast = '[]';
ALTER TABLE deadlines
    ALTER COLUMN ladder SET NOT NULL, ALTER COLUMN reason SET NOT NULL, ALTER COLUMN armed_at SET NOT NULL,
    ALTER COLUMN arming SET NOT NULL, ALTER COLUMN reminded SET NOT NULL, ALTER COLUMN rung SET NOT NULL,
    ALTER COLUMN paused SET NOT NULL, ALTER COLUMN forecast SET NOT NULL;
DROP INDEX deadlines_running;
CREATE INDEX deadlines_next ON deadlines (next_at) WHERE next_at IS NOT NULL;
"""

NOTICES = """
ALTER TABLE notices ALTER COLUMN case_id DROP NOT NULL, ALTER COLUMN case_number DROP NOT NULL,
    ADD COLUMN about_kind text, ADD COLUMN waiting integer;
CREATE INDEX notices_lost ON notices (case_id) WHERE state IN ('failed', 'skipped');
"""

WATCH = """
CREATE TABLE heartbeats (name text PRIMARY KEY, at timestamptz NOT NULL, well boolean NOT NULL);
CREATE TABLE findings (
    id text PRIMARY KEY,
    found_at timestamptz NOT NULL,
    kind text NOT NULL,
    case_id text,
    detail text,
    ended_at timestamptz
);
CREATE INDEX findings_open ON findings (case_id) WHERE ended_at IS NULL;
"""


def upgrade() -> None:
    """Add the columns and the tables of who watches."""
    for statements in (CASES, DEADLINES, NOTICES, WATCH):
        op.execute(statements)
    grant(dict.fromkeys(("heartbeats", "findings"), "SELECT, INSERT, UPDATE"))
