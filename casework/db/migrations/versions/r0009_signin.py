"""Sign-in: sessions, second factors, clients, other providers, and who must wait after failing."""

from alembic import op

from casework.db.migrations.grants import grant

revision = "0009"
down_revision = "0008"

TABLES = """
ALTER TABLE tokens ADD COLUMN scopes text[];
CREATE TABLE throttles (
    key text PRIMARY KEY,
    failures integer NOT NULL,
    last_at timestamptz NOT NULL,
    succeeded_at timestamptz
);
CREATE INDEX throttles_old ON throttles (last_at);
CREATE TABLE sessions (
    session_hash text PRIMARY KEY,
    account_id text NOT NULL REFERENCES accounts (id),
    started_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX sessions_of_account ON sessions (account_id);
CREATE TABLE factors (
    account_id text PRIMARY KEY REFERENCES accounts (id),
    secret bytea,
    pending bytea,
    last_step bigint NOT NULL DEFAULT 0
);
CREATE TABLE recovery_codes (
    account_id text REFERENCES accounts (id),
    code_hash text,
    used_at timestamptz,
    PRIMARY KEY (account_id, code_hash)
);
CREATE TABLE clients (
    account_id text PRIMARY KEY REFERENCES accounts (id),
    scopes text[] NOT NULL,
    previous_hash text,
    previous_until timestamptz
);
CREATE TABLE identities (
    issuer text,
    subject text,
    account_id text NOT NULL REFERENCES accounts (id),
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_of_account ON identities (account_id);
CREATE TABLE offices (agency_id text PRIMARY KEY, second_factor boolean NOT NULL);
"""

KEPT = "SELECT, INSERT, UPDATE"
RIGHTS = {
    **dict.fromkeys(("sessions", "factors", "clients", "offices"), KEPT),
    **dict.fromkeys(("throttles", "recovery_codes", "identities"), f"{KEPT}, DELETE"),
}


def upgrade() -> None:
    """Add the tables."""
    op.execute(TABLES)
    grant(RIGHTS)
