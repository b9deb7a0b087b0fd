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


# Contacts that were there before are taken as confirmed now: nobody has asked yet.
CONTACTS = """
ALTER TABLE contacts
    ADD COLUMN confirmed_at timestamptz,
    ADD COLUMN hours_begin time,
    ADD COLUMN hours_end time,
    ADD CONSTRAINT contacts_hours CHECK (num_nulls(hours_begin, hours_end) IN (0, 2));
UPDATE contacts SET confirmed_at = now();
"""

# Marks under the key of their case: they come with a pending document and go with it, and say nothing without the key.
SUSPECT_NUMBERS = """
CREATE TABLE suspect_numbers (
    mark bytea NOT NULL,
    document_id text NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    case_id text NOT NULL,
    PRIMARY KEY (mark, document_id)
);
CREATE INDEX suspect_numbers_of_case ON suspect_numbers (case_id);
CREATE INDEX suspect_numbers_of_document ON suspect_numbers (document_id);
"""


def upgrade() -> None:
    """What is disclosed, what was agreed to, and who may be told."""
    for statements in (DISCLOSED, CONSENTS, CONTACTS, SUSPECT_NUMBERS):
        op.execute(statements)
    grant({"consents": "SELECT, INSERT, UPDATE", "suspect_numbers": "SELECT, INSERT, DELETE"})
