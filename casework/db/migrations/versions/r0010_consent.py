"""Consents, what they disclose and until when, and contacts that are safe."""

from alembic import op

from casework.db.migrations.grants import grant

revision = "0010"
down_revision = "0009"

# What had its result before this shows nothing any more: no pathway said until when.
DISCLOSED = """
ALTER TABLE referrals ADD COLUMN disclosed_until timestamptz, ADD COLUMN consent_id text;
ALTER TABLE notifications ADD COLUMN disclose text[] NOT NULL DEFAULT '{}', ADD COLUMN disclosed_until timestamptz;
"""


CONSENTS = """
CREATE TABLE consents (
    id text PRIMARY KEY,
    case_id text NOT NULL REFERENCES cases (id),
    scope text NOT NULL,
    given_by text NOT NULL,
    giver_suspected boolean,
    assent text,
    assent_wanted text,
    agency_id text,
    referral_id text,
    given_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    ended_at timestamptz,
    ended_by text
);
CREATE INDEX consents_of_case ON consents (case_id);
"""


def upgrade() -> None:
    """What is disclosed, and what was agreed to."""
    op.execute(DISCLOSED)
    op.execute(CONSENTS)
    grant({"consents": "SELECT, INSERT, UPDATE"})
