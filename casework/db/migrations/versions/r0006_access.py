"""Who may see what: break-glass, exclusions, and row-level security."""

from alembic import op

from casework.db.migrations.grants import grant

revision = "0006"
down_revision = "0005"

# What is offered now is what was asked last and not answered since.
OFFERED = """
ALTER TABLE cases ADD COLUMN transfer_to text;
UPDATE cases SET transfer_to = last.body ->> 'to_agency_id'
FROM (
    SELECT DISTINCT ON (case_id) case_id, kind, body FROM case_log
    WHERE kind IN ('TransferAsked', 'TransferAccepted', 'TransferDeclined') ORDER BY case_id, sequence DESC
) AS last
WHERE last.case_id = cases.id AND last.kind = 'TransferAsked';
CREATE INDEX cases_offered ON cases (transfer_to) WHERE transfer_to IS NOT NULL;
"""

BREAK_GLASS = """
CREATE TABLE break_glass (
    id text PRIMARY KEY,
    account_id text NOT NULL REFERENCES accounts (id),
    case_id text NOT NULL REFERENCES cases (id),
    reason_document_id text NOT NULL,
    begun_at timestamptz NOT NULL,
    until timestamptz NOT NULL CHECK (until > begun_at AND until <= begun_at + interval '1 hour'),
    reviewed_at timestamptz,
    reviewed_by text REFERENCES accounts (id) CHECK (reviewed_by <> account_id),
    justified boolean,
    CHECK (num_nulls(reviewed_at, reviewed_by, justified) IN (0, 3))
);
CREATE INDEX break_glass_of_account ON break_glass (account_id, until);
CREATE INDEX break_glass_of_case ON break_glass (case_id);
"""

EXCLUSIONS = """
CREATE TABLE exclusions (
    id text PRIMARY KEY,
    case_id text NOT NULL REFERENCES cases (id),
    account_id text NOT NULL REFERENCES accounts (id),
    ground text NOT NULL,
    excluded_by text NOT NULL REFERENCES accounts (id),
    excluded_at timestamptz NOT NULL,
    lifted_by text REFERENCES accounts (id) CHECK (lifted_by <> account_id),
    lifted_at timestamptz,
    CHECK (num_nulls(lifted_by, lifted_at) IN (0, 2))
);
CREATE UNIQUE INDEX exclusions_standing ON exclusions (account_id, case_id) WHERE lifted_at IS NULL;
CREATE INDEX exclusions_of_case ON exclusions (case_id);
"""


def upgrade() -> None:
    """What was broken or excluded is never taken back, only reviewed or lifted."""
    for statements in (OFFERED, BREAK_GLASS, EXCLUSIONS):
        op.execute(statements)
    grant(
        {
            "break_glass": "SELECT, INSERT, UPDATE (reviewed_at, reviewed_by, justified)",
            "exclusions": "SELECT, INSERT, UPDATE (lifted_by, lifted_at)",
        }
    )
