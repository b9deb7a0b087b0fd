"""Reservations, case numbers and sealed documents."""

from alembic import op

from casework.db.migrations.grants import grant

revision = "0002"
down_revision = "0001"

RESERVATIONS = """
CREATE TABLE reservations (
    account_id text NOT NULL,
    command_id text NOT NULL,
    case_id text NOT NULL UNIQUE,
    number text NOT NULL UNIQUE,
    agency_id text NOT NULL,
    body_digest text NOT NULL,
    risk text NOT NULL,
    reserved_at timestamptz NOT NULL,
    started boolean NOT NULL DEFAULT false,
    opening bytea,
    PRIMARY KEY (account_id, command_id)
);
CREATE INDEX reservations_queued ON reservations (reserved_at) WHERE NOT started;
CREATE TABLE case_numbers (
    district text NOT NULL,
    year integer NOT NULL,
    last integer NOT NULL,
    PRIMARY KEY (district, year)
);
"""

# What the log names stays as it was: only a pending document may change, and it may become kept or vanish.
DOCUMENTS = """
CREATE TABLE documents (
    id text PRIMARY KEY,
    case_id text NOT NULL,
    command_id text NOT NULL,
    digest text NOT NULL,
    sealed bytea NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'kept')),
    stored_at timestamptz NOT NULL
);
CREATE INDEX documents_pending ON documents (stored_at) WHERE state = 'pending';
CREATE TRIGGER kept_stays BEFORE UPDATE OR DELETE ON documents
    FOR EACH ROW WHEN (OLD.state = 'kept') EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Make the tables of the intake inbox and of what is sealed."""
    op.execute(RESERVATIONS)
    op.execute(DOCUMENTS)
    grant(
        {
            "reservations": "SELECT, INSERT, UPDATE, DELETE",
            "case_numbers": "SELECT, INSERT, UPDATE",
            "documents": "SELECT, INSERT, UPDATE (state), DELETE",
        }
    )
