"""One-time links, and the mailboxes of agencies."""

from alembic import op

from casework.db.migrations.grants import grant

revision = "0018"
down_revision = "0016"

TABLES = """
CREATE TABLE mailboxes (
    agency_id text PRIMARY KEY,
    address text NOT NULL,
    language text NOT NULL,
    safe boolean NOT NULL,
    confirmed_at timestamptz NOT NULL,
    confirmed_by text NOT NULL
);
CREATE TABLE links (
    id text PRIMARY KEY,
    command_id text NOT NULL UNIQUE,
    case_id text NOT NULL REFERENCES cases (id),
    referral_id text NOT NULL REFERENCES referrals (id),
    agency_id text NOT NULL,
    token_hash text NOT NULL UNIQUE,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    revoked_at timestamptz,
    session_hash text UNIQUE,
    session_until timestamptz
);
CREATE INDEX links_of_referral ON links (referral_id);
"""


def upgrade() -> None:
    """Add the tables."""
    op.execute(TABLES)
    grant({"mailboxes": "SELECT, INSERT, UPDATE", "links": "SELECT, INSERT, UPDATE"})
