"""Accounts, their contacts, tokens and absences."""

from alembic import op

from casework.db.migrations.grants import grant

revision = "0003"
down_revision = "0002"

ACCOUNTS = """
CREATE TABLE accounts (
    id text PRIMARY KEY,
    username text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    role text NOT NULL,
    agency_id text NOT NULL,
    disabled boolean NOT NULL DEFAULT false
);
CREATE INDEX accounts_of_agency ON accounts (agency_id, role);
CREATE TABLE contacts (
    account_id text NOT NULL REFERENCES accounts (id),
    medium text NOT NULL,
    address text NOT NULL,
    language text NOT NULL,
    safe boolean NOT NULL,
    PRIMARY KEY (account_id, medium, address)
);
CREATE TABLE tokens (
    token_hash text PRIMARY KEY,
    account_id text NOT NULL REFERENCES accounts (id),
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX tokens_of_account ON tokens (account_id);
CREATE TABLE absences (
    account_id text NOT NULL REFERENCES accounts (id),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    deputy_id text REFERENCES accounts (id),
    PRIMARY KEY (account_id, starts_at),
    CHECK (ends_at > starts_at)
);
"""


def upgrade() -> None:
    """Make the tables of who may sign in and how they are told."""
    op.execute(ACCOUNTS)
    grant(
        {
            "accounts": "SELECT, INSERT, UPDATE",
            "contacts": "SELECT, INSERT, UPDATE, DELETE",
            "tokens": "SELECT, INSERT, UPDATE",
            "absences": "SELECT, INSERT, UPDATE, DELETE",
        }
    )
